"""Decides, without I/O, what becomes of the jobs that are due or were changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import ValidationError

from shared.clock import to_milliseconds
from shared.errors import InvalidDefinition
from shared.models.definitions import Pause, Quarantine
from shared.models.jobs import Job, JobProgress
from shared.models.runs import SkipReason, due_run_id, run_id
from shared.models.schedule import OnceSchedule
from shared.queries import jobs as job_queries
from shared.queries import runs as run_queries
from shared.queries.runs import RunDocument
from shared.schedule.misfire import ON_TIME, SkippedRange, due_occurrences, skipped_between
from shared.schedule.occurrences import jittered
from shared.schedule.overlap import Decision, LiveRuns, decide_overlap

log = structlog.get_logger(__name__)

NO_LIVE_RUNS = LiveRuns(0, 0)


@dataclass(slots=True)
class JobPlan:
    """What is to be written for one job. All of it happens, or none."""

    seen: dict[str, Any]
    update: dict[str, Any]
    runs: list[RunDocument] = field(default_factory=list)
    records: list[RunDocument] = field(default_factory=list)
    """Skipped occurrences."""
    cancel_running_of: str | None = None
    drop_pending: SkipReason | None = None
    quarantine: Quarantine | None = None
    job_id: Any = None
    document: Mapping[str, Any] = field(default_factory=dict)
    """The stored job that was planned."""


class Planner:
    """Plans jobs one by one. templates: types that this daemon can run, with the model of their parameters."""

    def __init__(self, templates: Mapping[str, Any], keep_skipped: timedelta) -> None:
        self._templates = templates
        self._keep_skipped = keep_skipped

    def read(self, document: Mapping[str, Any]) -> Job:
        """The job of a stored document; InvalidDefinition says why it can never run."""
        job = Job.from_document(document)
        _check_compared_fields(document, job)
        if job.daemon.quarantine is not None and job.planned_revision is not None:
            raise InvalidDefinition(job.daemon.quarantine.field, job.daemon.quarantine.reason)
        template = self._templates.get(job.template)
        if template is None:
            raise InvalidDefinition("template", f"the template {job.template!r} is not installed in the daemon")
        if job.planned_revision is None:
            _check_parameters(template, job.params)
        return job

    def readable(self, document: Mapping[str, Any]) -> Job | None:
        """The job, or None if planning will put it aside, with its reason, when it is due or changed."""
        try:
            return self.read(document)
        except Exception:  # the reason is stored by plan()
            return None

    def plan(self, document: Mapping[str, Any], live: LiveRuns, now: datetime) -> JobPlan:
        """The plan of a due or changed job. A document that cannot be a job is put aside with its reason."""
        try:
            job = self.read(document)
            if job.deleted_at is not None:
                return self._rest(job, None, "deleted", completed=True)
            if not job.enabled or _is_paused(job.pause, now):
                return self._rest(job, job.pause.until if job.enabled and job.pause else None, "paused")
            return self._plan_active(job, live, now)
        except InvalidDefinition as fault:
            return put_aside(document, fault, now)
        except Exception as fault:  # a plugin's validator, a date at the edge of the calendar: one job, not the pass
            log.error("job_cannot_be_planned", job_id=str(document["_id"]), exc_info=True)
            return put_aside(document, InvalidDefinition("", f"cannot be planned: {type(fault).__name__}"), now)

    def due_run(self, job: Job, scheduled_for: datetime, now: datetime) -> RunDocument:
        """A run that a due source asks for."""
        return run_queries.new_run(
            job,
            identity=due_run_id(job.id, to_milliseconds(now)),
            trigger="due",
            scheduled_for=scheduled_for,
            now=now,
        )

    def _plan_active(self, job: Job, live: LiveRuns, now: datetime) -> JobPlan:
        progress, changed = job.daemon, job.planned_revision is None
        limit = job.policies.pause_after_failures
        if limit is not None and progress.consecutive_failures >= limit and not changed:
            return self._auto_pause(job, now)
        cursor, rested = self._start_of(job, now)
        due = due_occurrences(job.schedule, job.id, cursor, now, job.created_at, job.policies.misfire)
        remaining = _remaining(job)
        plan = JobPlan(job_queries.as_seen(job), {}, job_id=job.id)
        self._apply_overlap(job, due.runs, live, now, plan, remaining)
        plan.records += rested
        plan.records += [self._left_out(job, span, "misfire", now) for span in due.skipped]
        cursor = max(cursor, due.cursor) if due.cursor else cursor
        exhausted = remaining is not None and len(plan.runs) >= remaining
        following = None if exhausted else due.following
        changes: dict[str, Any] = {
            "cursor": cursor,
            "nextRun": following and jittered(job.schedule, job.id, following.at, job.created_at),
            "completed": following is None,
        }
        if changed:
            changes |= {"quarantine": None, "autoPaused": None, "consecutiveFailures": 0}
        plan.update = job_queries.planned(job, changes, len(plan.runs))
        return plan

    def _apply_overlap(
        self, job: Job, nominal: list[datetime], live: LiveRuns, now: datetime, plan: JobPlan, remaining: int | None
    ) -> None:
        active, waiting = live
        for moment in nominal:
            if remaining is not None and len(plan.runs) >= remaining:
                return  # maxRuns is reached: the schedule ends here. A skipped occurrence does not count
            run = run_queries.new_run(
                job, identity=run_id(job.id, to_milliseconds(moment)), trigger="schedule", scheduled_for=moment, now=now
            )  # fmt: skip
            match decide_overlap(job.policies.overlap, LiveRuns(active, waiting)):
                case Decision.RUN:
                    active += 1
                    plan.runs.append(run)
                case Decision.SKIP:
                    plan.records.append(run_queries.skipped_run(run, "overlap", now, self._keep_skipped))
                case decision:
                    waiting += 1
                    run["waiting"] = True
                    plan.runs.append(run)
                    if decision is Decision.REPLACE:
                        plan.cancel_running_of = job.id

    def _rest(self, job: Job, until: datetime | None, reason: SkipReason, *, completed: bool = False) -> JobPlan:
        changes: dict[str, Any] = {"nextRun": until, "completed": completed, "quarantine": None}
        return JobPlan(
            job_queries.as_seen(job),
            job_queries.planned(job, changes, 0),
            drop_pending=reason if job.planned_revision is None else None,
            job_id=job.id,
        )

    def _auto_pause(self, job: Job, now: datetime) -> JobPlan:
        failures = job.daemon.consecutive_failures
        pause = Pause(reason=f"{failures} runs failed one after another", by=run_queries.SCHEDULER, at=now)
        cursor, records = self._rested(job, _cursor(job, now), now, now)
        changes = {"nextRun": None, "autoPaused": pause.model_dump(by_alias=True), "cursor": cursor}
        return JobPlan(job_queries.as_seen(job), job_queries.planned(job, changes, 0), records=records, job_id=job.id)

    def _start_of(self, job: Job, now: datetime) -> tuple[datetime, list[RunDocument]]:
        """From where on occurrences count, and the record of what passed while the job had paused itself."""
        cursor = _cursor(job, now)
        if job.daemon.auto_paused is None:
            return cursor, []
        return self._rested(job, cursor, job.updated_at, now)

    def _rested(self, job: Job, cursor: datetime, until: datetime, now: datetime) -> tuple[datetime, list[RunDocument]]:
        span = skipped_between(job.schedule, cursor, until, job.created_at)
        if span is None:
            return cursor, []
        return span.last, [self._left_out(job, span, "paused", now)]

    def _left_out(self, job: Job, span: SkippedRange, reason: SkipReason, now: datetime) -> RunDocument:
        return run_queries.skipped_span(job, span, reason, now, self._keep_skipped)


def is_runnable(job: Job, now: datetime) -> bool:
    """Whether a due source may start this job: it is active, not only planned."""
    progress = job.daemon
    resting = not job.enabled or _is_paused(job.pause, now) or progress.auto_paused is not None
    return job.deleted_at is None and not resting and not progress.completed and progress.quarantine is None


def put_aside(document: Mapping[str, Any], fault: InvalidDefinition, now: datetime) -> JobPlan:
    """Quarantine: the document rests, with the reason, until the API changes it."""
    quarantine = Quarantine(reason=fault.detail, field=fault.field, at=now)
    seen, update = job_queries.quarantined(document, quarantine, _readable_progress(document.get("daemon")))
    return JobPlan(seen, update, quarantine=quarantine, job_id=document["_id"])


def _readable_progress(stored: object) -> dict[str, Any]:
    """What can be read of the daemon's sub-document, field by field: its history outlives a bad field."""
    kept: dict[str, Any] = {}
    for name, value in stored.items() if isinstance(stored, Mapping) else ():
        try:
            JobProgress.model_validate({name: value})
        except ValidationError:
            continue
        kept[name] = value
    return JobProgress.model_validate(kept).model_dump(by_alias=True)


