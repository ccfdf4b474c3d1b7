"""Makes due occurrences durable and claims what can start now, in one fenced transaction per batch."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

import bson
import structlog

from scheduler_daemon.scheduling.batch_writer import BatchWriter, report_quarantine
from scheduler_daemon.scheduling.due_sources import DueSources
from scheduler_daemon.scheduling.observer import Look, Observed, Observer
from scheduler_daemon.scheduling.pass_alerts import PassAlerts
from scheduler_daemon.scheduling.planner import JobPlan, Planner
from scheduler_daemon.scheduling.template_limits import TemplateLimits
from scheduler_daemon.store.passes import Batch
from scheduler_daemon.store.transactions import MOST_BYTES, MOST_DOCUMENTS, Fence
from shared.queries.run_documents import Claim, RunDocument, started
from shared.schedule.overlap import NO_LIVE_RUNS

log = structlog.get_logger(__name__)

JOBS_WITHOUT_A_BREATH = 50


@dataclass(slots=True)
class Claimed:
    """What a pass brought: runs to start, jobs whose running runs are to be cancelled, whether more is waiting.

    wrote: something was found and written.
    """

    runs: list[RunDocument] = field(default_factory=list)
    cancel_jobs: list[str] = field(default_factory=list)
    more: bool = False
    wrote: bool = False


class Claimer:
    """Observes, lets the planner decide, writes. A lost answer to a commit is settled before anything else."""

    def __init__(
        self,
        observer: Observer,
        writer: BatchWriter,
        fence: Fence,
        planner: Planner,
        due_sources: DueSources,
        limits: TemplateLimits,
        alerts: PassAlerts,
        instance: str,
        batch_size: int,
    ) -> None:
        self._observer = observer
        self._writer = writer
        self._fence = fence
        self._planner = planner
        self._due_sources = due_sources
        self._limits = limits
        self._alerts = alerts
        self._instance = instance
        self._batch_size = batch_size
        self._jobs_with_waiting: set[str] = set()
        self._ended_jobs: set[str] = set()
        self._short_of_slots = False

    def expect_waiting(self, job_id: str) -> None:
        """A run of this job waits: the next pass looks whether for anything. A hint: the rescuer looks for itself."""
        self._jobs_with_waiting.add(job_id)
        self._ended_jobs.add(job_id)

    def run_ended(self, template: str, job_id: str) -> bool:
        """A slot is free again. Whether that lets something start that could not before."""
        self._due_sources.freed(template)
        if job_id in self._jobs_with_waiting:
            self._ended_jobs.add(job_id)
            return True
        return self._short_of_slots or template in self._due_sources.types or self._limits.was_full(template)

    async def claim(self, free: int, now: datetime, *, may_plan: bool, changed: bool) -> Claimed:
        """One batch.

        free: slots; may_plan: whether new occurrences may be created (the clock can be trusted); changed: whether
        somebody else may have written, so that changed jobs are looked for.
        """
        if not self._writer.is_settled:
            return Claimed(runs=await self._writer.settle(), more=True)
        ended, self._ended_jobs = self._ended_jobs, set()
        try:
            return await self._claim(free, now, ended, may_plan, changed)
        except BaseException:
            self._ended_jobs |= ended
            raise

    async def _claim(self, free: int, now: datetime, ended: set[str], may_plan: bool, changed: bool) -> Claimed:
        look = Look(free, now, ended, may_plan, changed, self._limits.full())
        seen = await self._observer.look(look)
        self._jobs_with_waiting = (self._jobs_with_waiting - ended) | seen.jobs_behind
        if seen.nothing:
            self._short_of_slots = free == 0
            return Claimed()
        plans = await self._plan(seen, now)
        claim = Claim(uuid4().hex, self._fence.epoch, self._instance, now)
        batch, fresh = self._compose(seen, plans, claim, free, now)
        batch.notices += await self._alerts.of_late(seen.late, now)
        written = await self._writer.write(batch, fresh, plans)
        self._short_of_slots = len(batch.starts) + len(fresh) >= free
        self._remember_waiting(seen, batch, ended)
        for plan in written.plans:
            report_quarantine(plan.job_id, plan.quarantine)
        if batch.notices:
            self._due_sources.mark_stale()
        for kind in {kind for kind, _, _ in seen.for_sources}:
            self._due_sources.asked(kind, now)
        return Claimed(
            runs=written.runs,
            cancel_jobs=[plan.cancel_running_of for plan in written.plans if plan.cancel_running_of is not None],
            wrote=not batch.empty and not written.refused,
            more=len(seen.jobs) >= min(free, self._batch_size)
            or (len(written.plans) < len(seen.jobs) and not written.refused)
            or len(seen.pending) > len(batch.starts)
            or bool(seen.retries or seen.waiting or seen.late)
            or not self._writer.is_settled,
        )

    async def _plan(self, seen: Observed, now: datetime) -> list[JobPlan]:
        """Plans for as many jobs as fit into one transaction; the others stay due."""
        plans: list[JobPlan] = []
        documents = size = 0
        for number, document in enumerate(seen.jobs):
            if number % JOBS_WITHOUT_A_BREATH == JOBS_WITHOUT_A_BREATH - 1:
                await asyncio.sleep(0)  # ended runs and new commands do not wait for a whole batch
            identity = document["_id"]
            live = seen.live.get(identity, NO_LIVE_RUNS) if isinstance(identity, str) else NO_LIVE_RUNS
            plan = self._planner.plan(document, live, now)
            plan.document = document
            plan.notices = await self._alerts.of_plan(plan, now)
            documents += len(plan.runs) + len(plan.records) + len(plan.notices)
            size += len(plan.runs) * len(bson.encode(document)) if plan.runs else 0
            if plans and (documents > MOST_DOCUMENTS or size > MOST_BYTES):
                break
            plans.append(plan)
        return plans

    def _compose(
        self, seen: Observed, plans: list[JobPlan], claim: Claim, free: int, now: datetime
    ) -> tuple[Batch, list[RunDocument]]:
        """The batch, and those of its new runs that are born running because a slot is free."""
        batch = Batch(
            claim,
            jobs=[(plan.seen, plan.update) for plan in plans],
            retries=seen.retries,
            spoiled=seen.spoiled,
            late=seen.late,
            notices=[row for plan in plans for row in plan.notices],
        )
        batch.drops = [(plan.job_id, plan.drop_pending) for plan in plans if plan.drop_pending is not None]
        born = [run for plan in plans for run in plan.runs]
        born += [self._planner.due_run(job, at, now) for _, job, at in seen.for_sources]
        ready = [run for run in born if not run["waiting"]]
        held = [run for run in born if run["waiting"]]
        order = sorted([*seen.pending, *ready], key=lambda run: (-run["priority"], run["scheduledFor"]))
        chosen = self._limits.first_fitting(order, min(free, self._batch_size))
        batch.starts = [run["_id"] for run in seen.pending if run["_id"] in chosen]
        fresh = [started(run, claim) for run in ready if run["_id"] in chosen]
        batch.inserts = [*fresh, *(run for run in ready if run["_id"] not in chosen), *held]
        batch.inserts += [record for plan in plans for record in plan.records]
        taken = {run["jobId"] for run in ready}  # what waits behind them yields; it is looked at again
        batch.releases = [run["_id"] for run in seen.waiting if run["jobId"] not in taken]
        return batch, fresh

    def _remember_waiting(self, seen: Observed, batch: Batch, ended: set[str]) -> None:
        """Jobs that the next pass looks at: of which a run now waits, or still does."""
        held = {run["jobId"] for run in batch.inserts if run["waiting"]}
        yielded = {run["jobId"] for run in seen.waiting} if len(batch.releases) < len(seen.waiting) else set()
        unsettled = set() if self._writer.is_settled else ended
        self._jobs_with_waiting |= held | yielded | unsettled
        # What a new one waits for may have ended between the look and the commit.
        self._ended_jobs |= held | yielded | unsettled
