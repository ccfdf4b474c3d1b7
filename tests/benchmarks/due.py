"""Runs of the real daemon that fall due at a chosen moment: waiting for their end, and reading how late they were."""

import time
from datetime import UTC, datetime
from typing import Any

from shared.clock import MILLISECOND
from tests.benchmarks.bench import Documents
from tests.support.waiting import wait_until


def wait_for(moment: datetime) -> None:
    """Until `moment`; AssertionError if it is past: what was to be prepared was not ready in time."""
    seconds = (moment - datetime.now(UTC)).total_seconds()
    assert seconds > 0, "the set-up took too long: the machine is too busy to measure"
    time.sleep(seconds)


def wait_done(db: Documents, count: int, limit_seconds: float) -> None:
    """Until `count` runs have succeeded; then that there are no others, and none in another state."""
    done = {"state": "succeeded"}
    wait_until(lambda: db.job_runs.count_documents(done) >= count, limit_seconds, every=0.1)
    found = db.job_runs.count_documents({})
    assert found == count, f"{found} runs instead of {count}"
    repeated = db.job_runs.count_documents({"attempt": {"$ne": 1}})
    assert not repeated, f"{repeated} runs had more than one attempt"


def last_end(db: Documents) -> datetime:
    """When the last run finished."""
    found = db.job_runs.find_one({}, {"finishedAt": 1}, sort=[("finishedAt", -1)])
    assert found is not None
    moment: datetime = found["finishedAt"]
    return moment


def lags(db: Documents, since: datetime, until: str = "startedAt") -> list[float]:
    """Milliseconds from scheduledFor to a moment of the run, for all runs that were due at `since` or later."""
    found: Any = db.job_runs.find({"scheduledFor": {"$gte": since}}, {"_id": 0, "scheduledFor": 1, until: 1})
    return [(run[until] - run["scheduledFor"]) / MILLISECOND for run in found]
