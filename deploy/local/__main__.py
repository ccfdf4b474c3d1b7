"""`python -m deploy.local`: everything on this machine, with nothing else needed. `make run` calls it."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local.errors import LaunchError
from deploy.local.launch_settings import launch_environment, read_launch_settings
from deploy.local.launcher import Launcher
from deploy.local.var_folder import VarFolder

SAME_SIGNAL_SECONDS = 1.0


def main() -> int:
    """0 after a stop that was asked for; 1 after anything else, with a sentence about it on stderr."""
    try:
        environment = launch_environment(Path(".env"))
        settings = read_launch_settings(environment)
        with _listen(settings.port) as listener, VarFolder(settings.var_dir) as var:
            launcher = Launcher(settings, environment, var, listener, _say)
            asyncio.run(_run_until_signal(launcher))
            _complain_about(launcher.parts.killed_names)
    except LaunchError as fault:
        sys.stderr.write(f"make run: {fault}\n")
        return 1
    _say("Stopped.")
    return 0


async def _run_until_signal(launcher: Launcher) -> None:
    running = asyncio.create_task(launcher.run())
    on_signal = _SignalCourse(first=running.cancel, second=launcher.parts.kill_all)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    try:
        await running
    except asyncio.CancelledError:
        if not on_signal.was_called:
            raise


class _SignalCourse:
    """The first signal stops in order, a later one at once.

    One stop may arrive twice: to the group of processes, and passed on by make.
    """

    def __init__(self, *, first: Callable[[], object], second: Callable[[], object]) -> None:
        self.was_called = False
        self._first, self._second = first, second
        self._called_at = 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if self.was_called:
            if now - self._called_at > SAME_SIGNAL_SECONDS:
                self._second()
            return
        self.was_called, self._called_at = True, now
        _say("Stopping; once more stops at once.")
        self._first()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError as fault:
        listener.close()
        raise LaunchError(
            f"Port {port} of 127.0.0.1 cannot be used ({fault.strerror}). "
            f"Stop the program that uses it, or choose another port: make run PORT={port + 1 if port < 65535 else 8000}"
        ) from None
    return listener


def _complain_about(killed: list[str]) -> None:
    if killed:
        raise LaunchError(f"These parts did not stop by themselves and were killed: {', '.join(killed)}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
