"""The daemon's side of one suite's process: starts it, stops it within a second, and knows that it is gone."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from scheduler_daemon.suites import keeper
from scheduler_daemon.uninterrupted import uninterrupted
from scheduler_daemon.workers.guard import deadline_message
from scheduler_daemon.workers.output import Output

log = structlog.get_logger(__name__)

SECONDS_TO_CLEAN_UP = 0.5
SECONDS_TO_DIE = 0.4


class KeptProcess:
    """One keeper with the command that it keeps."""

    def __init__(self, process: asyncio.subprocess.Process, lease: int, output: Output) -> None:
        self._process = process
        self._lease: int | None = lease
        self._output = output

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        folder: Path | None,
        environment: Mapping[str, str],
        write: Callable[[Sequence[bytes]], None],
        deadline: float,
    ) -> "KeptProcess":
        """write: gets what the command prints, line by line. deadline: on CLOCK_BOOTTIME, as extend() moves it.

        OSError: there is no such folder, or no room for a process.
        """
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as on_failure:
            lease_read, lease = os.pipe()
            theirs.callback(os.close, lease_read)
            on_failure.callback(os.close, lease)
            output_read, output_write = os.pipe()
            theirs.callback(os.close, output_write)
            output = Output(output_read)
            on_failure.callback(output.close)
            output.write_to(write)
            os.write(lease, deadline_message(deadline))
            os.set_blocking(lease, False)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", keeper.__file__, str(lease_read), *command,
                stdin=asyncio.subprocess.DEVNULL, stdout=output_write, stderr=output_write,
                cwd=folder, env=dict(environment), pass_fds=(lease_read,), start_new_session=True,
            )  # fmt: skip
            on_failure.pop_all()
        return cls(process, lease, output)

    async def wait(self) -> int:
        """The exit code, 128 and more for a signal, when its whole group is ended; cancelled: it is stopped."""
        try:
            return await self._process.wait()
        except asyncio.CancelledError:
            await uninterrupted(self._stop())
            raise
        finally:
            self._let_go()
            self._output.drain()
            self._output.close()

    def extend(self, deadline: float) -> None:
        """The keeper lets it live until then."""
        if self._lease is not None:
            with contextlib.suppress(OSError):  # it is gone, or stopped since long and its pipe is full
                os.write(self._lease, deadline_message(deadline))

    async def _stop(self) -> None:
        """SIGTERM to the group, SIGKILL when it does not listen."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        if await self._ends_within(SECONDS_TO_CLEAN_UP):
            return
        self._let_go()  # the keeper kills the group
        if not await self._ends_within(SECONDS_TO_DIE):
            log.error("suite_keeper_killed", pid=self._process.pid)
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()  # it cannot move; the kernel kills the command with it
            await self._process.wait()

    async def _ends_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    def _let_go(self) -> None:
        if self._lease is not None:
            lease, self._lease = self._lease, None
            os.close(lease)
