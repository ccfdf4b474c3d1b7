"""A kernel timer that kills the process when the lease was not renewed in time.

After SIGSTOP past the deadline the kernel delivers the signal before any of our code runs again; a watchdog thread
would come too late (docs/protocols.md, Dead-man).
"""

import signal


class DeadManTimer:
    """ITIMER_REAL with SIGALRM's default action. Nothing else in this process may use SIGALRM."""

    def arm(self, seconds: float) -> None:
        """From now on the process dies in `seconds` unless armed again. At once if the time is over."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))

    def disarm(self) -> None:
        """The process may live on."""
        signal.setitimer(signal.ITIMER_REAL, 0)
