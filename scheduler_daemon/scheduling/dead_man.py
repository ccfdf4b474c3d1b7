"""A kernel timer that kills the process when the lease was not renewed in time.

After SIGSTOP past the deadline the kernel delivers the signal before any of our code runs again; a watchdog thread
would come too late (docs/protocols.md, Dead-man).
"""

import signal
from collections.abc import Sequence
from typing import Protocol


class DeadMan(Protocol):
    """Ends what may no longer act, even if this process cannot."""

    def arm(self, seconds: float) -> None: ...

    def disarm(self) -> None: ...


class DeadMen:
    """Several, armed in this order and disarmed together."""

    def __init__(self, each: Sequence[DeadMan]) -> None:
        self._each = each

    def arm(self, seconds: float) -> None:
        for one in self._each:
            one.arm(seconds)

    def disarm(self) -> None:
        for one in self._each:
            one.disarm()


class DeadManTimer:
    """ITIMER_REAL with SIGALRM's default action. Nothing else in this process may use SIGALRM."""

    def arm(self, seconds: float) -> None:
        """From now on the process dies in `seconds` unless armed again. At once if the time is over."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))

    def disarm(self) -> None:
        """The process may live on."""
        signal.setitimer(signal.ITIMER_REAL, 0)
