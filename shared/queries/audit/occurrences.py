"""Whether every nominal instant of a job became a run or lies in a recorded skip. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from shared.clock import MILLISECOND
from shared.models.jobs import Job
from shared.schedule.occurrences import latest_between

NAME = "occurrence_lost"
PROMISE = "every nominal time of a job is a run or inside a recorded skip"
MOST_PER_JOB = 10_000


def expected_occurrences(job: Job, kept_since: datetime, now: datetime, newest_run: datetime | None) -> list[datetime]:
    """The latest nominal instants that must have left a trace; empty: nothing can be said.

    newest_run: the newest scheduled instant that did. A job with maxRuns, or one that was paused for its failures,
    has decided on later ones without a trace.
    """
    cursor = job.daemon.cursor
    if cursor is None or job.deleted_at is not None:
        return []
    since = max(job.schedule_since, kept_since)
    if job.pause is not None and job.pause.until is not None:
        since = max(since, job.pause.until)
    until = min(cursor, now)
    if job.schedule.max_runs is not None or job.daemon.auto_paused is not None:
        until = min(until, newest_run) if newest_run is not None else since
    return latest_between(job.schedule, since, until, job.created_at, MOST_PER_JOB)


def lost_occurrences(nominal: list[datetime], records: Iterable[Mapping[str, Any]]) -> list[datetime]:
    """Those that are neither a run nor inside a span. nominal: in order; records: runs and spans of the job."""
    found: set[datetime] = set()
    for record in records:
        span = record.get("span")
        if not span:
            found.add(record["scheduledFor"])
            continue
        first, last = bisect_left(nominal, span["from"]), bisect_left(nominal, span["to"] + MILLISECOND)
        found.update(nominal[first:last])
    return [at for at in nominal if at not in found]
