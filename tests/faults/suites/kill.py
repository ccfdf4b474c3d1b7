"""kill -9 of the leader, again and again, while jobs fall due."""

from tests.faults.world import World

SHORT = {"kills": 5, "jobs": 50, "seconds": 7}
LONG = {"kills": 200, "jobs": 100, "seconds": 480}


def run(world: World, *, kills: int, jobs: int, seconds: int) -> None:
    """Two daemons can prove each other's death, the third cannot: both ways of taking over occur."""
    for name, host in (("a", "one"), ("b", "one"), ("c", "two")):
        world.daemon(name, host=host, wait=False)
    world.leader()
    world.jobs(jobs * 8 // 10, lasting=seconds, prefix="instant")
    world.jobs(jobs * 3 // 10, lasting=seconds, seconds=0.4, every="2s", prefix="short")
    world.jobs(jobs // 10, lasting=seconds, seconds=2.5, overlap="allow:5", prefix="long")
    each = seconds / kills
    for done in range(1, kills + 1):
        world.pause(0, max(0.2, min(each, world.time_left / (kills - done + 1)) - 1))
        world.kill_leader()
        world.restart_the_dead()
        world.progress(done, kills, "kills")
    world.finish(patience=300)


def control(world: World) -> None:
    """Nobody reconciles what the dead left."""
    plan = {"off": ["take_over"]}
    for name in ("a", "b"):
        world.daemon(name, plan=plan, wait=False)
    world.leader()
    world.jobs(20, lasting=3, seconds=0.7)
    world.wait_running(5)
    world.kill_leader()
    world.finish(patience=2)


FINDS = {"unfinished", "audit"}
