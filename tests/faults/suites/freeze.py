"""SIGSTOP of the leader for half of its lease to ten times as long: it must be dead before it can act again."""

import math
import signal
import threading

from tests.faults.world import SHORTEST_TTL, World
from tests.support.daemon_process import DaemonProcess
from tests.support.waiting import wait_until

SHORT = {"stops": 2, "longest": 2.7, "jobs": 20}
LONG = {"stops": 100, "longest": 10.0, "jobs": 40}
_SHORTEST = 0.5
_DEADLINE = 2 / 3


def run(world: World, *, stops: int, longest: float, jobs: int) -> None:
    """No daemon can prove another's death here: a frozen one holds on to everything. Frozen ones overlap."""
    names = ["a", "b", "c", "d"]
    for name in names:
        world.daemon(name, host=name, wait=False)
    world.leader()
    world.jobs(jobs, lasting=stops * 8 + 6, seconds=0.6, prefix="short")
    world.jobs(jobs // 4, lasting=stops * 8 + 6, seconds=4, overlap="allow:9", prefix="long")
    thaws: list[threading.Thread] = []
    for done in range(1, stops + 1):
        share = (done - 0.5) / stops  # every length from the shortest to the longest occurs, evenly on a log scale
        _freeze_leader(world, _SHORTEST * math.exp(share * math.log(longest / _SHORTEST)), thaws)
        world.progress(done, stops, "stops")
    for thread in thaws:
        thread.join()
    world.end_early(1)
    world.finish(patience=120)


def _freeze_leader(world: World, lengths: float, thaws: list[threading.Thread]) -> None:
    wait_until(lambda: world.restart_the_dead() or _alive(world) > 1, 60, message="a daemon that can take over")
    name, epoch = world.leader()
    frozen = world.daemons[name]
    world.pause(0.1, 1.0)
    seconds = lengths * SHORTEST_TTL
    certain = lengths > 2
    if not certain:  # short: it may go on if it wakes in time; whoever leads then is fine
        frozen.send(signal.SIGSTOP)
        world.faults += 1
        world.pause(seconds, seconds)
        frozen.send(signal.SIGCONT)
        world.leader()
        return
    with world.measured_take_over(epoch):
        frozen.send(signal.SIGSTOP)
        thaw = threading.Timer(seconds, _thaw, (frozen,))
        thaw.start()
        thaws.append(thaw)


def _thaw(frozen: DaemonProcess) -> None:
    frozen.send(signal.SIGCONT)


def _alive(world: World) -> int:
    """Daemons that run and are not frozen."""
    return sum(each.is_running and not _is_stopped(each.pid) for each in world.daemons.values())


def _is_stopped(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "T"
    except OSError:
        return False


def control(world: World) -> None:
    """Neither the kernel's timer nor its own deadline ends a leader that was replaced in its sleep."""
    world.daemon("a", host="a", plan={"off": ["dead_man", "deadline"]}, wait=False)
    name, epoch = world.leader()
    world.daemon("b", host="b")
    world.jobs(10, lasting=1.2, seconds=7, overlap="allow:9", prefix="long")
    world.wait_running(5)
    with world.measured_take_over(epoch):
        world.daemons[name].send(signal.SIGSTOP)
    world.wait_running(5, epoch=epoch + 1)
    world.daemons[name].send(signal.SIGCONT)
    world.pause(0.5, 0.5)
    world.daemons[name].kill9()
    world.finish(patience=20, restart=False)


FINDS = {"overlap"}
