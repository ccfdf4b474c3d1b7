"""Notices that something held the event loop, and says which runs were in it."""

from collections.abc import Callable, Sequence

import structlog

from scheduler_daemon.metrics import LOOP_LAG_SECONDS
from scheduler_daemon.scheduling.loop import Loop
from shared.clock import Clock

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.25
TOLERATED_SECONDS = 1.0
MOST_NAMED = 20


class LagWatch(Loop):
    """Sleeps shortly and measures by how much it was woken too late. Past the lease's deadline the dead man acts."""

    name = "lag_watch"

    def __init__(self, clock: Clock, running: Callable[[], Sequence[str]]) -> None:
        """running: the ids of the runs that are executed in this event loop."""
        super().__init__()
        self._clock = clock
        self._running = running
        self._expected: float | None = None

    async def run_once(self) -> float:
        now = self._clock.monotonic()
        late = max(0.0, now - self._expected) if self._expected is not None else 0.0
        LOOP_LAG_SECONDS.observe(late)
        if late > TOLERATED_SECONDS:
            runs = list(self._running())
            log.warning("loop_blocked", seconds=round(late, 2), runs=runs[:MOST_NAMED], count=len(runs))
        self._expected = now + LOOK_SECONDS
        return LOOK_SECONDS
