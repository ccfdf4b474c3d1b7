"""Makes due occurrences durable and claims what can start now, in one fenced transaction per batch."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog

from scheduler_daemon.scheduling.due_sources import DueSources
from scheduler_daemon.scheduling.executor import checked
from scheduler_daemon.scheduling.planner import NO_LIVE_RUNS, JobPlan, Planner, is_runnable, put_aside
from scheduler_daemon.store.jobs import JobStore
from scheduler_daemon.store.passes import Batch, PassStore, StalePlan
from scheduler_daemon.store.runs import RunStore
from scheduler_daemon.store.transactions import Fence
from shared.errors import CommitUnknown, DocumentRefused, DuplicateDocument, InvalidDefinition
from shared.models.jobs import Job
from shared.queries.runs import Claim, RunDocument, started

log = structlog.get_logger(__name__)

JobDocument = dict[str, Any]

PATIENCE = timedelta(seconds=5)


@dataclass(slots=True)
class Observed:
    """What one look at the database found."""

    jobs: list[JobDocument]
    pending: list[RunDocument]
    spoiled: list[tuple[Any, str]]
    """Pending runs that can never be executed, with the reason."""
    retries: list[str]
    waiting: list[RunDocument]
    for_sources: list[tuple[str, Job, datetime]]

    @property
    def nothing(self) -> bool:
        return not (self.jobs or self.pending or self.spoiled or self.retries or self.waiting or self.for_sources)


@dataclass(slots=True)
class Claimed:
    """What a pass brought: runs to start, jobs whose running runs are to be cancelled, whether more is waiting."""

    runs: list[RunDocument] = field(default_factory=list)
    cancel_jobs: list[str] = field(default_factory=list)
    more: bool = False


class Claimer:
    """Observes, lets the planner decide, writes. A lost answer to a commit is settled before anything else."""

    def __init__(
        self,
        jobs: JobStore,
        runs: RunStore,
        passes: PassStore,
        fence: Fence,
        planner: Planner,
        due_sources: DueSources,
        instance: str,
        batch_size: int,
    ) -> None:
        self._jobs = jobs
        self._runs = runs
        self._passes = passes
        self._fence = fence
        self._planner = planner
        self._due_sources = due_sources
        self._instance = instance
        self._batch_size = batch_size
        self._unsettled: str | None = None
        self._jobs_with_waiting: set[str] = set()
        self._ended_jobs: set[str] = set()
        self._short_of_slots = False

    def expect_waiting(self, job_id: str) -> None:
        """A run of this job waits behind another. A hint: the rescuer looks for itself."""
        self._jobs_with_waiting.add(job_id)

    def run_ended(self, template: str, job_id: str) -> bool:
        """A slot is free again. Whether that lets something start that could not before."""
        if job_id in self._jobs_with_waiting:
            self._ended_jobs.add(job_id)
            return True
        self._due_sources.freed(template)
        return self._short_of_slots or template in self._due_sources.types

    async def claim(self, free: int, now: datetime, *, may_plan: bool) -> Claimed:
        """One batch. free: slots; may_plan: whether new occurrences may be created (the clock can be trusted)."""
        if self._unsettled is not None:
            return Claimed(runs=await self._settle(self._unsettled))
        ended, self._ended_jobs = self._ended_jobs, set()
        try:
            return await self._claim(free, now, ended, may_plan)
        except StalePlan:
            self._ended_jobs |= ended
            return Claimed(more=True)
        except BaseException:
            self._ended_jobs |= ended
            raise

    async def next_moment(self, now: datetime) -> datetime | None:
        """When the next job, retry or due source falls due; None: nothing is known to come."""
        moments = await asyncio.gather(self._jobs.next_moment(), self._runs.next_retry())
        return min((m for m in (*moments, self._due_sources.next_moment(now)) if m is not None), default=None)

    async def _claim(self, free: int, now: datetime, ended: set[str], may_plan: bool) -> Claimed:
        seen = await self._observe(free, now, ended, may_plan)
        if seen.nothing:
            self._jobs_with_waiting -= ended
            self._short_of_slots = free == 0
            return Claimed()
        live = await self._runs.live_by_job([each["_id"] for each in seen.jobs if isinstance(each["_id"], str)])
        plans = [self._planner.plan(each, live.get(each["_id"], NO_LIVE_RUNS), now) for each in seen.jobs]
        claim = Claim(uuid4().hex, self._fence.epoch, self._instance, now)
        batch, fresh = self._compose(seen, plans, claim, free, now)
        runs = await self._write(batch, fresh, plans)
        self._short_of_slots = len(batch.starts) + len(fresh) >= free
        self._remember_waiting(batch, ended)
        self._report(plans)
        for kind in {kind for kind, _, _ in seen.for_sources}:
            self._due_sources.asked(kind, now)
        return Claimed(
            runs=runs,
            cancel_jobs=[plan.cancel_running_of for plan in plans if plan.cancel_running_of is not None],
            more=len(seen.jobs) >= min(free, self._batch_size)
            or len(seen.pending) > len(batch.starts)
            or bool(seen.retries or seen.waiting)
            or self._unsettled is not None,
        )

    async def _observe(self, free: int, now: datetime, ended: set[str], may_plan: bool) -> Observed:
        limit = self._batch_size
        slots = min(free, limit)
        # With slots, no more is planned than can start in the same transaction: one write instead of two.
        # Without, what waits longer than PATIENCE becomes pending, so that it is not taken for a misfire.
        due_by, most_due = (now, slots) if slots else (now - PATIENCE, limit)
        due, unplanned, pending, retries = await asyncio.gather(
            self._jobs.due(due_by, most_due) if may_plan else _nothing(),
            self._jobs.unplanned(limit) if may_plan else _nothing(),
            self._runs.claimable(slots) if slots else _nothing(),
            self._runs.retry_due(now, limit),
        )
        waiting = await self._runs.first_waiting(sorted(ended), limit) if ended else []
        unique = {repr(each["_id"]): each for each in (*unplanned, *due)}
        jobs = list(unique.values())[:limit]
        for_sources = await self._jobs_for_sources(now, unique.keys()) if may_plan else []
        executable, spoiled = _sorted_out(pending)
        return Observed(jobs, executable, spoiled, retries, waiting, for_sources)

    async def _jobs_for_sources(self, now: datetime, planned: Iterable[str]) -> list[tuple[str, Job, datetime]]:
        """Idle jobs whose template's due source has something due, and that this batch does not plan anyway."""
        due = await self._due_sources.due(now)
        if not due:
            return []
        jobs: list[Job] = []
        for document in await self._jobs.of_templates(list(due)):
            if repr(document["_id"]) in planned or document.get("plannedRevision") is None:
                continue
            try:
                job = self._planner.read(document)
            except InvalidDefinition:
                continue  # planning puts it aside, with its reason, when it is due or changed
            if is_runnable(job, now):
                jobs.append(job)
        live = await self._runs.live_by_job([job.id for job in jobs])
        idle = [(job.template, job, due[job.template]) for job in jobs if job.id not in live]
        for kind in due.keys() - {kind for kind, _, _ in idle}:
            self._due_sources.blocked(kind, now)
        return idle

    def _compose(
        self, seen: Observed, plans: list[JobPlan], claim: Claim, free: int, now: datetime
    ) -> tuple[Batch, list[RunDocument]]:
        """The batch, and those of its new runs that are born running because a slot is free."""
        batch = Batch(
            claim, jobs=[(plan.seen, plan.update) for plan in plans], retries=seen.retries, spoiled=seen.spoiled
        )
        batch.drops = [(plan.job_id, plan.drop_pending) for plan in plans if plan.drop_pending is not None]
        born = [run for plan in plans for run in plan.runs]
        born += [self._planner.due_run(job, at, now) for _, job, at in seen.for_sources]
        ready = [run for run in born if not run["waiting"]]
        held = [run for run in born if run["waiting"]]
        order = sorted([*seen.pending, *ready], key=lambda run: (-run["priority"], run["scheduledFor"]))
        chosen = {run["_id"] for run in order[: min(free, self._batch_size)]}
        batch.starts = [run["_id"] for run in seen.pending if run["_id"] in chosen]
        fresh = [started(run, claim) for run in ready if run["_id"] in chosen]
        batch.inserts = [*fresh, *(run for run in ready if run["_id"] not in chosen), *held]
        batch.inserts += [record for plan in plans for record in plan.records]
        batch.releases = [run["_id"] for run in seen.waiting]
        return batch, fresh

    async def _write(self, batch: Batch, fresh: list[RunDocument], plans: list[JobPlan]) -> list[RunDocument]:
        if batch.empty:
            return []
        try:
            claimed = await self._passes.commit(batch)
        except CommitUnknown:
            self._unsettled = batch.claim.token
            return []
        except (DuplicateDocument, DocumentRefused):
            return await self._write_one_by_one(batch, fresh, plans)
        return [*fresh, *claimed]

    async def _write_one_by_one(
        self, batch: Batch, fresh: list[RunDocument], plans: list[JobPlan]
    ) -> list[RunDocument]:
        """One document spoils the batch: each job alone, and the culprit is put aside."""
        log.warning("batch_refused", jobs=len(plans), runs=len(batch.inserts))
        existing = await self._passes.existing([run["_id"] for run in batch.inserts])
        running = {run["_id"]: run for run in fresh}
        done: list[RunDocument] = []
        for plan in plans:
            mine = [run for run in batch.inserts if run["jobId"] == plan.job_id and run["_id"] not in existing]
            single = Batch(batch.claim, jobs=[(plan.seen, plan.update)], inserts=mine)
            try:
                await self._passes.commit(single)
            except StalePlan:
                continue
            except (DuplicateDocument, DocumentRefused) as fault:
                reason = InvalidDefinition("", f"a run of this job cannot be stored: {fault}")
                aside = put_aside({"_id": plan.job_id}, reason, batch.claim.now)
                await self._passes.commit(Batch(batch.claim, jobs=[(aside.seen, aside.update)]))
                self._report([aside])
                continue
            done += [running[run["_id"]] for run in mine if run["_id"] in running]
        return done

    async def _settle(self, token: str) -> list[RunDocument]:
        """A commit got no answer: after one more transaction of the session, the token tells what happened."""
        await self._passes.settle()
        self._unsettled = None
        return await self._runs.of_token(token)

    def _remember_waiting(self, batch: Batch, ended: set[str]) -> None:
        self._jobs_with_waiting |= {run["jobId"] for run in batch.inserts if run["waiting"]}
        if not batch.releases:
            self._jobs_with_waiting -= ended - {run["jobId"] for run in batch.inserts if run["waiting"]}

    def _report(self, plans: list[JobPlan]) -> None:
        for plan in plans:
            if plan.quarantine is not None:
                log.error(
                    "job_quarantined",
                    job_id=str(plan.job_id),
                    field=plan.quarantine.field,
                    reason=plan.quarantine.reason,
                )


def _sorted_out(pending: list[RunDocument]) -> tuple[list[RunDocument], list[tuple[Any, str]]]:
    executable: list[RunDocument] = []
    spoiled: list[tuple[Any, str]] = []
    for run in pending:
        try:
            executable.append(checked(run))
        except InvalidDefinition as fault:
            log.error("run_malformed", run_id=str(run["_id"]), field=fault.field, reason=fault.detail)
            spoiled.append((run["_id"], str(fault)))
    return executable, spoiled


async def _nothing() -> list[Any]:
    return []
