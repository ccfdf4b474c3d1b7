"""One child process of the launcher: its log, how it ended, how it is stopped."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from deploy.local.tethered import tethered
from shared.settings import EXIT_SETTINGS

_LAST_LINES = 5
_LONGEST_LINE = 400


class Part:
    """A program in a process group of its own, so that Ctrl-C reaches the launcher only."""

    def __init__(self, name: str, log_file: Path, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.was_killed = False
        self.ended = asyncio.ensure_future(process.wait())
        self._log_file = log_file
        self._process = process

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        log_file: Path,
        folder: Path,
        environment: Mapping[str, str],
        on_parent_death: signal.Signals,
        pass_fds: Sequence[int] = (),
    ) -> Self:
        """Starts it with stdout and stderr in the log file; it dies with the launcher whatever happens."""
        with log_file.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *tethered(list(command), on_parent_death=on_parent_death),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=dict(environment),
                process_group=0,
                pass_fds=pass_fds,
            )
        return cls(name, log_file, process)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended; safe to ask from another thread."""
        return self._process.returncode is None

    async def stop(self, seconds: float) -> None:
        """SIGTERM, and SIGKILL to its whole group when it is still there after `seconds`."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait([self.ended], timeout=seconds)
        finally:  # also when the wait itself is cut short
            if self.is_running:
                self.kill()
        await self.ended
        self._kill_group()  # what the program itself left behind

    def kill(self) -> None:
        """SIGKILL to its whole group."""
        if self.is_running:
            self.was_killed = True
        self._kill_group()

    @property
    def may_go_on(self) -> bool:
        """Whether starting it again may help: not if it said that its settings are wrong, as for systemd."""
        return self._process.returncode != EXIT_SETTINGS

    def ending(self) -> str:
        """How it ended."""
        code = self._process.returncode
        how = f"was killed by {signal.Signals(-code).name}" if code is not None and code < 0 else f"ended with {code}"
        return f"{self.name} {how}"

    def obituary(self) -> str:
        """Why it is gone, with the end of its log."""
        lines = self._log_file.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        tail = "".join(f"\n    {line[:_LONGEST_LINE]}" for line in lines)
        return f"{self.ending()}, so everything was stopped. The end of its log, {self._log_file}:{tail}"

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
