"""What fails again and again, read from MongoDB without the daemon. Every read is bounded and served by an index."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from api.store.backlog import BacklogStore
from api.store.bounded import in_time
from api.store.connection import Connection
from api.store.errors import translated
from shared.collections import DYNAMIC_JOBS, RUN_STATISTICS
from shared.models.run_statistics import hour_id, hour_of
from shared.models.runs import FAILURES, RunState
from shared.queries import failing

LEAST_RUNS = 10
"""Fewer runs than this say nothing about how the whole system does."""
_EXAMPLES = 3
_HOUR = timedelta(hours=1)


class Failing(NamedTuple):
    """jobs: how many; None: could not be counted in time. examples: name and failures in a row of some of them.

    ended, failed: runs of this hour of the clock, and of the one before while fewer than LEAST_RUNS ended in this.
    """

    jobs: int | None = None
    examples: Sequence[tuple[str, int]] = ()
    ended: int = 0
    failed: int = 0

    @property
    def more_than_examples(self) -> bool:
        return self.jobs is not None and self.jobs > len(self.examples)


class FailingStore:
    """Read-only."""

    def __init__(self, connection: Connection, backlog: BacklogStore) -> None:
        self._connection = connection
        self._backlog = backlog

    @translated()
    def read(self, now: datetime) -> Failing:
        """All of it, in at most five short reads."""
        wanted = failing.jobs(now)
        counts = [self._backlog.count(DYNAMIC_JOBS, each) for each in wanted]
        known = [count for count in counts if count is not None]
        examples = [each for which, count in zip(wanted, counts, strict=True) if count for each in self._some(which)]
        return Failing(sum(known) if known else None, examples[:_EXAMPLES], *self._lately(now))

    def _some(self, which: Mapping[str, Any]) -> list[tuple[str, int]]:
        jobs = self._connection.collection(DYNAMIC_JOBS).find(which, ["name", "daemon.consecutiveFailures"])
        found = in_time(lambda: list(jobs.limit(_EXAMPLES))) or []
        return [(str(job.get("name") or job["_id"]), _failures_of(job)) for job in found]

    def _lately(self, now: datetime) -> tuple[int, int]:
        this = hour_of(now)
        hours = self._connection.collection(RUN_STATISTICS).find(
            {"_id": {"$in": [hour_id(this - _HOUR), hour_id(this)]}}
        )
        counts = {hour["_id"]: hour.get("counts") for hour in hours}
        ended, failed = _counted(counts.get(hour_id(this)))
        if ended >= LEAST_RUNS:
            return ended, failed
        before = _counted(counts.get(hour_id(this - _HOUR)))
        return ended + before[0], failed + before[1]


def _failures_of(job: Mapping[str, Any]) -> int:
    progress = job.get("daemon")
    failures = progress.get("consecutiveFailures") if isinstance(progress, Mapping) else None
    return failures if isinstance(failures, int) else 0


def _counted(counts: Any) -> tuple[int, int]:
    """(ended, failed) of an hour; what was skipped or cancelled is neither."""
    known = counts if isinstance(counts, Mapping) else {}
    failed = _sum(known, FAILURES)
    return failed + _sum(known, [RunState.SUCCEEDED]), failed


def _sum(counts: Mapping[str, Any], states: Iterable[RunState]) -> int:
    return sum(count for state in states if isinstance(count := counts.get(state.value), int))
