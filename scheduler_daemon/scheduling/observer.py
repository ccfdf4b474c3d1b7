"""One look at the database: what is due, changed, pending, waiting. Reads only; the claimer writes."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from scheduler_daemon.scheduling.due_sources import DueSources
from scheduler_daemon.scheduling.executor import checked
from scheduler_daemon.scheduling.job_reader import JobReader
from scheduler_daemon.scheduling.planner import is_runnable
from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.store.jobs import JobStore
from scheduler_daemon.store.runs import RunStore
from shared.errors import InvalidDefinition
from shared.models.jobs import Job
from shared.queries.run_documents import RunDocument
from shared.schedule.overlap import LiveRuns

log = structlog.get_logger(__name__)

JobDocument = dict[str, Any]

PATIENCE = timedelta(seconds=10)
"""How long what is due may wait for a slot as the due job that it is."""


class Look(NamedTuple):
    """What to look for.

    free: slots; ended: jobs a run of which has ended since the last look; may_plan: the clock can be trusted; changed:
    somebody else may have written; full: the templates that are at their limit.
    """

    free: int
    now: datetime
    ended: set[str]
    may_plan: bool
    changed: bool
    full: Sequence[str]


@dataclass(slots=True)
class Observed:
    """What one look at the database found."""

    jobs: list[JobDocument]
    live: dict[str, LiveRuns]
    """Runs of these jobs that have not ended."""
    pending: list[RunDocument]
    spoiled: list[tuple[Any, str]]
    """Pending runs that can never be executed, with the reason."""
    late: list[RunDocument]
    """Pending runs whose start deadline has passed."""
    retries: list[str]
    waiting: list[RunDocument]
    """Waiting runs that may start now."""
    jobs_behind: set[str]
    """Of the jobs asked for, those of which a run waits."""
    for_sources: list[tuple[str, Job, datetime]]

    @property
    def nothing(self) -> bool:
        ended = self.spoiled or self.late
        return not (self.jobs or self.pending or ended or self.retries or self.waiting or self.for_sources)


class Observer:
    """Looks with as few reads as the moment needs."""

    def __init__(
        self,
        jobs: JobStore,
        runs: RunStore,
        reader: JobReader,
        rules: StandingRules,
        due_sources: DueSources,
        batch_size: int,
    ) -> None:
        self._jobs = jobs
        self._runs = runs
        self._reader = reader
        self._rules = rules
        self._due_sources = due_sources
        self._batch_size = batch_size
        self._keeps_up = True

    async def look(self, look: Look) -> Observed:
        """What one batch may deal with."""
        now = look.now
        limit = self._batch_size
        slots = min(look.free, limit)
        # With slots, no more is planned than can start in the same transaction: one write instead of two. What has
        # waited for longer becomes pending all the same: by priority then, and never taken for a misfire.
        due_by, most_due = (now, slots if self._keeps_up else limit) if slots else (now - PATIENCE, limit)
        due, unplanned, pending, retries = await asyncio.gather(
            self._jobs.due(due_by, most_due) if look.may_plan else _nothing(),
            self._jobs.unplanned(limit) if look.may_plan and look.changed else _nothing(),
            self._runs.claimable(slots, look.full) if slots else _nothing(),
            self._runs.retry_due(now, limit),
        )
        self._keeps_up = not due or not _is_before(due[0], now - PATIENCE)
        waiting, behind = await self._runs.first_waiting(sorted(look.ended)) if look.ended else ([], set())
        half = max(1, limit // 2)  # a flood of changed jobs does not keep the due ones from their turn
        unique = {repr(each["_id"]): each for each in (*due[:half], *unplanned, *due[half:]) if _is_reachable(each)}
        jobs = list(unique.values())[:limit]
        await self._rules.refresh(jobs)
        for_sources = await self._jobs_for_sources(now, unique.keys()) if look.may_plan else []
        live = await self._runs.live_by_job([each["_id"] for each in jobs if isinstance(each["_id"], str)])
        executable, spoiled = _sorted_out(pending)
        # Under a clock that is not to be trusted nothing is late.
        late = [run for run in executable if is_late(run, now)] if look.may_plan else []
        if late:
            executable = [run for run in executable if not is_late(run, now)]
        return Observed(jobs, live, executable, spoiled, late, retries, waiting, behind, for_sources)

    async def _jobs_for_sources(self, now: datetime, planned: Iterable[str]) -> list[tuple[str, Job, datetime]]:
        """Idle jobs whose template's due source has something due, and that this batch does not plan anyway."""
        due = await self._due_sources.due(now)
        if not due:
            return []
        jobs: list[Job] = []
        for document in await self._jobs.of_templates(list(due)):
            if repr(document["_id"]) in planned or document.get("plannedRevision") is None:
                continue
            job = self._reader.readable(document)
            if job is not None and is_runnable(job, now):
                jobs.append(job)
        live = await self._runs.live_by_job([job.id for job in jobs])
        idle = [(job.template, job, due[job.template]) for job in jobs if job.id not in live]
        for kind in due.keys() - {kind for kind, _, _ in idle}:
            self._due_sources.blocked(kind, now)
        return idle

    async def next_moment(self, now: datetime) -> datetime | None:
        """When the next job, retry or due source falls due; None: nothing is known to come."""
        moments = await asyncio.gather(self._jobs.next_moment(now), self._runs.next_retry())
        return min((m for m in (*moments, self._due_sources.next_moment(now)) if m is not None), default=None)


def is_late(run: RunDocument, now: datetime) -> bool:
    """Whether a run was not started within the start deadline of its job."""
    start_by = run.get("startBy")
    return isinstance(start_by, datetime) and start_by < now and run["attempt"] == 0


def _is_before(due: JobDocument, moment: datetime) -> bool:
    next_run = due["daemon"].get("nextRun") if isinstance(due.get("daemon"), dict) else None
    return isinstance(next_run, datetime) and next_run < moment


def _is_reachable(document: JobDocument) -> bool:
    """False: the identity is no valid UTF-8. It was read with a mark in that place, and no query finds it again."""
    identity = document["_id"]
    if isinstance(identity, str) and "\N{REPLACEMENT CHARACTER}" in identity:
        log.error("document_unreachable", id=identity, remedy="delete it: its _id is not valid UTF-8")
        return False
    return True


def _sorted_out(pending: list[RunDocument]) -> tuple[list[RunDocument], list[tuple[Any, str]]]:
    executable: list[RunDocument] = []
    spoiled: list[tuple[Any, str]] = []
    for run in filter(_is_reachable, pending):
        try:
            executable.append(checked(run))
        except InvalidDefinition as fault:
            log.error("run_malformed", run_id=str(run["_id"]), field=fault.field, reason=fault.detail)
            spoiled.append((run["_id"], str(fault)))
    return executable, spoiled


async def _nothing() -> list[Any]:
    return []
