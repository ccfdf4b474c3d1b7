"""From batches to a file: reading goes on in the event loop while a thread encodes the batch before."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from scheduler_daemon.exports.encoders import Encoder
from scheduler_daemon.exports.export_file import ExportFile, Written
from scheduler_daemon.uninterrupted import in_thread
from shared.clock import Clock

PROGRESS_SECONDS = 0.5


async def write_all(
    batches: AsyncGenerator[bytes, None],
    file: ExportFile,
    encoder_of: Callable[[], Encoder],
    on_progress: Callable[[int], None],
    clock: Clock,
) -> tuple[int, Written]:
    """Rows, and the file in its place. If anything fails, or the caller is cancelled, nothing of the file is left."""
    try:
        rows = await _encode_all(batches, encoder_of, on_progress, clock)
        return rows, await in_thread(file.commit)
    except BaseException:
        await in_thread(file.discard)
        raise


async def _encode_all(
    batches: AsyncGenerator[bytes, None],
    encoder_of: Callable[[], Encoder],
    on_progress: Callable[[int], None],
    clock: Clock,
) -> int:
    encoder = await in_thread(encoder_of)
    rows, told = 0, clock.monotonic()
    encoding: asyncio.Task[int] | None = None
    try:
        async with aclosing(batches):
            async for batch in batches:
                if encoding is not None:
                    rows += await asyncio.shield(encoding)
                encoding = asyncio.create_task(asyncio.to_thread(encoder.encode, batch))
                if clock.monotonic() - told >= PROGRESS_SECONDS:
                    told = clock.monotonic()
                    on_progress(rows)
        if encoding is not None:
            rows += await asyncio.shield(encoding)
        await in_thread(encoder.finish)
    except BaseException:
        if encoding is not None:
            await asyncio.wait([encoding])  # it writes to the file
        await in_thread(encoder.abandon)
        raise
    on_progress(rows)
    return rows