def _is_paused(pause: Pause | None, now: datetime) -> bool:
    return pause is not None and (pause.until is None or pause.until > now)


def _cursor(job: Job, now: datetime) -> datetime:
    """From where on occurrences count. A change starts the new rule at the change; the cursor never moves back."""
    since = job.schedule_since
    if isinstance(job.schedule, OnceSchedule):
        since -= ON_TIME  # a moment that passed while the request was on its way still fires
    if job.pause is not None and job.pause.until is not None and job.pause.until <= now:
        since = max(since, job.pause.until)  # the pause has ended by itself: its time is not caught up
    return max(since, job.daemon.cursor) if job.daemon.cursor else since


def _remaining(job: Job) -> int | None:
    if job.schedule.max_runs is None:
        return None
    return max(0, job.schedule.max_runs - job.daemon.runs_started)


def _check_compared_fields(document: Mapping[str, Any], job: Job) -> None:
    """A compare-and-set compares what is stored: a value that was only read leniently would never match."""
    if not isinstance(document["revision"], int) or isinstance(document["revision"], bool):
        raise InvalidDefinition("revision", "not a whole number")
    if document.get("daemon", {}).get("nextRun") != job.daemon.next_run:
        raise InvalidDefinition("daemon.nextRun", "not a date")


def _check_parameters(template: Any, params: Mapping[str, Any]) -> None:
    try:
        template.Parameters.model_validate(params)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(["params", *(str(part) for part in first["loc"])])
        raise InvalidDefinition(path, first["msg"]) from None
