"""Filters and updates of `dynamic_jobs`, as the daemon needs them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.clock import LAST_MOMENT
from shared.models.definitions import Quarantine
from shared.models.jobs import Job
from shared.models.runs import FAILURES, RunState, SkipReason

Filter = dict[str, Any]
Update = dict[str, Any]

NEVER_PLANNED_REVISION = 0
"""plannedRevision of a malformed document that has no usable revision: it is not looked at again until changed."""


def due(now: datetime) -> Filter:
    """Jobs whose moment has come. Index `due`."""
    return {"daemon.nextRun": {"$lte": now}}


def unplanned() -> Filter:
    """Jobs that were created or changed since the daemon last planned them. Index `unplanned`."""
    return {"plannedRevision": None}


def has_next_run(earliest: datetime) -> Filter:
    """Jobs with any moment to come; sorted by nextRun, the first is the next. Index `due`."""
    return {"daemon.nextRun": {"$gte": earliest, "$lte": LAST_MOMENT}}


def next_run_is_no_date() -> Filter:
    """Documents whose daemon.nextRun can never be due: no date, or beyond the year 9999. Index `due`, empty ranges."""
    wrong = [
        "string",
        "binData",
        "regex",
        "minKey",
        "maxKey",
        "javascript",
        "int",
        "long",
        "double",
        "decimal",
        "object",
        "bool",
        "timestamp",
        "objectId",
    ]
    return {"$or": [{"daemon.nextRun": {"$type": wrong}}, {"daemon.nextRun": {"$gt": LAST_MOMENT}}]}


def without_template(installed: Sequence[str]) -> Filter:
    """Jobs that were put aside because their template was missing, and it is not any more. Index `quarantined`."""
    return {
        "daemon.quarantine.at": {"$exists": True},
        "daemon.quarantine.field": "template",
        "template": {"$in": list(installed)},
    }


def as_seen(job: Job) -> Filter:
    """Compare-and-set: the job as the planner saw it."""
    return {"_id": job.id, "revision": job.revision, "daemon.nextRun": job.daemon.next_run}


def planned(job: Job, changes: Mapping[str, Any], runs_started: int, skipped: Mapping[str, int]) -> Update:
    """What the planner decided. changes: fields of the daemon's sub-document; skipped: occurrences by reason."""
    update: Update = {
        "$set": {
            "plannedRevision": job.revision,
            **{f"daemon.{name}": value for name, value in changes.items()},
        }
    }
    increments = {f"daemon.skipped.{reason}": count for reason, count in skipped.items()}
    if runs_started:
        increments["daemon.runsStarted"] = runs_started
    if increments:
        update["$inc"] = increments
    return update


def skipped_later(job_id: str, reason: SkipReason, count: int) -> tuple[Filter, Update]:
    """Runs that were made and never started. A job whose counters are malformed goes uncounted."""
    countable = [
        {"daemon": {"$exists": False}},
        {"daemon": {"$type": "object"}, "daemon.skipped": {"$exists": False}},
        {"daemon.skipped": {"$type": "object"}, f"daemon.skipped.{reason}": {"$exists": False}},
        {"daemon.skipped": {"$type": "object"}, f"daemon.skipped.{reason}": {"$type": "number"}},
    ]
    return {"_id": job_id, "$or": countable}, {"$inc": {f"daemon.skipped.{reason}": count}}


def quarantined(
    document: Mapping[str, Any], quarantine: Quarantine, progress: Mapping[str, Any]
) -> tuple[Filter, Update]:
    """Puts a document aside. progress: what could be read of the daemon's sub-document; it is written whole."""
    revision = document.get("revision")
    seen: Filter = {"_id": document["_id"]}
    whole = isinstance(revision, int) and not isinstance(revision, bool)
    if whole:  # compare-and-set: somebody may be mending it just now
        seen["revision"] = revision
    return (
        seen,
        {
            "$set": {
                "daemon": {**progress, "nextRun": None, "quarantine": quarantine.model_dump(by_alias=True)},
                "plannedRevision": revision if whole else NEVER_PLANNED_REVISION,
            }
        },
    )


def finished(job_id: str, finishes: Sequence[tuple[RunState, Mapping[str, Any]]]) -> tuple[Filter, Update]:
    """One update for all runs of a job that finish together, in order. Each: final state and `lastRun` document."""
    counts: dict[str, int] = {}
    failures, reset = 0, False
    for state, _ in finishes:
        counts[state.value] = counts.get(state.value, 0) + 1
        if state in FAILURES:
            failures += 1
        elif state is RunState.SUCCEEDED:
            failures, reset = 0, True
    changes: dict[str, Any] = {"daemon.lastRun": finishes[-1][1]}
    increments: dict[str, int] = {f"daemon.counters.{state}": count for state, count in counts.items()}
    if reset:
        changes["daemon.consecutiveFailures"] = failures
    elif failures:
        increments["daemon.consecutiveFailures"] = failures
    return {"_id": job_id}, {"$set": changes, "$inc": increments}
