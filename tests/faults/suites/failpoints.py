"""A kill -9 right after every row of the crash table, and after every step of a take-over."""

from tests.faults.failpoints import BETWEEN, POINTS
from tests.faults.world import World
from tests.support.documents import command_document
from tests.support.http_objects import soon
from tests.support.waiting import wait_until

SHORT = {"times": 1, "jobs": 10}
LONG = {"times": 20, "jobs": 30}
_DAEMONS = ("a", "b", "c")
_LASTING = 3600
_PATIENCE_SECONDS = 12
_RECURRING = ("materialise_not_committed", "materialised", "claim_committed", "executing", "effect_done")


def run(world: World, *, times: int, jobs: int) -> None:
    """Every daemon carries a failpoint and dies there once it leads; one with the next failpoint takes its place."""
    waiting = [point for point in POINTS for _ in range(times)]
    world.random.shuffle(waiting)
    # The first to lead finds nothing to reclaim: it gets a point that is always reached. They are taken from the end.
    first = [point for point in waiting if point in _RECURRING][: len(_DAEMONS)]
    for point in first:
        waiting.remove(point)
    waiting += first
    total = len(waiting)
    for name in _DAEMONS:
        world.daemon(name, plan=_next(world, waiting), wait=False)
    world.jobs(jobs, lasting=_LASTING, seconds=0.3, prefix="quick")
    world.jobs(jobs // 2, lasting=_LASTING, seconds=1.4, overlap="queue_one", prefix="queued")
    world.jobs(1, lasting=_LASTING, seconds=0.3, prefix="at-most-once", template="journal_once")
    while world.faults < total:
        _await_death(world, waiting)
        for name in _dead(world):
            ended = world.daemons.pop(name)
            if ended.wait() == -9:
                world.faults += 1
            else:  # it lost its lease on a machine that is too busy, and died of that
                waiting.insert(0, world.plan_of(name)["failpoint"])
            world.progress(world.faults, total, "deaths", each=20)
            if waiting:
                world.again(name, plan=_next(world, waiting))
    world.daemon("a")
    world.end_early(2)
    world.finish(patience=180)


def _next(world: World, waiting: list[str]) -> dict[str, object]:
    point = waiting.pop()
    return {"failpoint": point, "after": world.random.randint(1, 6) if point in _RECURRING else 1}


def _await_death(world: World, waiting: list[str]) -> None:
    """A leader that finds no occasion for its death, such as something to reclaim, makes room for another one."""
    try:
        wait_until(lambda: _dead(world), _PATIENCE_SECONDS, every=0.2)
    except AssertionError:
        name = world.leader()[0]
        world.daemons[name].kill9()
        point = world.plan_of(name)["failpoint"]
        waiting.insert(0, point)
        world.note(f"{point} was not reached; once more later")
        world.again(name, plan=_next(world, waiting))


def _dead(world: World) -> list[str]:
    """Daemons that have ended. A command is always on its way, so that answering one can be deadly."""
    if not world.db.commands.count_documents({"handledAt": None}):
        _run_now(world)
    return [name for name, process in world.daemons.items() if not process.is_running]


def _run_now(world: World) -> None:
    number = world.random.getrandbits(64)
    world.db.commands.insert_one(
        command_document(
            "run", soon(0), identity=f"command-{number}", jobId="quick-0", force=True, runId=f"quick-0:m:{number}"
        )
    )


def control(world: World) -> None:
    """The cursor moves in a commit of its own, and the daemon dies right after."""
    world.daemon("a", plan={"off": ["atomic_pass"], "failpoint": BETWEEN, "after": 1}, wait=False)
    world.leader()
    world.jobs(10, lasting=3)
    world.finish(patience=20)


FINDS = {"lost"}
