"""Endings that happen although the one who waits for them is cancelled."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def uninterrupted(ending: Coroutine[Any, Any, Result]) -> Result:
    """What `ending` returns. A cancelled caller is cancelled only when it is over."""
    task = asyncio.ensure_future(ending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def in_thread(work: Callable[[], Result], on_cancel: Callable[[], None] = lambda: None) -> Result:
    """What blocking work returns. It is over when this ends, also for a cancelled caller; on_cancel may hasten it."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        on_cancel()
        await asyncio.wait([task])
        raise
