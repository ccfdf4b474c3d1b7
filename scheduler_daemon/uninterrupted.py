"""Endings that happen although the one who waits for them is cancelled."""

import asyncio
from collections.abc import Coroutine
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
