"""A real program in a process group of its own, with its stderr in a file of JSON lines."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.local.tethered import tethered


class Program:
    """One started process. Everything in its group dies with `end()`."""

    def __init__(
        self, command: Sequence[str], environment: dict[str, str], log_file: Path, *, pass_fds: Sequence[int] = ()
    ) -> None:
        self.log_file = log_file
        self.environment = environment
        with log_file.open("ab") as log:
            self.process = subprocess.Popen(
                tethered(list(command), on_parent_death=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=log_file.parent,
                process_group=0,
                pass_fds=pass_fds,
            )

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the main process only; nothing happens when it has ended."""
        if self.is_running:
            self.process.send_signal(number)

    def terminate(self) -> None:
        """Asks it to stop (SIGTERM)."""
        self.send(signal.SIGTERM)

    def kill9(self) -> None:
        """kill -9 of the main process, and waits for its end."""
        self.send(signal.SIGKILL)
        self.process.wait(10)

    def wait(self, timeout: float = 60) -> int:
        """The exit code (negative: the signal that ended it); subprocess.TimeoutExpired when it goes on."""
        return self.process.wait(timeout)

    def stop(self, timeout: float = 60) -> int:
        """SIGTERM, then its exit code."""
        self.terminate()
        return self.wait(timeout)

    def end(self) -> None:
        """kill -9 of the whole group, whatever is left of it. May be called twice."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(10)

    def log_text(self) -> str:
        """Everything it wrote."""
        return self.log_file.read_text(errors="replace")

    def log_events(self, event: str | None = None) -> list[dict[str, Any]]:
        """The JSON lines it wrote, in order; with `event`, those of that event only. Other lines are left out."""
        events = []
        for line in self.log_text().splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and event in (None, entry.get("event")):
                    events.append(entry)
        return events
