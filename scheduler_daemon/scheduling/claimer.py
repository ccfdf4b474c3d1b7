"""Makes due occurrences durable and claims what can start now, in one fenced transaction per batch."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

import bson
import structlog

from scheduler_daemon.scheduling.due_sources import DueSources
from scheduler_daemon.scheduling.observer import Look, Observed, Observer
from scheduler_daemon.scheduling.pass_alerts import PassAlerts
from scheduler_daemon.scheduling.planner import JobPlan, Planner, put_aside
from scheduler_daemon.scheduling.template_limits import TemplateLimits
from scheduler_daemon.store.passes import Batch, PassStore, StalePlan
from scheduler_daemon.store.runs import RunStore
from scheduler_daemon.store.transactions import MOST_BYTES, MOST_DOCUMENTS, Fence
from shared.errors import CommitUnknown, InvalidDefinition, StoreError, StoreUnavailable, TransactionConflict
from shared.queries.runs import Claim, RunDocument, started
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
        runs: RunStore,
        passes: PassStore,
        fence: Fence,
        planner: Planner,
        due_sources: DueSources,
        limits: TemplateLimits,
        alerts: PassAlerts,
        instance: str,
        batch_size: int,
    ) -> None:
        self._observer = observer
        self._runs = runs
        self._passes = passes
        self._fence = fence
        self._planner = planner
        self._due_sources = due_sources
        self._limits = limits
        self._alerts = alerts
        self._instance = instance
        self._batch_size = batch_size
        self._unsettled: str | None = None
        self._stale = False
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
        if self._unsettled is not None:
            return Claimed(runs=await self._settle(self._unsettled))
        ended, self._ended_jobs = self._ended_jobs, set()
        try:
            return await self._claim(free, now, ended, may_plan, changed)
        except StalePlan:
            self._ended_jobs |= ended
            self._stale = True
            return Claimed(more=True)
        except BaseException:
            self._ended_jobs |= ended
            raise

    async def _claim(self, free: int, now: datetime, ended: set[str], may_plan: bool, changed: bool) -> Claimed:
        look = Look(free, now, ended, may_plan, changed, self._limits.startable())
        seen = await self._observer.look(look)
        self._jobs_with_waiting = (self._jobs_with_waiting - ended) | seen.jobs_behind
        if seen.nothing:
            self._short_of_slots = free == 0
            return Claimed()
        plans = await self._plan(seen, now)
        claim = Claim(uuid4().hex, self._fence.epoch, self._instance, now)
        batch, fresh = self._compose(seen, plans, claim, free, now)
        batch.notices += await self._alerts.of_late(seen.late, now)
        runs = await self._write(batch, fresh, plans)
        self._short_of_slots = len(batch.starts) + len(fresh) >= free
        self._jobs_with_waiting |= {run["jobId"] for run in batch.inserts if run["waiting"]}
        self._report(plans)
        if batch.notices:
            self._due_sources.mark_stale()
        for kind in {kind for kind, _, _ in seen.for_sources}:
            self._due_sources.asked(kind, now)
        return Claimed(
            runs=runs,
            cancel_jobs=[plan.cancel_running_of for plan in plans if plan.cancel_running_of is not None],
            wrote=not batch.empty,
            more=len(seen.jobs) >= min(free, self._batch_size)
            or len(plans) < len(seen.jobs)
            or len(seen.pending) > len(batch.starts)
            or bool(seen.retries or seen.waiting or seen.late)
            or self._unsettled is not None,
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
        except StalePlan:
            if not self._stale:
                raise
            return await self._write_one_by_one(batch, fresh, plans)  # twice in a row: somebody never matches
        except (StoreUnavailable, TransactionConflict):
            raise
        except StoreError as fault:
            log.warning("batch_refused", jobs=len(plans), runs=len(batch.inserts), error=str(fault))
            return await self._write_one_by_one(batch, fresh, plans)
        finally:
            self._stale = False
        return [*fresh, *claimed]

    async def _write_one_by_one(
        self, batch: Batch, fresh: list[RunDocument], plans: list[JobPlan]
    ) -> list[RunDocument]:
        """One document spoils the batch: each job alone, and the culprit is put aside. The rest waits for a pass."""
        existing = await self._passes.existing([run["_id"] for run in batch.inserts])
        running = {run["_id"]: run for run in fresh}
        done: list[RunDocument] = []
        try:
            for plan in plans:
                mine = [run for run in batch.inserts if run["jobId"] == plan.job_id and run["_id"] not in existing]
                if await self._write_alone(plan, mine, batch.claim):
                    done += [running[run["_id"]] for run in mine if run["_id"] in running]
        except BaseException:
            self._unsettled = batch.claim.token  # what was committed before is running: the next pass starts it
            raise
        return done

    async def _write_alone(self, plan: JobPlan, inserts: list[RunDocument], claim: Claim) -> bool:
        single = Batch(claim, jobs=[(plan.seen, plan.update)], inserts=inserts, notices=plan.notices)
        single.drops = [(plan.job_id, plan.drop_pending)] if plan.drop_pending is not None else []
        try:
            await self._passes.commit(single)
        except StalePlan:
            return False
        except (StoreUnavailable, TransactionConflict, CommitUnknown):
            raise
        except StoreError as fault:
            log.error("run_not_storable", job_id=str(plan.job_id), error=str(fault))
            aside = put_aside(plan.document, InvalidDefinition("", "a run of this job cannot be stored"), claim.now)
            with suppress(StalePlan):
                await self._passes.commit(Batch(claim, jobs=[(aside.seen, aside.update)]))
                self._report([aside])
            return False
        return True

    async def _settle(self, token: str) -> list[RunDocument]:
        """A commit got no answer: after one more transaction of the session, the token tells what happened."""
        await self._passes.settle()
        self._unsettled = None
        return await self._runs.of_token(token)

    def _report(self, plans: list[JobPlan]) -> None:
        for plan in plans:
            if plan.quarantine is not None:
                log.error(
                    "job_quarantined",
                    job_id=str(plan.job_id),
                    field=plan.quarantine.field,
                    reason=plan.quarantine.reason,
                )
