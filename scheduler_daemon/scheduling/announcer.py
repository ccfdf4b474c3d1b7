"""Stores how runs ended and, in the same commit, queues the messages for those who want to know of it."""

from collections.abc import Callable, Sequence
from typing import Any

import structlog

from scheduler_daemon.notifications.alerts import MOST_MESSAGES, AlertedJob, AlertWriter, Audiences
from scheduler_daemon.store.alerts import AlertStore
from scheduler_daemon.store.finishes import ClaimLost, Finish, FinishStore, Notices, NoticesStale
from scheduler_daemon.store.transactions import TransactionSession
from shared.clock import Clock
from shared.errors import PASSING, StoreError, TransactionConflict

log = structlog.get_logger(__name__)

_TRIES = 5


class Announcer:
    """Stands before the FinishStore. Finishes that nobody is told of pass through untouched.

    An outcome is a fact: if its messages cannot be made, it is stored without them, and the log says so.
    """

    def __init__(
        self, store: FinishStore, jobs: AlertStore, writer: AlertWriter, clock: Clock, wake: Callable[[], None]
    ) -> None:
        """wake: messages were queued."""
        self._store = store
        self._jobs = jobs
        self._writer = writer
        self._clock = clock
        self._wake = wake

    async def write(self, session: TransactionSession, group: Sequence[Finish]) -> None:
        """Writes all. Those that are told go after the others; if one of them fails, the others are written."""
        told = {each.run["jobId"] for each in group if each.is_told}
        plain = [each for each in group if each.run["jobId"] not in told] if told else group
        if plain:
            await self._store.write(session, plain)
        if told:
            await self._announce(session, [each for each in group if each.run["jobId"] in told])

    async def write_one(self, session: TransactionSession, finish: Finish) -> bool:
        """Whether the ended attempt is recorded, now or by an earlier try. False: the claim was lost."""
        if finish.is_told:
            try:
                await self._announce(session, [finish])
            except PASSING:
                raise
            except ClaimLost:
                pass  # perhaps to an earlier try of ours: the store finds out
            except StoreError as fault:
                _report_lost([finish], str(fault))
            else:
                return True
        return await self._store.write_one(session, finish)

    async def _announce(self, session: TransactionSession, finishes: Sequence[Finish]) -> None:
        """In one transaction, or in several if there are too many messages for one."""
        for _ in range(_TRIES):
            notices = await self._notices(finishes)
            if len(notices.rows) > MOST_MESSAGES and len(finishes) > 1:
                middle = len(finishes) // 2
                await self._announce(session, finishes[:middle])
                await self._announce(session, finishes[middle:])
                return
            try:
                await self._store.write(session, finishes, notices)
            except NoticesStale:
                continue
            if notices.rows:
                log.info("alerts_queued", messages=len(notices.rows), runs=_runs_with(notices))
                self._wake()
            return
        raise TransactionConflict("other runs of the same job keep ending at the same time")

    async def _notices(self, finishes: Sequence[Finish]) -> Notices:
        """What is told of these finishes, as the jobs are now. A job whose alerts cannot be made is left out."""
        by_job: dict[str, list[Finish]] = {}
        for finish in finishes:
            by_job.setdefault(finish.run["jobId"], []).append(finish)
        documents = await self._jobs.jobs(list(by_job))
        notices, audiences, now = Notices(), Audiences(), self._clock.now()
        for job_id, ended in by_job.items():
            try:
                document = documents.get(job_id)
                job = None if document is None else AlertedJob.read(document)
                if job is None:  # nobody is left who wants to know
                    notices.runs |= {each.run["_id"]: 0 for each in ended if each.is_told}
                    continue
                told = await self._writer.of_finishes(job, ended, now, audiences)
            except PASSING:
                raise
            except Exception as fault:  # a malformed document, or people who are
                _report_lost(ended, f"{type(fault).__name__}")
                continue
            notices.runs |= told.counts
            notices.rows += told.rows
            if any(each.last_run is not None for each in ended):
                trouble = None if told.trouble is None else told.trouble.model_dump(by_alias=True)
                notices.jobs[job_id] = _as_seen(job), {"daemon.trouble": trouble}
        return notices


def _as_seen(job: AlertedJob) -> dict[str, Any]:
    """Every end of a run changes lastRun: while it is the same, the decision holds."""
    last = job.progress.last_run
    return {"daemon.lastRun.runId": None if last is None else last.run_id}


def _runs_with(notices: Notices) -> list[str]:
    return [run_id for run_id, count in notices.runs.items() if count][:20]


def _report_lost(finishes: Sequence[Finish], reason: str) -> None:
    for finish in finishes:
        if finish.is_told:
            log.error("alert_not_queued", job_id=finish.run["jobId"], run_id=finish.run["_id"], reason=reason)
