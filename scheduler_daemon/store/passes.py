"""The fenced writes of the scheduler: one transaction per batch that plans jobs, inserts runs and claims them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from scheduler_daemon.store.alerts import insert_notices
from scheduler_daemon.store.mongo import Database, translated
from scheduler_daemon.store.transactions import Fence
from shared.collections import COMMANDS, DYNAMIC_JOBS, JOB_RUNS, NOTIFICATION_QUEUE
from shared.errors import StoreError
from shared.models.runs import RunState, SkipReason
from shared.queries import jobs as job_queries
from shared.queries import runs as queries
from shared.queries.run_documents import Claim

Document = dict[str, Any]
Change = tuple[Document, Document]


class StalePlan(StoreError):
    """A job was changed between planning and writing; the caller plans again, the transaction is not repeated."""


@dataclass(frozen=True, slots=True)
class HandledCommand:
    """The answer to a command, and what it asked for.

    update: of the command; runs: to insert; skipped: the job that skipped one of them, and why.
    """

    command_id: Any
    update: Document
    runs: Sequence[Document] = ()
    skipped: tuple[str, SkipReason] | None = None


@dataclass(slots=True)
class Batch:
    """What one transaction writes.

    jobs: compare-and-set (filter, update) pairs; inserts: new runs; starts: ids of pending runs to claim;
    retries, releases: ids that become claimable; drops: scheduled runs of a job that will not start;
    spoiled: pending runs that are malformed, with the reason; late: pending runs whose start deadline has passed;
    notices: messages for those who want to know of it.
    """

    claim: Claim
    jobs: list[Change] = field(default_factory=list)
    inserts: list[Document] = field(default_factory=list)
    starts: list[str] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    drops: list[tuple[str, SkipReason]] = field(default_factory=list)
    spoiled: list[tuple[Any, str]] = field(default_factory=list)
    late: list[Document] = field(default_factory=list)
    notices: list[Document] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        ended = self.drops or self.spoiled or self.late
        return not (self.jobs or self.inserts or self.starts or self.retries or self.releases or ended)


class PassStore:
    """Commits batches, and takes over what dead leaders left, under the fence."""

    def __init__(self, database: Database, fence: Fence, keep_skipped: timedelta, keep_failed: timedelta) -> None:
        self._jobs = database[DYNAMIC_JOBS]
        self._runs = database[JOB_RUNS]
        self._commands = database[COMMANDS]
        self._queue = database[NOTIFICATION_QUEUE]
        self._fence = fence
        self._keep_skipped = keep_skipped
        self._keep_failed = keep_failed

    async def commit(self, batch: Batch) -> list[Document]:
        """Writes the batch or nothing; answers the formerly pending runs that are running now.

        StalePlan: a job was changed since it was read; plan again.
        """

        async def work(session: AsyncClientSession) -> list[Document]:
            if batch.jobs:
                changed = await self._jobs.bulk_write(
                    [UpdateOne(criteria, update) for criteria, update in batch.jobs], session=session
                )
                if changed.matched_count != len(batch.jobs):
                    raise StalePlan("a job was changed since it was read")
            await self._end_without_start(batch, session)
            if batch.notices:
                await insert_notices(self._queue, batch.notices, session)
            if batch.inserts:
                await self._runs.insert_many(batch.inserts, session=session)
            await self._make_claimable(batch, session)
            return await self._start(batch, session)

        return await self._fence.fenced(work)

    async def changed(self, seen: Sequence[Document]) -> set[str]:
        """repr() of the identities of those that do not match their compare-and-set filter any more."""
        as_stored: dict[str, Document] = {}
        with translated():
            fields = {"revision": 1, "daemon.nextRun": 1}
            for job in await self._jobs.find({"_id": {"$in": [each["_id"] for each in seen]}}, fields).to_list():
                progress = job.get("daemon")
                next_run = progress.get("nextRun") if isinstance(progress, dict) else None
                as_stored[repr(job["_id"])] = {
                    "_id": job["_id"],
                    "revision": job.get("revision"),
                    "daemon.nextRun": next_run,
                }
        return {repr(each["_id"]) for each in seen if not each.items() <= as_stored.get(repr(each["_id"]), {}).items()}

    async def existing(self, identities: Sequence[str]) -> set[str]:
        """Which of these runs exist already."""
        with translated():
            found = await self._runs.find({"_id": {"$in": list(identities)}}, {"_id": 1}).to_list()
        return {run["_id"] for run in found}

    async def settle(self) -> None:
        """Decides an open commit of the fenced session: after this, reading by token tells what happened."""

        async def nothing(_session: AsyncClientSession) -> None:
            return None

        await self._fence.fenced(nothing)

    async def reclaim(self, changes: Sequence[Change]) -> int:
        """Applies compare-and-set updates to runs that dead leaders left; answers how many were still so."""

        async def work(session: AsyncClientSession) -> int:
            result = await self._runs.bulk_write(
                [UpdateOne(criteria, update) for criteria, update in changes], session=session
            )
            return result.matched_count

        return await self._fence.fenced(work)

    async def skip_late(self, late: Sequence[Document], notices: Sequence[Document], now: datetime) -> None:
        """Ends pending runs whose start deadline has passed, and queues the messages that say so."""

        async def work(session: AsyncClientSession) -> None:
            await self._skip_late(late, now, session)
            if notices:
                await insert_notices(self._queue, notices, session)

        await self._fence.fenced(work)

    async def answer_commands(self, answers: Sequence[HandledCommand]) -> None:
        """Marks commands as handled and, in the same commit, inserts the runs that they asked for."""

        async def work(session: AsyncClientSession) -> None:
            for answer in answers:
                criteria = {"_id": answer.command_id, "handledAt": None}
                answered = await self._commands.update_one(criteria, answer.update, session=session)
                if answered.matched_count and answer.runs:
                    await self._insert_missing(answer.runs, session)
                if answered.matched_count and answer.skipped is not None:
                    await self._count_skipped(*answer.skipped, 1, session)

        await self._fence.fenced(work)

    async def insert_missing(self, runs: Sequence[Document]) -> None:
        """Inserts those of the runs that do not exist yet."""

        async def work(session: AsyncClientSession) -> None:
            await self._insert_missing(runs, session)

        await self._fence.fenced(work)

    async def _insert_missing(self, runs: Sequence[Document], session: AsyncClientSession) -> None:
        await self._runs.bulk_write(
            [UpdateOne({"_id": run["_id"]}, {"$setOnInsert": run}, upsert=True) for run in runs], session=session
        )

    async def _end_without_start(self, batch: Batch, session: AsyncClientSession) -> None:
        now = batch.claim.now
        for job_id, why in batch.drops:
            criteria, update = queries.not_started(job_id, why, now, self._keep_skipped)
            dropped = await self._runs.update_many(criteria, update, session=session)
            await self._count_skipped(job_id, why, dropped.modified_count, session)
        for identity, reason in batch.spoiled:
            criteria, update = queries.spoiled(identity, reason, now, self._keep_failed)
            await self._runs.update_one(criteria, update, session=session)
        await self._skip_late(batch.late, now, session)

    async def _skip_late(self, late: Sequence[Document], now: datetime, session: AsyncClientSession) -> None:
        by_job: dict[str, list[str]] = {}
        for run in late:
            by_job.setdefault(run["jobId"], []).append(run["_id"])
        for job_id, identities in by_job.items():
            criteria, update = queries.too_late(identities, now, self._keep_skipped)
            ended = await self._runs.update_many(criteria, update, session=session)
            await self._count_skipped(job_id, "deadline", ended.modified_count, session)

    async def _count_skipped(self, job_id: str, why: SkipReason, count: int, session: AsyncClientSession) -> None:
        if count:
            criteria, update = job_queries.skipped_later(job_id, why, count)
            await self._jobs.update_one(criteria, update, session=session)

    async def _make_claimable(self, batch: Batch, session: AsyncClientSession) -> None:
        if batch.retries:
            await self._runs.update_many(
                {"_id": {"$in": batch.retries}, "state": RunState.RETRY_WAIT.value},
                queries.retry_again(),
                session=session,
            )
        if batch.releases:
            await self._runs.update_many(
                queries.still_waiting({"$in": batch.releases}),
                queries.released(),
                session=session,
            )

    async def _start(self, batch: Batch, session: AsyncClientSession) -> list[Document]:
        if not batch.starts:
            return []
        criteria, update = queries.start(batch.starts, batch.claim)
        await self._runs.update_many(criteria, update, session=session)
        return await self._runs.find(
            {"_id": {"$in": batch.starts}, "token": batch.claim.token, "state": RunState.RUNNING.value},
            session=session,
        ).to_list()
