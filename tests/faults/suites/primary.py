"""kill -9 of the database's primary; half of the time after it was cut off from the members that follow it."""

from tests.faults.world import CALM_TTL, World

SHORT = {"kills": 1, "jobs": 15}
LONG = {"kills": 30, "jobs": 60}
_ISOLATED_SECONDS = 1.0


def run(world: World, *, kills: int, jobs: int) -> None:
    """Leases are longer than an election here: the daemons are to survive it."""
    for name in ("a", "b", "c"):
        world.daemon(name, DAEMON_LEASE_TTL_SECONDS=CALM_TTL, wait=False)
    world.leader()
    world.jobs(jobs, lasting=kills * 12, seconds=0.3)
    for done in range(1, kills + 1):
        world.pause(0.5, 2)
        kill_primary(world, isolated=done % 2 == 1)
        world.progress(done, kills, "primaries killed", each=5)
    world.end_early(1)
    world.finish(patience=90)


def kill_primary(world: World, *, isolated: bool) -> None:
    """isolated: what the primary acknowledges in its last second, nobody else has."""
    primary = world.replica_set.primary()
    followers = [each for each in world.replica_set.members if each is not primary]
    if isolated:
        for member in followers:
            member.stop_following()
        world.pause(_ISOLATED_SECONDS, _ISOLATED_SECONDS)
    primary.kill9()
    if isolated:
        for member in followers:
            member.follow()
    world.replica_set.primary()
    primary.start()
    world.replica_set.wait_healthy()
    world.faults += 1


def control(world: World) -> None:
    """A write counts as done when the primary alone has it."""
    world.daemon("a", plan={"off": ["majority"]}, DAEMON_LEASE_TTL_SECONDS=CALM_TTL, wait=False)
    world.leader()
    world.jobs(20, lasting=6, seconds=0.1)
    world.wait_finished(20)
    kill_primary(world, isolated=True)
    world.finish(patience=6)


FINDS = {"double", "unexplained", "unknown", "lost", "overlap"}
