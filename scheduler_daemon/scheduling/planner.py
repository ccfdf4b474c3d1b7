"""Decides, without I/O, what becomes of the jobs that are due or were changed."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from scheduler_daemon.scheduling.job_reader import JobReader, readable_progress
from shared.clock import to_milliseconds
from shared.errors import InvalidDefinition
from shared.models.definitions import Pause, Quarantine
from shared.models.jobs import Job, Resting
from shared.models.runs import SkipReason, due_run_id, run_id
from shared.models.schedule import OnceSchedule, Schedule
from shared.queries import jobs as job_queries
from shared.queries.run_documents import SCHEDULER, RunDocument, new_run, skipped_run, skipped_span, waits
from shared.schedule.exclusions import Exclusions
from shared.schedule.misfire import ON_TIME, SkippedRange, due_occurrences, skipped_between
from shared.schedule.occurrences import jittered
from shared.schedule.overlap import Decision, LiveRuns, decide_overlap, width_of

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class JobPlan:
    """What is to be written for one job. All of it happens, or none."""

    seen: dict[str, Any]
    update: dict[str, Any]
    runs: list[RunDocument] = field(default_factory=list)
    records: list[RunDocument] = field(default_factory=list)
    """Skipped occurrences."""
    skipped: Counter[str] = field(default_factory=Counter)
    """How many they are, by reason."""
    notices: list[dict[str, Any]] = field(default_factory=list)
    """Messages for those who want to know."""
    cancel_running_of: str | None = None
    drop_pending: SkipReason | None = None
    quarantine: Quarantine | None = None
    job_id: Any = None
    document: Mapping[str, Any] = field(default_factory=dict)
    """The stored job that was planned."""


class Planner:
    """Plans jobs one by one."""

    def __init__(
        self, reader: JobReader, exclusions_of: Callable[[Schedule], Exclusions], keep_skipped: timedelta
    ) -> None:
        """exclusions_of: the days that a schedule leaves out; InvalidDefinition if that cannot be told."""
        self._reader = reader
        self._exclusions_of = exclusions_of
        self._keep_skipped = keep_skipped

    def plan(self, document: Mapping[str, Any], live: LiveRuns, now: datetime) -> JobPlan:
        """The plan of a due or changed job. A document that cannot be a job is put aside with its reason."""
        try:
            job = self._reader.read(document)
            if job.deleted_at is not None:
                return self._rest(job, None, "deleted", now, completed=True)
            if not job.enabled or _is_paused(job.pause, now):
                return self._rest(job, job.pause.until if job.enabled and job.pause else None, "paused", now)
            return self._plan_active(job, live, now)
        except InvalidDefinition as fault:
            return put_aside(document, fault, now)
        except Exception as fault:  # a plugin's validator, a date at the edge of the calendar: one job, not the pass
            log.error("job_cannot_be_planned", job_id=str(document["_id"]), exc_info=True)
            return put_aside(document, InvalidDefinition("", f"cannot be planned: {type(fault).__name__}"), now)

    def due_run(self, job: Job, scheduled_for: datetime, now: datetime) -> RunDocument:
        """A run that a due source asks for."""
        return new_run(
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
        cursor = _start_of(job, now)
        exclusions = self._exclusions_of(job.schedule)
        due = due_occurrences(job.schedule, job.id, cursor, now, job.created_at, job.policies.misfire, exclusions)
        remaining = _remaining(job)
        plan = JobPlan(job_queries.as_seen(job), {}, job_id=job.id)
        self._apply_policies(job, due.runs, live, now, plan, remaining)
        self._record_rest(job, cursor, now, plan)
        for span in due.skipped:
            self._record(plan, job, span, "misfire", now)
        for span in due.excluded:
            self._record(plan, job, span, "excluded", now)
        cursor = max(cursor, due.cursor) if due.cursor else cursor
        exhausted = remaining is not None and len(plan.runs) >= remaining
        following = None if exhausted else due.following
        changes: dict[str, Any] = {
            "cursor": cursor,
            "nextRun": following and jittered(job.schedule, job.id, following.at, job.created_at),
            "completed": following is None,
        }
        if job.daemon.resting is not None:
            changes["resting"] = None
        if changed:
            changes |= {"quarantine": None, "autoPaused": None, "consecutiveFailures": 0}
        plan.update = job_queries.planned(job, changes, len(plan.runs), plan.skipped)
        return plan

    def _apply_policies(
        self, job: Job, nominal: list[datetime], live: LiveRuns, now: datetime, plan: JobPlan, remaining: int | None
    ) -> None:
        policies = job.policies
        active, waiting, past = live
        for moment in nominal:
            if remaining is not None and len(plan.runs) >= remaining:
                return  # maxRuns is reached: the schedule ends here. A skipped occurrence does not count
            run = new_run(
                job, identity=run_id(job.id, to_milliseconds(moment)), trigger="schedule", scheduled_for=moment, now=now
            )  # fmt: skip
            if policies.start_deadline is not None and run["startBy"] < now:
                self._skip(plan, run, "deadline", now)
                continue
            match decide_overlap(policies.overlap, LiveRuns(active, waiting, past), policies.max_concurrent):
                case Decision.RUN:
                    active += 1
                    plan.runs.append(run)
                case Decision.SKIP:
                    self._skip(plan, run, "overlap", now)
                case decision:
                    waiting += 1
                    plan.runs.append(waits(run, width_of(policies.overlap, policies.max_concurrent)))
                    if decision is Decision.REPLACE:
                        plan.cancel_running_of = job.id

    def _rest(
        self, job: Job, until: datetime | None, reason: SkipReason, now: datetime, *, completed: bool = False
    ) -> JobPlan:
        plan = JobPlan(job_queries.as_seen(job), {}, job_id=job.id)
        plan.drop_pending = reason if job.planned_revision is None else None
        resting = job.daemon.resting or _resting(job, job.daemon.cursor or job.schedule_since)
        if resting.schedule != job.schedule and resting.since < job.schedule_since:  # another rule rests from then on
            self._record_rest(job, job.schedule_since, now, plan)
            resting = _resting(job, job.schedule_since)
        changes: dict[str, Any] = {
            "nextRun": until,
            "completed": completed,
            "quarantine": None,
            "resting": resting.model_dump(by_alias=True),
        }
        plan.update = job_queries.planned(job, changes, 0, plan.skipped)
        return plan

    def _auto_pause(self, job: Job, now: datetime) -> JobPlan:
        failures = job.daemon.consecutive_failures
        pause = Pause(reason=f"{failures} runs failed one after another", by=SCHEDULER, at=now)
        plan = JobPlan(job_queries.as_seen(job), {}, job_id=job.id)
        cursor = _cursor(job, now)
        if job.daemon.resting is not None:  # a pause that began while the job had paused itself has ended
            self._record_rest(job, cursor, now, plan)
        rested = skipped_between(job.schedule, cursor, now, job.created_at)
        if rested is not None:
            self._record(plan, job, rested, "paused", now)
            cursor = rested.last
        changes = {
            "nextRun": None,
            "autoPaused": pause.model_dump(by_alias=True),
            "cursor": cursor,
            "resting": _resting(job, cursor).model_dump(by_alias=True),
        }
        plan.update = job_queries.planned(job, changes, 0, plan.skipped)
        return plan

    def _record_rest(self, job: Job, until: datetime, now: datetime, plan: JobPlan) -> None:
        """What the time brought while the job rested, by the rule that rested."""
        resting = job.daemon.resting
        if resting is None and job.daemon.auto_paused is not None:
            resting = _resting(job, _cursor(job, now))
        if resting is not None and resting.since < until:
            span = skipped_between(resting.schedule, resting.since, until, job.created_at)
            if span is not None:
                self._record(plan, job, span, "paused", now)

    def _record(self, plan: JobPlan, job: Job, span: SkippedRange, reason: SkipReason, now: datetime) -> None:
        plan.records.append(skipped_span(job, span, reason, now, self._keep_skipped))
        plan.skipped[reason] += span.count

    def _skip(self, plan: JobPlan, run: RunDocument, reason: SkipReason, now: datetime) -> None:
        plan.records.append(skipped_run(run, reason, now, self._keep_skipped))
        plan.skipped[reason] += 1


def is_runnable(job: Job, now: datetime) -> bool:
    """Whether a due source may start this job: it is active, not only planned."""
    progress = job.daemon
    resting = not job.enabled or _is_paused(job.pause, now) or progress.auto_paused is not None
    return job.deleted_at is None and not resting and not progress.completed and progress.quarantine is None


def put_aside(document: Mapping[str, Any], fault: InvalidDefinition, now: datetime) -> JobPlan:
    """Quarantine: the document rests, with the reason, until the API changes it."""
    quarantine = Quarantine(reason=fault.detail, field=fault.field, at=now)
    seen, update = job_queries.quarantined(document, quarantine, readable_progress(document.get("daemon")))
    return JobPlan(seen, update, quarantine=quarantine, job_id=document["_id"])


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


def _start_of(job: Job, now: datetime) -> datetime:
    """The same, when the job had paused itself: its time until somebody changed it is not caught up."""
    cursor = _cursor(job, now)
    return cursor if job.daemon.auto_paused is None else max(cursor, job.updated_at)


def _resting(job: Job, since: datetime) -> Resting:
    return Resting(since=since, schedule=job.schedule)


def _remaining(job: Job) -> int | None:
    if job.schedule.max_runs is None:
        return None
    return max(0, job.schedule.max_runs - job.daemon.runs_started)
