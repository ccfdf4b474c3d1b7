"""The real daemon as a process, with the test as its service manager."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy.local.notify_socket import NotifySocket
from tests.support.environment import program_environment
from tests.support.program import Program
from tests.support.waiting import wait_until

READY_SECONDS = 30


class DaemonProcess(Program):
    """`python -m scheduler_daemon`, told where to announce that it is ready."""

    def __init__(self, folder: Path, *, module: str = "scheduler_daemon", **settings: object) -> None:
        self._socket_folder = Path(tempfile.mkdtemp(prefix="us-"))  # socket paths must be short
        self.notify = NotifySocket(self._socket_folder / "notify")
        environment = program_environment(NOTIFY_SOCKET=self.notify.path, LOG_FORMAT="json", **settings)
        log_file = Path(tempfile.mkstemp(prefix="daemon-", suffix=".log", dir=folder)[1])
        super().__init__([sys.executable, "-m", module], environment, log_file)

    @property
    def status(self) -> str:
        """What it last said of itself: leader, standby, waiting for MongoDB."""
        return self.notify.status

    def wait_ready(self, timeout: float = READY_SECONDS) -> None:
        """Returns when it is ready and has MongoDB; AssertionError with its log when it ends first or takes longer."""
        wait_until(lambda: self.notify.wait_serving(0.05) or not self.is_running, timeout, message=self.log_text())
        assert self.is_running, f"the daemon ended before it was ready:\n{self.log_text()}"

    def wait_event(self, event: str, timeout: float = 10, *, count: int = 1) -> dict[str, object]:
        """The `count`-th log entry of that event, once it is written."""
        found: Callable[[], list[dict[str, object]]] = lambda: self.log_events(event)[count - 1 :]  # noqa: E731
        return wait_until(found, timeout, message=f"log event {event!r} in\n{self.log_text()[-4000:]}")[0]

    def end(self) -> None:
        super().end()
        self.notify.close()
        shutil.rmtree(self._socket_folder, ignore_errors=True)
