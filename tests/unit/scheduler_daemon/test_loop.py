"""The base of every loop: waiting, errors, stopping."""

import asyncio

import pytest

from scheduler_daemon.scheduling.loop import Loop
from shared.errors import LeadershipLost, StoreUnavailable
from tests.support.waiting import eventually


class Counting(Loop):
    name = "counting"

    def __init__(self, *faults: Exception | None, pause: float = 3600) -> None:
        super().__init__()
        self.faults = list(faults)
        self.pause = pause
        self.passes = 0

    async def run_once(self) -> float:
        self.passes += 1
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        return self.pause


async def test_a_hint_wakes_a_sleeping_loop():
    loop = Counting()
    running = asyncio.create_task(loop.run())
    await eventually(lambda: loop.passes == 1)
    loop.wake()
    await eventually(lambda: loop.passes == 2)
    loop.stop()
    await running


async def test_a_failing_pass_is_tried_again_and_a_hint_does_not_make_it_spin():
    loop = Counting(StoreUnavailable("away"), ValueError("odd"))
    running = asyncio.create_task(loop.run())
    await eventually(lambda: loop.passes == 1)
    for _ in range(50):
        loop.wake()
        await asyncio.sleep(0)
    assert loop.passes == 1
    await eventually(lambda: loop.passes == 3)
    loop.stop()
    await running


async def test_losing_the_leadership_ends_the_loop():
    with pytest.raises(LeadershipLost):
        await Counting(LeadershipLost("replaced")).run()


async def test_a_stop_before_the_start_twice_or_during_a_failure_ends_the_loop():
    loop = Counting()
    loop.stop()
    loop.stop()
    await asyncio.wait_for(loop.run(), 1)
    assert loop.passes == 0
    failing = Counting(*[ValueError("odd")] * 9)
    running = asyncio.create_task(failing.run())
    await eventually(lambda: failing.passes == 4)
    failing.stop()
    await asyncio.wait_for(running, 1)
