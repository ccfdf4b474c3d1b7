"""The last week of Fernhill Books, as the documents that it left: runs, their logs, and how many ended in each hour."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from shared.clock import cut_to_milliseconds
from shared.models.jobs import LastRun
from shared.models.run_logs import LogLine, RunLogPage
from shared.models.run_statistics import KEPT, RunHour, hour_id, hour_of
from shared.models.runs import Attempt, Run, RunError, RunResult, RunState, SkippedSpan, run_id
from tests.support.bookshop import work

_MADE_DAYS_AGO = 240
_REFUSED = RunError(type="HTTPStatus", message="503 Service Unavailable: the warehouse answers again at 08:00")
_SLOW = RunError(type="TimedOut", message="not finished within 2m")


def remember(db: Database[dict[str, Any]], jobs: Mapping[str, dict[str, Any]], now: datetime) -> dict[str, str]:
    """Writes the past up to `now`. Ids of runs that are worth to be looked at, by what became of them."""
    runs: list[Run] = []
    for name, hours, what in ((work.SESSIONS, 1, _clean), (work.PRICES, 2, _hook), (work.EXPORT, 24, _export)):
        runs += _runs_of(jobs[name], hours, now, what)
    told = _stock(jobs[work.STOCK], now)
    runs += told.values()
    db.job_runs.insert_many([run.to_document() for run in runs])
    db.job_run_logs.insert_many([page.to_document() for run in runs if (page := _log(run))])
    for identity in {run.job_id for run in runs}:
        _note_progress(db, identity, [run for run in runs if run.job_id == identity])
    long_ago = now - timedelta(days=_MADE_DAYS_AGO)
    db.dynamic_jobs.update_many({}, {"$set": {"createdAt": long_ago}})
    db.run_statistics.insert_many([hour.to_document() for hour in _hours(now)])
    return {state: run.id for state, run in told.items()}


def _run(job: Mapping[str, Any], at: datetime, state: RunState, took: timedelta, **fields: Any) -> Run:
    at = cut_to_milliseconds(at)
    given: dict[str, Any] = {
        "id": run_id(job["id"], int(at.timestamp() * 1000)),
        "job_id": job["id"],
        "job_revision": 1,
        "template": job["template"],
        "trigger": "schedule",
        "scheduled_for": at,
        "state": state,
        "attempt": 1,
        "timeout_ms": 600_000,
        "backoff_ms": 10_000,
        "max_backoff_ms": 600_000,
        "params": job["params"],
        "created_at": at,
        "created_by": "scheduler",
        "started_at": at + timedelta(milliseconds=40),
        "finished_at": at + timedelta(milliseconds=40) + took,
        "duration_ms": took // timedelta(milliseconds=1),
        "expire_at": at + timedelta(days=30),
    }
    return Run(**{**given, **fields})


def _skipped(job: Mapping[str, Any], at: datetime, reason: str, **fields: Any) -> Run:
    nothing = {"attempt": 0, "started_at": None, "finished_at": at, "duration_ms": None, "reason": reason}
    return _run(job, at, RunState.SKIPPED, timedelta(0), **nothing, **fields)


def _runs_of(job: Mapping[str, Any], hours: int, now: datetime, what: Any) -> Iterator[Run]:
    """One every so many hours, 24 of them, the newest within the last of these hours."""
    newest = now.replace(minute=15, second=0, microsecond=0) - timedelta(hours=1)
    for back in range(24):
        yield what(job, newest - timedelta(hours=hours * back), back)


def _clean(job: Mapping[str, Any], at: datetime, back: int) -> Run:
    if back == 9:
        return _skipped(job, at, "overlap")
    deleted = 140 + back * 37 % 260
    result = RunResult(summary=f"{deleted} documents deleted", metrics={"deleted": deleted, "batches": 1})
    return _run(job, at, RunState.SUCCEEDED, timedelta(milliseconds=300 + back * 53 % 400), result=result)


def _hook(job: Mapping[str, Any], at: datetime, back: int) -> Run:
    result = RunResult(summary="200 OK", metrics={"status": 200, "bytes": 512})
    return _run(job, at, RunState.SUCCEEDED, timedelta(milliseconds=90 + back * 17 % 60), result=result)


def _export(job: Mapping[str, Any], at: datetime, back: int) -> Run:
    if back == 4:
        error = RunError(type="OSError", message="No space left on device: exports/orders")
        return _run(job, at, RunState.FAILED, timedelta(seconds=3), error=error)
    rows = 3900 + back * 211 % 900
    result = RunResult(summary=f"{rows} documents exported", metrics={"rows": rows, "bytes": rows * 84})
    return _run(job, at, RunState.SUCCEEDED, timedelta(milliseconds=2100 + back * 171 % 900), result=result)


def _stock(job: Mapping[str, Any], now: datetime) -> dict[str, Run]:
    """Of the job that has trouble: one run for each ending, over the last hours, the failed one last."""
    at = lambda hours: now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)  # noqa: E731
    good = RunResult(summary="200 OK", metrics={"status": 200})
    refused = [
        Attempt(
            number=number,
            started_at=at(2) + timedelta(seconds=20 * (number - 1)),
            finished_at=at(2) + timedelta(seconds=20 * (number - 1) + 2),
            state=RunState.FAILED,
            error=_REFUSED,
        )
        for number in (1, 2)
    ]
    late = {"started_at": at(2) + timedelta(seconds=60), "finished_at": at(2) + timedelta(seconds=62)}
    weekend = SkippedSpan(first=at(70), last=at(60), count=3, exact=True, name="Stocktaking")
    return {
        "succeeded": _run(job, at(20), RunState.SUCCEEDED, timedelta(seconds=1), result=good),
        "cancelled": _run(job, at(15), RunState.CANCELLED, timedelta(seconds=30), reason="by Grace Okafor"),
        "timed_out": _run(job, at(9), RunState.TIMED_OUT, timedelta(minutes=2), error=_SLOW),
        "excluded": _skipped(job, at(70), "excluded", span=weekend),
        "misfire": _skipped(job, at(5), "misfire"),
        "failed": _run(
            job, at(2), RunState.FAILED, timedelta(seconds=2),
            attempt=3, max_attempts=3, attempts=refused, error=_REFUSED, **late,
        ),
    }  # fmt: skip


def _log(run: Run) -> RunLogPage | None:
    if run.started_at is None or run.finished_at is None:
        return None
    lines = [LogLine(at=run.started_at, level="info", event="started", fields={"attempt": run.attempt})]
    if run.error is not None:
        lines.append(LogLine(at=run.finished_at, level="warning", event="answer", fields={"status": 503}))
        lines.append(LogLine(at=run.finished_at, level="error", event=run.error.message))
    elif run.result is not None:
        lines.append(LogLine(at=run.finished_at, level="info", event=run.result.summary, fields=run.result.metrics))
    page = f"{run.id}:{run.attempt}:0"
    return RunLogPage(id=page, run_id=run.id, attempt=run.attempt, page=0, lines=lines, expire_at=run.expire_at)


def _note_progress(db: Database[dict[str, Any]], job_id: str, runs: list[Run]) -> None:
    """What the daemon would have noted in the job about these."""
    newest = max((run for run in runs if run.finished_at), key=lambda run: run.scheduled_for)
    assert newest.finished_at is not None
    last = LastRun(
        run_id=newest.id,
        state=newest.state,
        scheduled_for=newest.scheduled_for,
        finished_at=newest.finished_at,
        duration_ms=newest.duration_ms,
    )
    counters: dict[str, int] = {}
    for run in runs:
        counters[run.state] = counters.get(run.state, 0) + 1
    noted = {"daemon.lastRun": last.model_dump(by_alias=True), "daemon.counters": counters}
    db.dynamic_jobs.update_one({"_id": job_id}, {"$set": noted})


def _hours(now: datetime) -> Iterator[RunHour]:
    """A week by the hour: busy by day, quiet by night, with trouble on one morning."""
    for back in range(1, 7 * 24):
        at = hour_of(now) - timedelta(hours=back)
        busy = 8 <= at.hour <= 19 and at.weekday() < 5
        counts = {"succeeded": (46 if busy else 18) + back * 29 % (23 if busy else 7)}
        if back % 11 == 2:
            counts["skipped"] = 1 + back % 4
        if 31 <= back <= 34 or back % 37 == 2:
            counts["failed"] = 1 + back % 5
        yield RunHour(id=hour_id(at), at=at, counts=counts, expire_at=at + KEPT)
