"""How a clean-up goes through what it found: in throttled batches, with progress, cancelled between two batches."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from scheduler_daemon.job_template import JobExecutionContext
from shared.durations import Duration
from shared.queries.filters import FIELD_PATH

LONGEST_PAUSE = timedelta(seconds=10)

FieldPath = Annotated[str, Field(pattern=FIELD_PATH, max_length=200)]
BatchSize = Annotated[
    int,
    Field(ge=1, le=500, title="Batch size", description="Most documents in one delete.", examples=[500]),
]
Pause = Annotated[
    Duration,
    Field(
        ge=timedelta(0),
        le=LONGEST_PAUSE,
        title="Pause",
        description="Rest between two batches, so that others get their turn; at most 10 seconds.",
        examples=["50ms"],
    ),
]
Age = Annotated[Duration, Field(ge=timedelta(minutes=1))]


async def in_batches(
    context: JobExecutionContext,
    ids: AsyncGenerator[list[Any], None],
    act: Callable[[list[Any]], Awaitable[int]],
    *,
    total: int,
    pause: timedelta,
) -> int:
    """Acts on at most `total` identities. act: answers how many it dealt with. The sum."""
    seen = done = 0
    async with aclosing(ids):
        async for found in ids:
            batch = found[: total - seen]
            if not batch:
                break
            seen += len(batch)
            done += await act(batch)
            context.progress(seen, total)
            await asyncio.sleep(pause.total_seconds())
    return done
