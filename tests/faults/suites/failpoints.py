"""A kill -9 right after every row of the crash table, and after every step of a take-over."""

from tests.faults.failpoints import BETWEEN, POINTS
from tests.faults.world import World
from tests.support.documents import command_document
from tests.support.http_objects import soon
from tests.support.waiting import wait_until

SHORT = {"times": 1, "jobs": 12}
LONG = {"times": 20, "jobs": 24}
_SECONDS_PER_DEATH = 2.0
_RECURRING = ("materialise_not_committed", "materialised", "claim_committed", "executing", "effect_done")


def run(world: World, *, times: int, jobs: int) -> None:
    """Every daemon carries the failpoint and dies when it gets there; others take over and die as well."""
    deaths = times * len(POINTS)
    world.daemon("a", wait=False)
    world.leader()
    world.jobs(jobs, lasting=8 + _SECONDS_PER_DEATH * deaths, seconds=0.3, prefix="quick")
    world.jobs(jobs // 2, lasting=8 + _SECONDS_PER_DEATH * deaths, seconds=1.4, prefix="queued")
    world.jobs(1, lasting=8 + _SECONDS_PER_DEATH * deaths, seconds=0.3, prefix="at-most-once", template="journal_once")
    done = 0
    for point in POINTS:
        for _ in range(times):
            _die_at(world, point)
            done += 1
            world.progress(done, deaths, f"deaths, the last at {point}", each=20)
    world.until = min(world.until, soon(3))
    world.db.dynamic_jobs.update_many(
        {}, {"$set": {"schedule.endAt": world.until}, "$inc": {"revision": 1}, "$unset": {"plannedRevision": ""}}
    )
    world.finish()


def _die_at(world: World, point: str) -> None:
    """The leader is replaced by a daemon with this failpoint, which dies of it; a sound one follows."""
    after = world.random.randint(1, 6) if point in _RECURRING else 1
    world.db.commands.insert_one(
        command_document("run", soon(0), identity=f"command-{world.faults}", jobId="quick-0", force=True,
                         runId=f"quick-0:m:{world.faults}")
    )  # fmt: skip
    world.wait_running(1)
    name, _ = world.leader()
    plan = {"failpoint": point, "after": after}
    doomed = world.daemon("doomed", plan=plan)
    world.daemons[name].kill9()
    sound = world.again(name)
    wait_until(lambda: not doomed.is_running, 60, message=f"the daemon dies at {point}")
    assert doomed.wait() == -9, f"{point}: {doomed.log_text()[-3000:]}"
    doomed.end()
    del world.daemons["doomed"]
    world.faults += 1
    sound.wait_ready(60)


def control(world: World) -> None:
    """The cursor moves in a commit of its own, and the daemon dies right after."""
    world.daemon("a", plan={"off": ["atomic_pass"], "failpoint": BETWEEN, "after": 3}, wait=False)
    world.leader()
    world.jobs(10, lasting=4)
    world.finish(patience=20)


FINDS = {"lost"}
