"""What must come to its end does, however often the one who waits for it is cancelled."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from scheduler_daemon.uninterrupted import ended, in_thread, uninterrupted

TURNS = 10
"""More turns of the loop than a cancellation needs to arrive."""


async def cancelled_three_times(task: asyncio.Task[None], finish: Callable[[], object]) -> None:
    """AssertionError if it ends before `finish` is called, or otherwise than cancelled."""
    for _ in range(3):
        task.cancel()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert not task.done(), "it ended before what it waits for"
    finish()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)


async def test_blocking_work_is_over_when_a_caller_who_is_cancelled_again_and_again_ends() -> None:
    begun, release, over, hastened = asyncio.Event(), threading.Event(), threading.Event(), []
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        release.wait(10)
        over.set()

    task = asyncio.create_task(in_thread(work, on_cancel=lambda: hastened.append(True)))
    await begun.wait()
    await cancelled_three_times(task, release.set)
    assert over.is_set()
    assert hastened == [True]


async def test_an_ending_is_over_when_a_caller_who_is_cancelled_again_and_again_ends() -> None:
    begun, release, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def ending() -> None:
        begun.set()
        await release.wait()
        over.set()

    task = asyncio.create_task(uninterrupted(ending()))
    await begun.wait()
    await cancelled_three_times(task, release.set)
    assert over.is_set()


async def test_a_time_out_and_a_stop_at_once_end_as_a_stop() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def ending() -> None:
        begun.set()
        await release.wait()

    async def limited() -> None:
        async with asyncio.timeout(0):
            await uninterrupted(ending())

    task = asyncio.create_task(limited())
    await begun.wait()
    await cancelled_three_times(task, release.set)


async def test_how_a_task_ended_does_not_matter_to_who_waits_for_its_end() -> None:
    async def failing() -> None:
        raise ValueError("odd")

    def told(_loop: object, context: dict[str, object]) -> None:
        reports.append(context)

    reports: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(told)
    await ended(asyncio.ensure_future(failing()))
    assert reports == []


async def test_results_and_errors_come_through() -> None:
    async def failing() -> None:
        raise ValueError("odd")

    assert await in_thread(lambda: 5) == 5
    with pytest.raises(ValueError, match="odd"):
        await uninterrupted(failing())
