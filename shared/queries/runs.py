"""Filters and updates of `job_runs`. Every update is fenced by state and token."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.models.runs import LIVE, RunState, SkipReason, Trigger
from shared.queries.run_documents import Claim, start_fields

Filter = dict[str, Any]
Update = dict[str, Any]

START_ORDER = [("priority", -1), ("scheduledFor", 1), ("_id", 1)]
WAITING_ORDER = [("jobId", 1), ("priority", -1), ("scheduledFor", 1)]


def start(ids: Sequence[str], claim: Claim) -> tuple[Filter, Update]:
    """pending -> running for those that are still pending."""
    return (
        {"_id": {"$in": list(ids)}, "state": RunState.PENDING.value},
        {"$set": start_fields(claim), "$inc": {"attempt": 1}},
    )


def claimable() -> Filter:
    """Pending runs that wait for nothing but a slot. Index `claimable`."""
    return {"state": RunState.PENDING.value, "waiting": False}


def claimable_beside(templates: Sequence[str]) -> Filter:
    """The same, of other templates. Index `claimable`: its entries tell the templates of those that are passed over."""
    return {"template": {"$nin": list(templates)}, **claimable()}


def late_to_start(now: datetime) -> Filter:
    """Pending runs whose start deadline has passed. Index `claimable`."""
    any_pending = {
        "waiting": {"$in": [True, False]},
        "state": RunState.PENDING.value,
    }  # the index begins with `waiting`
    return {**any_pending, "startBy": {"$lt": now}, "attempt": 0, "jobId": {"$type": "string"}}


def released() -> Update:
    """A waiting run becomes claimable."""
    return {"$set": {"waiting": False}}


def waiting() -> Filter:
    """Runs that wait behind another one of their job. Index `claimable`; with job ids, `live`."""
    return {"state": RunState.PENDING.value, "waiting": True}


def still_waiting(identity: Any) -> Filter:
    """The run while it waits behind another."""
    return {"_id": identity, **waiting()}


def live_of(job_ids: Sequence[str]) -> Filter:
    """Runs of these jobs that have not ended. Index `live`."""
    return {"jobId": {"$in": list(job_ids)}, "state": {"$in": [state.value for state in LIVE]}}


def retry_due(now: datetime) -> Filter:
    """Runs whose next attempt is due. Index `retries`."""
    return {"state": RunState.RETRY_WAIT.value, "nextAttemptAt": {"$lte": now}}


def retry_again() -> Update:
    """retry_wait -> pending."""
    return {"$set": {"state": RunState.PENDING.value, "nextAttemptAt": None}}


def held(token: str) -> Filter:
    """Runs that this claim holds."""
    return {"state": RunState.RUNNING.value, "token": token}


def held_by(token: str, identity: str) -> Filter:
    """The run while this claim holds it."""
    return {"_id": identity, **held(token)}


def of_dead_epoch(epoch: int) -> Filter:
    """Running runs that an earlier leader left. Index `live`."""
    return {"state": RunState.RUNNING.value, "epoch": {"$not": {"$eq": epoch}}}


_NOT_RUNNING: Filter = {
    # The states as the partial index `live` lists them: a shorter list is not seen to be part of them.
    "state": {"$in": [state.value for state in LIVE]},
    "$nor": [{"state": RunState.RUNNING.value}],
}


def not_started(job_id: str, reason: SkipReason, now: datetime, keep: timedelta) -> tuple[Filter, Update]:
    """Scheduled runs of a job that will not start any more: it was paused, or deleted with its backfills."""
    triggers: list[Trigger] = ["schedule", "due"] if reason == "paused" else ["schedule", "due", "backfill"]
    return (
        {
            "jobId": job_id,
            **_NOT_RUNNING,
            "trigger": {"$in": triggers},
        },
        _skipped(reason, now, keep),
    )


def too_late(identities: Sequence[str], now: datetime, keep: timedelta) -> tuple[Filter, Update]:
    """Pending runs whose start deadline has passed."""
    return (
        {"_id": {"$in": list(identities)}, "state": RunState.PENDING.value, "attempt": 0},
        _skipped("deadline", now, keep),
    )


def _skipped(reason: SkipReason, now: datetime, keep: timedelta) -> Update:
    return {
        "$set": {
            "state": RunState.SKIPPED.value,
            "waiting": False,
            "reason": reason,
            "finishedAt": now,
            "nextAttemptAt": None,
            "expireAt": now + keep,
        }
    }


def cancelled_before_start(identity: str, now: datetime, keep: timedelta) -> tuple[Filter, Update]:
    """A run that a person cancels while it is not running."""
    return (
        {"_id": identity, "state": {"$in": [RunState.PENDING.value, RunState.RETRY_WAIT.value]}},
        {
            "$set": {
                "state": RunState.CANCELLED.value,
                "waiting": False,
                "reason": "cancelled by a person",
                "finishedAt": now,
                "nextAttemptAt": None,
                "expireAt": now + keep,
            }
        },
    )


def spoiled(identity: Any, reason: str, now: datetime, keep: timedelta) -> tuple[Filter, Update]:
    """A malformed run: it ends as failed, with the reason, and is never executed."""
    return (
        {"_id": identity, "state": {"$in": [state.value for state in LIVE]}},
        {
            "$set": {
                "state": RunState.FAILED.value,
                "waiting": False,
                "error": {"type": "Malformed", "message": reason},
                "finishedAt": now,
                "nextAttemptAt": None,
                "expireAt": now + keep,
            }
        },
    )
