"""Commits batches. What cannot be committed together is written piece by piece, so that one document stops nobody."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from scheduler_daemon.scheduling.planner import JobPlan, put_aside
from scheduler_daemon.store.passes import Batch, PassStore, StalePlan
from scheduler_daemon.store.runs import RunStore
from shared.errors import PASSING, CommitUnknown, InvalidDefinition, StoreError
from shared.models.definitions import Quarantine
from shared.queries.run_documents import Claim, RunDocument

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Written:
    """Runs that are running now, and the plans that were written.

    refused: something could not be written at all; it is not to be tried at once.
    """

    runs: list[RunDocument] = field(default_factory=list)
    plans: Sequence[JobPlan] = ()
    refused: bool = False


class BatchWriter:
    """A lost answer to a commit is settled before anything else is written."""

    def __init__(self, passes: PassStore, runs: RunStore) -> None:
        self._passes = passes
        self._runs = runs
        self._unsettled: str | None = None
        self._left_out: set[str] = set()
        """Jobs that the last batch was written without. One that is seen just the same again can never be written."""

    @property
    def is_settled(self) -> bool:
        return self._unsettled is None

    async def settle(self) -> list[RunDocument]:
        """A commit got no answer: after one more transaction of the session, the token tells what is running."""
        if self._unsettled is None:
            return []
        await self._passes.settle()
        runs = await self._runs.of_token(self._unsettled)
        self._unsettled = None
        return runs

    async def write(self, batch: Batch, fresh: Sequence[RunDocument], plans: Sequence[JobPlan]) -> Written:
        """Writes the batch; fresh: those of its new runs that are born running.

        Jobs that were changed meanwhile are left out: look again. If a filter does not match although nothing was
        changed, or something is refused, all is written piece by piece.
        """
        if batch.empty:
            return Written()
        left_out, self._left_out = self._left_out, set()
        try:
            while True:
                try:
                    claimed = await self._passes.commit(batch)
                    break
                except StalePlan:
                    before = len(plans)
                    batch, fresh, plans = await self._without_changed(batch, fresh, plans)
                    if len(plans) == before:  # somebody never matches
                        return await self._write_in_pieces(batch, fresh, plans)
        except CommitUnknown:
            self._unsettled = batch.claim.token
            return Written(plans=plans)
        except PASSING:
            raise
        except StoreError as fault:
            log.warning("batch_refused", jobs=len(plans), runs=len(batch.inserts), error=str(fault))
            return await self._write_in_pieces(batch, fresh, plans)
        return Written([*fresh, *claimed], plans, refused=not left_out.isdisjoint(self._left_out))

    async def _without_changed(
        self, batch: Batch, fresh: Sequence[RunDocument], plans: Sequence[JobPlan]
    ) -> tuple[Batch, list[RunDocument], list[JobPlan]]:
        """The same without the jobs that are not as they were planned any more. Fewer each time: it comes to an end."""
        changed = await self._passes.changed([plan.seen for plan in plans])
        gone = [plan for plan in plans if repr(plan.seen["_id"]) in changed]
        self._left_out |= {repr(plan.seen) for plan in gone}
        runs = {run["_id"] for plan in gone for run in (*plan.runs, *plan.records)}
        rows = {row["_id"] for plan in gone for row in plan.notices}
        left = [plan for plan in plans if repr(plan.seen["_id"]) not in changed]
        rest = replace(
            batch,
            jobs=[(plan.seen, plan.update) for plan in left],
            inserts=[run for run in batch.inserts if run["_id"] not in runs],
            drops=[drop for drop in batch.drops if repr(drop[0]) not in changed],
            notices=[row for row in batch.notices if row["_id"] not in rows],
        )
        return rest, [run for run in fresh if run["_id"] not in runs], left

    async def _write_in_pieces(self, batch: Batch, fresh: Sequence[RunDocument], plans: Sequence[JobPlan]) -> Written:
        """First what belongs to no job's plan, then each job alone; the culprit is put aside."""
        existing = await self._passes.existing([run["_id"] for run in batch.inserts])
        running = {run["_id"]: run for run in fresh}
        planned = {run["_id"] for plan in plans for run in (*plan.runs, *plan.records)}
        inserts = {run["_id"]: run for run in batch.inserts if run["_id"] not in existing}
        written: list[JobPlan] = []
        done = Written(plans=written)
        try:
            rest = [run for identity, run in inserts.items() if identity not in planned]
            pieces = [Batch(batch.claim, starts=batch.starts, retries=batch.retries, releases=batch.releases)]
            pieces += [Batch(batch.claim, inserts=[run]) for run in rest]
            pieces += [Batch(batch.claim, spoiled=[each]) for each in batch.spoiled]
            pieces += [Batch(batch.claim, late=[each]) for each in batch.late]
            for piece in pieces:
                await self._write_piece(piece, running, done)
            for plan in plans:
                mine = [inserts[run["_id"]] for run in (*plan.runs, *plan.records) if run["_id"] in inserts]
                if await self._write_plan(plan, mine, batch.claim):
                    written.append(plan)
                    done.runs += [running[run["_id"]] for run in mine if run["_id"] in running]
            done.refused = done.refused or len(written) < len(plans)
        except BaseException:
            self._unsettled = batch.claim.token  # what was committed before is running: the next pass starts it
            raise
        return done

    async def _write_plan(self, plan: JobPlan, inserts: list[RunDocument], claim: Claim) -> bool:
        single = Batch(claim, jobs=[(plan.seen, plan.update)], inserts=inserts, notices=plan.notices)
        single.drops = [(plan.job_id, plan.drop_pending)] if plan.drop_pending is not None else []
        try:
            await self._passes.commit(single)
        except StalePlan:
            return False
        except PASSING:
            raise
        except StoreError as fault:
            log.error("run_not_storable", job_id=str(plan.job_id), error=str(fault))
            aside = put_aside(plan.document, InvalidDefinition("", "a run of this job cannot be stored"), claim.now)
            with suppress(StalePlan):
                await self._passes.commit(Batch(claim, jobs=[(aside.seen, aside.update)]))
                report_quarantine(plan.job_id, aside.quarantine)
            return False
        return True

    async def _write_piece(self, piece: Batch, running: Mapping[Any, RunDocument], done: Written) -> None:
        try:
            done.runs += await self._passes.commit(piece)
        except PASSING:
            raise
        except StoreError as fault:
            done.refused = True
            culprits = [*piece.starts, *(run["_id"] for run in (*piece.inserts, *piece.late)), *piece.spoiled]
            log.error("runs_not_writable", runs=str(culprits)[:500], error=str(fault))
        else:
            done.runs += [running[run["_id"]] for run in piece.inserts if run["_id"] in running]


def report_quarantine(job_id: object, quarantine: Quarantine | None) -> None:
    """Tells the operator which job was put aside, and why."""
    if quarantine is not None:
        log.error("job_quarantined", job_id=str(job_id), field=quarantine.field, reason=quarantine.reason)
