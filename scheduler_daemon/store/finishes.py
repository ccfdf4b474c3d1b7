"""Writes how runs ended. Not fenced: an ended attempt is a fact, and the claim's token protects it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pymongo import UpdateMany, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from scheduler_daemon.store.alerts import insert_notices
from scheduler_daemon.store.many_updates import set_in_each
from scheduler_daemon.store.mongo import Database, translated
from scheduler_daemon.store.transactions import TransactionSession
from shared.collections import DYNAMIC_JOBS, JOB_RUNS, NOTIFICATION_QUEUE
from shared.errors import DocumentRefused, StoreError
from shared.models.runs import RunState
from shared.queries import jobs as job_queries
from shared.queries import runs as run_queries

Document = dict[str, Any]


class ClaimLost(StoreError):
    """At least one run of the group is no longer held by its claim; nothing of the group was written."""


class NoticesStale(StoreError):
    """Another run of a job ended since its notices were decided; nothing was written, decide again."""


@dataclass(frozen=True, slots=True)
class Finish:
    """One ended attempt: the run as it was claimed, its next state, and the update that brings it there."""

    run: Document
    state: RunState
    update: Document
    last_run: Document | None
    """What the job shows as its last run; None if the run has not ended."""

    @property
    def is_told(self) -> bool:
        """Whether somebody wants to know of this end."""
        return self.last_run is not None and self.run.get("alerts") is True


@dataclass(slots=True)
class Notices:
    """What is written together with finishes because somebody wants to know of them.

    jobs: by id, what must still hold of a job for the decision to be right, and the fields that it gets;
    runs: by id, how many messages tell of a run; rows: the messages.
    """

    jobs: dict[str, tuple[Document, Document]] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    rows: list[Document] = field(default_factory=list)


class FinishStore:
    """Each method is one transaction on the given session."""

    def __init__(self, database: Database) -> None:
        self._runs = database[JOB_RUNS]
        self._jobs = database[DYNAMIC_JOBS]
        self._queue = database[NOTIFICATION_QUEUE]

    async def write(self, session: TransactionSession, group: Sequence[Finish], notices: Notices | None = None) -> None:
        """Writes all or nothing. ClaimLost: go one by one; NoticesStale: decide on the notices again."""
        notices = notices or Notices()
        runs = _run_updates([_with_count(each, notices) for each in group] if notices.runs else group)
        updates = _job_updates(group)
        plain = [UpdateOne(*each) for job_id, each in updates.items() if job_id not in notices.jobs]
        seen = [_job_update(*updates[job_id], *change) for job_id, change in notices.jobs.items()]
        rows = notices.rows

        async def work(transaction: AsyncClientSession) -> None:
            result = await self._runs.bulk_write(runs, ordered=False, session=transaction)
            if result.matched_count != len(group):
                raise ClaimLost(f"{len(group) - result.matched_count} of {len(group)} claims were lost")
            if plain:
                await self._jobs.bulk_write(plain, ordered=False, session=transaction)
            if seen:
                changed = await self._jobs.bulk_write(seen, ordered=False, session=transaction)
                if changed.matched_count != len(seen):
                    raise NoticesStale("another run of a job ended since its notices were decided")
            if rows:
                await insert_notices(self._queue, rows, transaction)

        await session.run(work)

    async def write_one(self, session: TransactionSession, finish: Finish) -> bool:
        """Whether the ended attempt is recorded, now or by an earlier try. False: the claim was lost."""
        try:
            await self.write(session, [finish])
        except ClaimLost:
            return await self._recorded_before(finish)
        except DocumentRefused:  # the job document is malformed; the run's end is recorded all the same
            alone = Finish(finish.run, finish.state, finish.update, None)
            try:
                await self.write(session, [alone])
            except ClaimLost:
                return await self._recorded_before(finish)
        return True

    async def _recorded_before(self, finish: Finish) -> bool:
        with translated():
            found = await self._runs.find_one(
                {"_id": finish.run["_id"]}, {"state": 1, "token": 1, "attempts.number": 1}
            )
        if found is None:
            return False
        if found["state"] == finish.state.value and found.get("token") == finish.run["token"]:
            return True
        return any(each.get("number") == finish.run["attempt"] for each in found.get("attempts", ()))


def _with_count(finish: Finish, notices: Notices) -> Finish:
    """The run keeps how many messages tell of its end."""
    count = notices.runs.get(finish.run["_id"])
    if count is None:
        return finish
    return replace(finish, update={**finish.update, "$set": {**finish.update["$set"], "notices": count}})


def _run_updates(group: Sequence[Finish]) -> list[UpdateOne | UpdateMany]:
    """Compare-and-set of every run, those of one claim in one statement."""
    plain: dict[str, list[tuple[Any, Document]]] = {}
    operations: list[UpdateOne | UpdateMany] = []
    for each in group:
        token, identity = each.run["token"], each.run["_id"]
        if each.update.keys() == {"$set"}:
            plain.setdefault(token, []).append((identity, each.update["$set"]))
        else:
            operations.append(UpdateOne(run_queries.held_by(token, identity), each.update))
    for token, changes in plain.items():
        operations += set_in_each(run_queries.held(token), changes)
    return operations


def _job_updates(group: Sequence[Finish]) -> dict[str, tuple[Document, Document]]:
    """By job: filter and update."""
    by_job: dict[str, list[tuple[RunState, Document]]] = {}
    for finish in group:
        if finish.last_run is not None:
            by_job.setdefault(finish.run["jobId"], []).append((finish.state, finish.last_run))
    return {job_id: job_queries.finished(job_id, finishes) for job_id, finishes in by_job.items()}


def _job_update(criteria: Document, update: Document, holds: Document, changes: Document) -> UpdateOne:
    return UpdateOne({**criteria, **holds}, {**update, "$set": {**update["$set"], **changes}})
