"""Tells the daemon how far a blocking template has come, about once a second."""

import threading
from collections.abc import Callable

from scheduler_daemon.job_template import Progress
from scheduler_daemon.workers.frames import Frame
from shared.clock import Clock

PROGRESS_SECONDS = 1.0


class ProgressSender:
    """Sends at most one progress a second: at once if it is the first for a while, else when the second is over."""

    def __init__(self, send: Callable[[Frame], None], clock: Clock) -> None:
        self._send_frame = send
        self._clock = clock
        self._latest: Frame | None = None
        self._sent_at = -PROGRESS_SECONDS
        self._timer: threading.Timer | None = None
        self._turn = threading.RLock()
        self._finished = False

    def __call__(self, progress: Progress) -> None:
        self._latest = {
            "kind": "progress",
            "progress": {
                "done": progress.done,
                "total": progress.total,
                "message": progress.message,
                "at": self._clock.now(),
            },
        }
        wait = self._sent_at + PROGRESS_SECONDS - self._clock.monotonic()
        if wait <= 0:
            self._send()
        elif self._timer is None:
            self._timer = threading.Timer(wait, self._send)
            self._timer.daemon = True
            self._timer.start()

    def finish(self) -> None:
        """The last value is sent before the end of the run; later ones are not."""
        with self._turn:
            self._send()
            self._finished = True

    def _send(self) -> None:
        with self._turn:
            self._timer = None
            frame, self._latest = self._latest, None
            if frame is not None and not self._finished:
                self._sent_at = self._clock.monotonic()
                self._send_frame(frame)
