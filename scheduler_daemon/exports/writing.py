"""From batches to a file: reading goes on in the event loop while a thread encodes the batch before."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from scheduler_daemon.exports.encoders import Encoder
from scheduler_daemon.exports.export_file import ExportFile, Written
from scheduler_daemon.uninterrupted import ended, in_thread, uninterrupted
from shared.clock import Clock

PROGRESS_SECONDS = 0.5


Save = Callable[[int, Written], Awaitable[None]]


async def write_all(
    batches: AsyncGenerator[bytes, None],
    create: Callable[[], ExportFile],
    encoder_of: Callable[[ExportFile], Encoder],
    save: Save,
    on_progress: Callable[[int], None],
    clock: Clock,
) -> tuple[int, Written]:
    """Rows, and the file in its place. If anything fails, or the caller is cancelled, nothing of the file is left.

    save: lists the file that has its place. A caller who is cancelled so late is cancelled when it is listed; if that
    fails, the file stays, for the next attempt to replace.
    """
    made: list[ExportFile] = []
    try:
        await in_thread(lambda: made.append(create()))
        rows = await _encode_all(batches, lambda: encoder_of(made[0]), on_progress, clock)
        return rows, await uninterrupted(_placed(made[0], rows, save))
    except BaseException:
        for file in made:
            await in_thread(file.discard)
        raise


async def _placed(file: ExportFile, rows: int, save: Save) -> Written:
    written = await asyncio.to_thread(file.commit)
    await save(rows, written)
    return written


async def _encode_all(
    batches: AsyncGenerator[bytes, None],
    encoder_of: Callable[[], Encoder],
    on_progress: Callable[[int], None],
    clock: Clock,
) -> int:
    encoders: list[Encoder] = []
    rows, told = 0, clock.monotonic()
    encoding: asyncio.Task[int] | None = None
    try:
        await in_thread(lambda: encoders.append(encoder_of()))
        [encoder] = encoders
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
            await ended(encoding)  # it writes to the file
        for each in encoders:
            await in_thread(each.abandon)
        raise
    on_progress(rows)
    return rows
