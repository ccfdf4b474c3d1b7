"""What a worker and the processes of its template print: a pipe, read into the log of the present run."""

import asyncio
import os
from collections.abc import Callable, Sequence

import structlog

log = structlog.get_logger(__name__)

READ_BYTES = 65_536
MOST_READS = 32
LONGEST_LINE_BYTES = 8_192
MOST_SHOWN = 20


class Output:
    """Owns the reading end. Lines go to whom write_to() named; nobody is made to wait for a flood of them."""

    def __init__(self, pipe: int) -> None:
        self._pipe: int | None = pipe
        self._rest = b""
        self._write: Callable[[Sequence[bytes]], None] | None = None
        os.set_blocking(pipe, False)
        asyncio.get_running_loop().add_reader(pipe, self._read)

    def write_to(self, write: Callable[[Sequence[bytes]], None] | None) -> None:
        """Who gets the lines from now on; None: they belong to no run."""
        self._end_line()
        self._write = write

    def drain(self) -> None:
        """Reads what has been printed up to now."""
        for _ in range(MOST_READS):
            if not self._read():
                break
        self._end_line()

    def close(self) -> None:
        """May be called twice."""
        if self._pipe is not None:
            pipe, self._pipe = self._pipe, None
            asyncio.get_running_loop().remove_reader(pipe)
            os.close(pipe)

    def _read(self) -> bool:
        """Whether there was something."""
        if self._pipe is None:
            return False
        try:
            read = os.read(self._pipe, READ_BYTES)
        except BlockingIOError:
            return False
        if not read:
            self.close()
            return False
        *lines, self._rest = (self._rest + read).split(b"\n")
        self._pass_on(lines)
        if len(self._rest) > LONGEST_LINE_BYTES:
            self._end_line()
        return True

    def _end_line(self) -> None:
        rest, self._rest = self._rest, b""
        self._pass_on([rest])

    def _pass_on(self, lines: list[bytes]) -> None:
        written = [line for line in lines if line]
        if not written:
            return
        if self._write is not None:
            self._write(written)
        else:
            log.info("worker_output", lines=[shown(line) for line in written[:MOST_SHOWN]], count=len(written))


def shown(line: bytes) -> str:
    """A printed line as text."""
    return line[:LONGEST_LINE_BYTES].decode("utf-8", "replace").rstrip()
