"""Every process below this one, also those that left its process group or session.

A process that lost its parent belongs to its nearest ancestor that asked the kernel for orphans, as a guard does
(PR_SET_CHILD_SUBREAPER): a double fork and setsid() lead nowhere else. Linux only, as the guards are.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2); kept across execve, cleared only by set-uid programs
_PR_SET_CHILD_SUBREAPER = 36  # kept across execve, not inherited by children
_PROC = Path("/proc")


def die_with_parent() -> None:
    """The kernel kills the calling process when its parent ends, however that happens."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """From now on descendants whose parents end are children of the calling process, which has to reap them."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def reap_orphans(kept: int) -> None:
    """Reaps children that have ended, except the child `kept`: its exit code is wanted later."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid != kept:
            os.waitid(os.P_PID, ended.si_pid, os.WEXITED | os.WNOHANG)


def kill_descendants() -> None:
    """Returns when no descendant is left; those of another user cannot be killed and stay.

    Only for a process that adopts orphans: what a killed child leaves is then a child, until there is none.
    """
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, os.WNOHANG)  # ChildProcessError: there is none
            if not sum([_killed(child) for child in _children()]):
                return
            os.waitpid(-1, 0)


def _children() -> Iterator[int]:
    own = os.getpid()
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                _name, _, rest = (folder / "stat").read_bytes().rpartition(b")")
                if int(rest.split()[1]) == own:
                    yield int(folder.name)


def _killed(child: int) -> bool:
    """A child's number is not given to another process before it is reaped, which only happens here."""
    try:
        os.kill(child, signal.SIGKILL)
    except PermissionError:
        return False
    return True


def _prctl(option: int, argument: int) -> None:
    import ctypes  # costs more than all else that a guard imports

    if ctypes.CDLL(None, use_errno=True).prctl(option, argument, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")
