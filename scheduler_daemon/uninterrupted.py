"""Endings that happen although the one who waits for them is cancelled."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")


async def uninterrupted(ending: Coroutine[Any, Any, Result]) -> Result:
    """What `ending` returns. A cancelled caller is cancelled only when it is over."""
    return await _over(asyncio.ensure_future(ending), lambda: None)


async def in_thread(work: Callable[[], Result], on_cancel: Callable[[], None] = lambda: None) -> Result:
    """What blocking work returns. It is over when this ends, also for a cancelled caller; on_cancel may hasten it."""
    return await _over(asyncio.ensure_future(asyncio.to_thread(work)), on_cancel)


async def ended(task: asyncio.Future[Any]) -> None:
    """Waits until it is over, however it ends, and however often the caller is cancelled meanwhile.

    For callers that raise their own cancellation, or another error, when this returns.
    """
    while not task.done():
        with suppress(asyncio.CancelledError):  # a time-out and a stop may both cancel
            await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # else it is reported as an error that nobody looked at


async def _over(task: asyncio.Future[Result], on_cancel: Callable[[], None]) -> Result:
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        on_cancel()
        await ended(task)
        raise
