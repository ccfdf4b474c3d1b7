"""Documents, filters and updates of `job_runs`. Every update is fenced by state and token."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, get_args

from shared.clock import MILLISECOND, to_milliseconds
from shared.models.jobs import Job
from shared.models.policies import Policies, RetryOn
from shared.models.runs import LIVE, RunState, SkipReason, Trigger, run_id
from shared.schedule.misfire import ExcludedRange, SkippedRange

Filter = dict[str, Any]
Update = dict[str, Any]
RunDocument = dict[str, Any]

SCHEDULER = "scheduler"
START_ORDER = [("priority", -1), ("scheduledFor", 1), ("_id", 1)]
WAITING_ORDER = [("jobId", 1), ("priority", -1), ("scheduledFor", 1)]


class Claim(NamedTuple):
    """Who claims, and when: what a running run carries."""

    token: str
    epoch: int
    instance: str
    now: datetime


def new_run(
    job: Job,
    *,
    identity: str,
    trigger: Trigger,
    scheduled_for: datetime,
    now: datetime,
    created_by: str = SCHEDULER,
    params: Mapping[str, Any] | None = None,
    priority: int | None = None,
) -> RunDocument:
    """A pending run with the job's parameters and policies as they are now. priority: instead of the job's."""
    policies = job.policies
    return {
        "_id": identity,
        "jobId": job.id,
        "jobRevision": job.revision,
        "template": job.template,
        "trigger": trigger,
        "scheduledFor": scheduled_for,
        "state": RunState.PENDING.value,
        "attempt": 0,
        "maxAttempts": policies.retry.max_attempts,
        "interruptions": 0,
        "timeoutMs": policies.timeout // MILLISECOND,
        "backoffMs": policies.retry.backoff // MILLISECOND,
        "maxBackoffMs": policies.retry.max_backoff // MILLISECOND,
        "params": job.params if params is None else {**job.params, **params},
        "priority": policies.priority if priority is None else priority,
        "waiting": False,
        "token": None,
        "epoch": None,
        "instance": None,
        "createdAt": now,
        "createdBy": created_by,
        "attempts": [],
        **_uncommon(policies, trigger, scheduled_for),
    }


def _uncommon(policies: Policies, trigger: Trigger, scheduled_for: datetime) -> RunDocument:
    """What only runs of jobs with such a policy carry: most do not, and every byte is written twice."""
    fields: RunDocument = {}
    if policies.soft_timeout is not None:
        fields["softTimeoutMs"] = policies.soft_timeout // MILLISECOND
    if policies.start_deadline is not None and trigger != "backfill":
        fields["startBy"] = scheduled_for + policies.start_deadline
    if len(set(policies.retry.on)) < len(get_args(RetryOn)):
        fields["retryOn"] = list(policies.retry.on)
    if policies.retry.except_errors:
        fields["retryExcept"] = list(policies.retry.except_errors)
    if policies.alerts is not None:
        fields["alerts"] = True
    return fields


def waits(run: RunDocument, width: int) -> RunDocument:
    """The run held back until fewer than `width` runs of its job are alive."""
    held = {**run, "waiting": True}
    if width > 1:
        held["width"] = width
    return held


def skipped_run(run: RunDocument, reason: SkipReason, now: datetime, keep: timedelta) -> RunDocument:
    """The record of an occurrence that does not run."""
    return {
        **run,
        "state": RunState.SKIPPED.value,
        "waiting": False,
        "reason": reason,
        "finishedAt": now,
        "expireAt": now + keep,
    }


def skipped_span(job: Job, span: SkippedRange, reason: SkipReason, now: datetime, keep: timedelta) -> RunDocument:
    """The record of a range of occurrences that do not run."""
    run = new_run(
        job,
        identity=f"{run_id(job.id, to_milliseconds(span.first))}:span",
        trigger="schedule",
        scheduled_for=span.first,
        now=now,
        params={},
    )
    document = skipped_run(run, reason, now, keep)
    document["span"] = {"from": span.first, "to": span.last, "count": span.count, "exact": span.exact}
    if isinstance(span, ExcludedRange):
        document["span"]["name"] = span.name
    return document


def started(run: RunDocument, claim: Claim) -> RunDocument:
    """The run as it is while `claim` holds it."""
    return {**run, **_start_fields(claim), "attempt": run["attempt"] + 1}


def start(ids: Sequence[str], claim: Claim) -> tuple[Filter, Update]:
    """pending -> running for those that are still pending."""
    return (
        {"_id": {"$in": list(ids)}, "state": RunState.PENDING.value},
        {"$set": _start_fields(claim), "$inc": {"attempt": 1}},
    )


def _start_fields(claim: Claim) -> dict[str, Any]:
    return {
        "state": RunState.RUNNING.value,
        "waiting": False,
        "token": claim.token,
        "epoch": claim.epoch,
        "instance": claim.instance,
        "startedAt": claim.now,
        "nextAttemptAt": None,
    }


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
