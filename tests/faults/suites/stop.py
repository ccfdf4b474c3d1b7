"""SIGTERM while runs of every length are alive; a second SIGTERM; a run that does not yield."""

from tests.faults.world import CALM_TTL, World

SHORT = {"lengths": (0.0, 0.25, 1.25, 5.0), "drain": 2.0, "jobs": 4, "rounds": 1}
LONG = {"lengths": (0.0, 5.0, 25.0, 120.0), "drain": 30.0, "jobs": 20, "rounds": 2}
_STUBBORN_SECONDS = 7.0


def run(world: World, *, lengths: tuple[float, ...], drain: float, jobs: int, rounds: int) -> None:
    """What ends within the drain is not repeated, the rest is handed back and begun again by a successor."""
    for name in ("a", "b"):
        world.daemon(name, host=name, DAEMON_DRAIN_SECONDS=drain, DAEMON_LEASE_TTL_SECONDS=CALM_TTL, wait=False)
    world.leader()
    for number in range(rounds):
        for seconds in lengths:
            world.jobs(
                jobs, lasting=1.5, seconds=seconds, overlap="allow:9", prefix=f"round{number}-{1000 * seconds:.0f}ms"
            )
        world.wait_running(jobs)
        _terminate(world, drain, twice=number % 2 == 1)
        world.progress(number + 1, rounds, "rounds", each=1)
    world.finish(patience=60 + 2 * max(lengths))


def _terminate(world: World, drain: float, *, twice: bool) -> None:
    name, epoch = world.leader()
    stopping = world.daemons[name]
    with world.measured_take_over(epoch, timeout=drain + 60):
        stopping.terminate()
        stopping.wait_event("daemon_stopping")
        if twice:
            stopping.terminate()
        code = stopping.wait(drain + 30)
    assert code == 0, f"exit code {code}:\n{stopping.log_text()[-3000:]}"
    world.restart_the_dead()


def control(world: World) -> None:
    """The lease is given away while a run that does not yield is alive."""
    world.daemon("a", host="a", plan={"off": ["wait_for_runs"]}, DAEMON_DRAIN_SECONDS=0)
    name, epoch = world.leader()
    world.daemon("b", host="b")
    world.jobs(4, lasting=1.2, seconds=_STUBBORN_SECONDS, overlap="allow:9", stubborn=True)
    world.wait_running(4)
    with world.measured_take_over(epoch):
        world.daemons[name].terminate()
    world.wait_running(4, epoch=epoch + 1)
    world.pause(0.3, 0.3)
    world.daemons[name].kill9()
    world.finish(patience=30, restart=False)


FINDS = {"overlap"}
