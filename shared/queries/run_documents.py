"""New documents of `job_runs`: as they are inserted, and as a claim holds them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, get_args

from shared.clock import MILLISECOND, to_milliseconds
from shared.models.jobs import Job
from shared.models.policies import Policies, RetryOn
from shared.models.runs import RunState, SkipReason, Trigger, run_id
from shared.schedule.misfire import ExcludedRange, SkippedRange

RunDocument = dict[str, Any]

SCHEDULER = "scheduler"


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
    return {**run, **start_fields(claim), "attempt": run["attempt"] + 1}


def start_fields(claim: Claim) -> dict[str, Any]:
    """What a run carries from the moment that it is claimed."""
    return {
        "state": RunState.RUNNING.value,
        "waiting": False,
        "token": claim.token,
        "epoch": claim.epoch,
        "instance": claim.instance,
        "startedAt": claim.now,
        "nextAttemptAt": None,
    }
