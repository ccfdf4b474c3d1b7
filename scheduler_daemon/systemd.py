"""The protocol of sd_notify(3): a datagram to $NOTIFY_SOCKET. Without the variable every call does nothing."""

import os
import socket


class SystemdNotifier:
    """Tells the service manager READY=1, WATCHDOG=1, STATUS=..., STOPPING=1."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @property
    def watchdog_seconds(self) -> float | None:
        """How often a ping is expected; None: no watchdog watches this process."""
        if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
            return None
        microseconds = os.environ.get("WATCHDOG_USEC", "")
        return int(microseconds) / 1_000_000 if microseconds.isdigit() else None

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        self._send(f"STATUS={text}")

    def alive(self) -> None:
        """Feeds the watchdog. Only after a completed pass with a database round trip."""
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.setblocking(False)
                channel.sendto(message.encode(), self._address)
        except OSError:
            return  # nobody listens any more; the service manager decides what that means
