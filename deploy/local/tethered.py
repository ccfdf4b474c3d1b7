"""Runs a command that cannot outlive its parent: `python tethered.py SIGNAL PARENT_PID COMMAND...`.

The kernel sends SIGNAL to the command when the parent ends, however it ends (kill -9 included), so a killed
launcher or test run leaves no process behind. A file of its own, without imports from the project, because it
runs before the command in every child.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2); kept across execve, cleared only by set-uid programs


def tethered(command: list[str], *, on_parent_death: signal.Signals) -> list[str]:
    """The command line that runs `command` tied to the calling process (to its main thread, as prctl(2) has it)."""
    return [sys.executable, "-I", "-S", str(Path(__file__)), str(int(on_parent_death)), str(os.getpid()), *command]


def _main(signal_number: int, parent: int, command: list[str]) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before the line above
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - the command is the caller's


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
