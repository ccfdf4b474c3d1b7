"""The receiving end of sd_notify: what a service manager does to learn that a service is ready."""

import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self


class NotifySocket:
    """A datagram socket whose path goes into NOTIFY_SOCKET. Always drained, so that a sender never blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fields: dict[str, str] = {}
        self._watchdog_pings = 0
        self._changed = threading.Condition()
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._reader = threading.Thread(target=self._read, name="notify-socket", daemon=True)
        self._reader.start()

    @property
    def is_ready(self) -> bool:
        """Whether READY=1 has come."""
        with self._changed:
            return self._fields.get("READY") == "1"

    @property
    def status(self) -> str:
        """The last STATUS text, empty before the first."""
        with self._changed:
            return self._fields.get("STATUS", "")

    @property
    def watchdog_pings(self) -> int:
        """How many WATCHDOG=1 have come."""
        with self._changed:
            return self._watchdog_pings

    def wait_ready(self, timeout: float) -> bool:
        """Whether READY=1 came within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._fields.get("READY") == "1", timeout)

    def wait_serving(self, timeout: float) -> bool:
        """Whether it is ready and waits for nothing (the daemon is ready while it waits for MongoDB, too)."""
        with self._changed:
            return self._changed.wait_for(self._is_serving, timeout)

    def _is_serving(self) -> bool:
        return self._fields.get("READY") == "1" and not self._fields.get("STATUS", "").startswith("waiting")

    def close(self) -> None:
        """Ends the reader and removes the socket file. May be called twice."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        while True:
            try:
                message = self._socket.recv(65536)
            except OSError:
                return
            if not message:  # shut down, or an empty datagram, which nobody sends
                return
            with self._changed:
                for line in message.decode(errors="replace").splitlines():
                    key, _, value = line.partition("=")
                    self._fields[key] = value
                    self._watchdog_pings += key == "WATCHDOG"
                self._changed.notify_all()
