"""Faults of the network between the leader and the database: cut, half-open, slow, replies replaced by a RST."""

import time

from tests.faults.world import World
from tests.support.tcp_proxy import Mode, TcpProxy
from tests.support.waiting import wait_until

SHORT = {"rounds": 1, "jobs": 20, "longest": 3.0}
LONG = {"rounds": 12, "jobs": 60, "longest": 10.0}
_BURST_SECONDS = 2.0


def run(world: World, *, rounds: int, jobs: int, longest: float) -> None:
    """Each daemon reaches the database through a proxy of its own; the one of the leader is struck."""
    proxies = {name: world.proxy() for name in ("a", "b", "c")}
    for name, proxy in proxies.items():
        world.daemon(name, host=name, uri=_through(proxy), wait=False)
    world.leader()
    world.jobs(jobs, lasting=rounds * 40 + 20, seconds=0.3)
    for done in range(1, rounds + 1):
        for mode in (Mode.CUT, Mode.HALF_OPEN, Mode.LATENCY):
            _strike(world, proxies, mode, world.random.uniform(2.2 if mode is Mode.LATENCY else 0.3, longest))
        _reset_replies(world, proxies)
        world.progress(done, rounds, "rounds of cut, half-open, slow and reset", each=1)
    world.end_early(1)
    world.finish(patience=240)  # each job catches up one run after another


def _strike(world: World, proxies: dict[str, TcpProxy], mode: Mode, seconds: float) -> None:
    world.restart_the_dead()
    name, _ = world.leader()
    world.pause(0.1, 0.5)
    proxies[name].set(mode)
    world.pause(seconds, seconds)
    proxies[name].set(Mode.PASS)
    world.faults += 1
    world.restart_the_dead()
    world.leader()


def _reset_replies(world: World, proxies: dict[str, TcpProxy]) -> None:
    name, _ = world.leader()
    until = time.monotonic() + _BURST_SECONDS
    while time.monotonic() < until:
        proxies[name].reset_next_replies()
        world.pause(0.02, 0.3)
    world.faults += 1
    world.restart_the_dead()
    world.leader()


def _through(proxy: TcpProxy) -> str:
    """Direct: what the replica set says of its members would lead around the proxy."""
    return f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"


def control(world: World) -> None:
    """A leader that nobody hears of any more does not stop by itself."""
    proxy = world.proxy()
    world.daemon("a", host="a", uri=_through(proxy), plan={"off": ["dead_man", "deadline"]}, wait=False)
    name, epoch = world.leader()
    world.daemon("b", host="b")
    world.jobs(10, lasting=1.2, seconds=7, overlap="allow:9", prefix="long")
    world.wait_running(5)
    with world.measured_take_over(epoch):
        proxy.set(Mode.HALF_OPEN)
    wait_until(lambda: world.running(epoch + 1) >= 5, 20, message="the successor repeats the runs")
    world.pause(0.3, 0.3)
    world.daemons[name].kill9()
    world.finish(patience=20, restart=False)


FINDS = {"overlap"}
