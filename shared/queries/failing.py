"""Jobs that fail again and again, seen from outside the daemon. Pure filters; the index `failing` serves each."""

from datetime import datetime
from typing import Any

from shared.queries.overdue import in_use

Filter = dict[str, Any]

IN_A_ROW = 3
"""Runs of a job: as many as this that fail one after the other are no accident."""


def jobs(now: datetime) -> tuple[Filter, Filter]:
    """Of those that nobody lets rest: which failed IN_A_ROW times, and which the daemon paused for their failures."""
    failed = {"daemon.autoPaused.at": None, "daemon.consecutiveFailures": {"$gte": IN_A_ROW}}
    stopped = {"daemon.autoPaused.at": {"$type": "date"}, "daemon.consecutiveFailures": {"$gt": 0}}
    return {**failed, **in_use(now)}, {**stopped, **in_use(now)}
