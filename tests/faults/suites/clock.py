"""Steps of the leader's wall clock by a second to ten years, forth and back."""

from pathlib import Path

from tests.faults.world import CALM_TTL, World
from tests.support.waiting import wait_until

SHORT = {"steps": (1.0, -29.0, 86_400.0, -10 * 31_557_600.0, 10 * 31_557_600.0), "jobs": 10}
LONG = {
    "steps": tuple(
        sign * seconds
        for seconds in (1, 5, 20, 29, 31, 60, 600, 3600, 86_400, 2_592_000, 31_557_600, 315_576_000)
        for sign in (1, -1)
    ),
    "jobs": 60,
}
_TRUSTED_SECONDS = 30


def run(world: World, *, steps: tuple[float, ...], jobs: int) -> None:
    """Two daemons on one clock, so that a change of the leader changes nothing."""
    clock = world.clock("all")
    for name in ("a", "b"):
        world.daemon(name, plan={"clock": clock}, DAEMON_LEASE_TTL_SECONDS=CALM_TTL, wait=False)
    world.leader()
    world.jobs(jobs, lasting=3600, seconds=0.2)
    for done, seconds in enumerate(steps, 1):
        _step(world, clock, seconds)
        world.progress(done, len(steps), "steps of the clock", each=1)
    world.end_early(1)
    world.finish()


def _step(world: World, clock: Path, seconds: float) -> None:
    world.pause(0.2, 1.2)
    world.step(clock, seconds)
    world.faults += 1
    if abs(seconds) > _TRUSTED_SECONDS:
        wait_until(world.clock_is_doubted, 15, message="a heartbeat tells of the clock")
    else:
        world.pause(0.5, 1.5)
    world.step(clock, 0.0)
    wait_until(lambda: not world.clock_is_doubted(), 15, message="the clock is trusted again")


def control(world: World) -> None:
    """Any clock is trusted."""
    clock = world.clock("all")
    world.daemon("a", plan={"clock": clock, "off": ["clock_check"]}, wait=False)
    world.leader()
    world.jobs(10, lasting=4)
    world.wait_finished(5)
    world.step(clock, -3600.0)
    world.pause(2, 2)
    world.step(clock, 10 * 31_557_600.0)
    world.pause(1.5, 1.5)
    world.step(clock, 0.0)
    world.finish(patience=3)


FINDS = {"skipped", "lost"}
