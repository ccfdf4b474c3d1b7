"""`make run` without make: the launcher as a process, and what it left behind."""

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.environment import program_environment
from tests.support.program import Program
from tests.support.waiting import wait_until

LAUNCHER = (sys.executable, "-m", "deploy.local")
READY_SECONDS = 90
READY = "Unified Scheduler is ready: "


class LauncherProcess(Program):
    """`python -m deploy.local` on a folder and a port of its own."""

    def __init__(
        self, var: Path, port: int, log_file: Path, *, command: Sequence[str] = LAUNCHER, **environment: object
    ) -> None:
        self.var = var
        self.base_url = f"http://127.0.0.1:{port}"
        given = program_environment(**{"VAR_DIR": var, "PORT": port, "API_WORKERS": 1, **environment})
        super().__init__(command, given, log_file)

    def wait_ready(self, timeout: float = READY_SECONDS) -> str:
        """Returns the token once it says that it is ready; AssertionError with its words when it ends first."""
        wait_until(lambda: "Ctrl-C stops" in self.log_text() or not self.is_running, timeout, message="ready")
        assert self.is_running, self.log_text()
        assert f"{READY}{self.base_url}" in self.log_text().splitlines()
        return (self.var / "admin-token").read_text().strip()

    def left_over(self) -> list[str]:
        """The command lines of its parts that are still there; a part has VAR_DIR in its environment."""
        return list(self._parts().values())

    def pid_of(self, words: str) -> int:
        """The process id of the part that has `words` in its command line (the oldest, if it has children)."""
        return min(pid for pid, command in self._parts().items() if words in command)

    def kill_left_over(self) -> None:
        """kill -9 of its parts, for a test that found some."""
        for pid in self._parts():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _parts(self) -> dict[int, str]:
        mark = f"VAR_DIR={self.var}\0".encode()
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                is_ours = mark in (process / "environ").read_bytes()
            except OSError:
                continue  # it ended meanwhile
            if is_ours and command and int(process.name) != self.pid:
                found[int(process.name)] = command
        return found
