"""Starts a command in a process group of its own; whatever it started ends with it, and with the daemon.

`python -I -S keeper.py LEASE COMMAND...`: LEASE is the number of an inherited pipe of which only the daemon has the
other end (see workers/guard.py). SIGTERM goes on to the whole group. It is run by its path, so that the environment of
the command decides nothing here.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

EXIT_NOT_STARTED = 127
"""As shells have it."""


def main(lease: int, command: list[str]) -> None:
    """Does not return: it exits as the command did."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from scheduler_daemon.workers.descendants import adopt_orphans
    from scheduler_daemon.workers.guard import guard, tie_to

    adopt_orphans()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until there is a group to pass it on to
    keeping = os.getpid()
    kept = os.fork()
    if not kept:
        os.setpgid(0, 0)
        os.close(lease)
        tie_to(keeping)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        try:
            os.execvp(command[0], command)  # noqa: S606 - a command of the settings, run without a shell
        except OSError as fault:
            os.write(2, f"{command[0]}: {fault.strerror}\n".encode())
            os._exit(EXIT_NOT_STARTED)
    with contextlib.suppress(OSError):  # it has done it itself already
        os.setpgid(kept, kept)
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(kept, signal.SIGTERM))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    guard(kept, lease)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
