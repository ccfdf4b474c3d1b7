"""The guard of one worker: a small process that ends the worker and everything that the worker started.

A template can hold the GIL, ignore signals, start processes. So the one who kills it is a process of its own, small and
without threads, that listens to a pipe of which only the daemon has the other end. It kills the worker's process
group when the pipe closes (the daemon asked, or died), when the deadline of the daemon's lease passes (the daemon was
stopped: SIGALRM does not reach a stopped process), and when the worker ended but processes of it are left. What left
the group, by setsid() or a double fork, is killed next: the guard has adopted it.
"""

import math
import os
import select
import signal
import struct
import sys
import time
from typing import NoReturn

from scheduler_daemon.workers.descendants import die_with_parent, kill_descendants, reap_orphans

_LONGEST_WAIT_SECONDS = 1.0  # poll() does not count while the machine sleeps, the deadline does
_MESSAGE = struct.Struct("!d")
_STOP = -1.0
EXIT_SIGNALLED = 128
"""Plus the number of the signal that ended the worker, as shells have it."""


def deadline_message(boottime: float) -> bytes:
    """The worker may live until then, on CLOCK_BOOTTIME; infinity: for ever."""
    return _MESSAGE.pack(boottime)


def stop_message() -> bytes:
    """The worker gets SIGTERM: its template ends by JobStopped."""
    return _MESSAGE.pack(_STOP)


def tie_to(parent: int) -> None:
    """The kernel kills the calling process when its parent ends, however that happens."""
    die_with_parent()
    if os.getppid() != parent:  # it died before the line above
        sys.exit(1)


def guard(worker: int, lease: int) -> NoReturn:
    """Waits for the worker's end or brings it about, then exits with its exit code.

    adopt_orphans() has been called before the worker was forked.
    """
    signal.signal(signal.SIGCHLD, lambda *_: reap_orphans(worker))
    ended = os.pidfd_open(worker)
    events = select.poll()
    events.register(ended, select.POLLIN)
    events.register(lease, select.POLLIN)
    deadline = math.inf
    while True:
        wait = min(_LONGEST_WAIT_SECONDS, deadline - _boottime()) if deadline < math.inf else None
        ready = {number for number, _ in events.poll(None if wait is None else max(0.0, wait) * 1000)}
        if ended in ready:
            break
        if lease in ready:
            messages = os.read(lease, 512 * _MESSAGE.size)
            if not messages:
                break
            for (said,) in _MESSAGE.iter_unpack(messages):
                if said == _STOP:
                    os.kill(worker, signal.SIGTERM)
                else:
                    deadline = said
        if _boottime() >= deadline:
            break
    os.killpg(worker, signal.SIGKILL)  # its process id cannot be taken by another before waitpid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, status = os.waitpid(worker, 0)
    kill_descendants()
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else EXIT_SIGNALLED - code)


def _boottime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
