"""Counts what ended, by the hour, beside the commits of outcomes: they do not wait for it, and it costs them nothing.

The counts are for charts. What a killed daemon had counted in its last seconds is missing there, and nowhere else.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from scheduler_daemon.metrics import count_finishes
from scheduler_daemon.scheduling.loop import Loop
from scheduler_daemon.store.finishes import Finish
from scheduler_daemon.store.run_statistics import RunStatisticsStore
from shared.clock import Clock
from shared.models.run_statistics import hour_of
from shared.models.runs import RunState

PAUSE_SECONDS = 5.0
_NOT_ENDED = (RunState.RETRY_WAIT, RunState.PENDING)


class RunStatistics(Loop):
    """Writes the counts every few seconds."""

    name = "run_statistics"

    def __init__(self, store: RunStatisticsStore, clock: Clock) -> None:
        super().__init__()
        self._store = store
        self._clock = clock
        self._hours: dict[datetime, Counter[str]] = defaultdict(Counter)

    def count(self, finishes: Sequence[Finish]) -> None:
        """Those that were stored just now, also for Prometheus. A run that is to be tried again has not ended."""
        count_finishes(finishes)
        counts = self._hours[hour_of(self._clock.now())]
        counts.update(finish.state.value for finish in finishes if finish.state not in _NOT_ENDED)

    async def run_once(self) -> float:
        hours = {hour: counts for hour, counts in self._hours.items() if counts}
        self._hours.clear()
        if hours:
            try:
                await self._store.add(hours)
            except BaseException:
                for hour, counts in hours.items():
                    self._hours[hour].update(counts)
                raise
        return PAUSE_SECONDS
