"""Makes outcomes durable in groups: what ends while a commit is under way goes into the next one."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog

from scheduler_daemon.scheduling.outcome import Failed, Outcome, Retention, conclude
from scheduler_daemon.store.finishes import Finish
from scheduler_daemon.store.transactions import MOST_DOCUMENTS, TransactionSession
from shared.clock import Clock
from shared.errors import PASSING, StoreError
from shared.models.runs import FAILURES, RunState

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 2.0


class Outcomes(Protocol):
    """Where outcomes are stored: FinishStore, and what stands before it."""

    async def write(self, session: TransactionSession, group: Sequence[Finish]) -> None: ...

    async def write_one(self, session: TransactionSession, finish: Finish) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Entry:
    finish: Finish
    done: Callable[[], None]


class Recorder:
    """Group commit of outcomes, one flush per session at a time. An outcome is kept until it is stored."""

    def __init__(
        self,
        store: Outcomes,
        sessions: Sequence[TransactionSession],
        clock: Clock,
        retention: Retention,
        look_by: Callable[[datetime], None],
        on_stored: Callable[[Sequence[Finish]], None],
    ) -> None:
        """look_by: told when a run is to be tried again. on_stored: told what is durable now."""
        self._store = store
        self._sessions = list(sessions)
        self._clock = clock
        self._retention = retention
        self._look_by = look_by
        self._on_stored = on_stored
        self._buffer: list[_Entry] = []
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._busy = 0

    def record(self, run: dict[str, Any], outcome: Outcome, done: Callable[[], None]) -> None:
        """Takes an outcome. done is called when it is durable, or when it is certain that the claim was lost."""
        try:
            finish = self._finish(run, outcome)
        except Exception as fault:  # an outcome is a plugin's own object: anything may go wrong
            log.error("outcome_unusable", run_id=run["_id"], exc_info=True)
            finish = self._finish(run, Failed("InvalidResult", f"the result is unusable: {fault}", retryable=False))
        self._buffer.append(_Entry(finish, done))
        self._idle.clear()
        self._arrived.set()

    async def run(self) -> None:
        """Flushes for ever; cancel it after wait_until_idle()."""
        async with asyncio.TaskGroup() as flushers:
            for session in self._sessions:
                flushers.create_task(self._flush_on(session))

    async def wait_until_idle(self) -> None:
        """Until everything that was recorded is stored."""
        await self._idle.wait()

    def _finish(self, run: dict[str, Any], outcome: Outcome) -> Finish:
        now = self._clock.now()
        conclusion = conclude(run, outcome, now, self._retention)
        last_run = None
        if conclusion.terminal:
            last_run = {
                "runId": run["_id"],
                "state": conclusion.state.value,
                "scheduledFor": run["scheduledFor"],
                "finishedAt": now,
                "durationMs": conclusion.update["$set"]["durationMs"],
            }
        return Finish(run, conclusion.state, conclusion.update, last_run)

    async def _flush_on(self, session: TransactionSession) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(0)  # lets runs that end in the same breath join the group
            group, self._buffer = self._buffer[:MOST_DOCUMENTS], self._buffer[MOST_DOCUMENTS:]
            if not self._buffer:
                self._arrived.clear()
            if not group:
                continue
            self._busy += 1
            try:
                await self._store_group(session, group)
            finally:
                self._busy -= 1
            if not self._busy and not self._buffer:
                self._idle.set()

    async def _store_group(self, session: TransactionSession, group: list[_Entry]) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._store.write(session, [entry.finish for entry in group])
            except PASSING as fault:
                pause = await self._wait(len(group), fault, pause)
            except StoreError:  # one of them is at fault, and only that one shall pay for it
                for entry in group:
                    await self._store_single(session, entry)
                return
            else:
                self._on_stored([entry.finish for entry in group])
                for entry in group:
                    self._settle(entry)
                return

    async def _store_single(self, session: TransactionSession, entry: _Entry) -> None:
        pause = _FIRST_PAUSE_SECONDS
        refused = False
        while True:
            try:
                stored = await self._store.write_one(session, entry.finish)
            except PASSING as fault:
                pause = await self._wait(1, fault, pause)
                continue
            except StoreError as fault:
                log.error("outcome_refused", run_id=entry.finish.run["_id"], error=str(fault), again=not refused)
                if not refused:
                    refused = True
                    plain = Failed("NotStorable", "the database refused the outcome", retryable=False)
                    entry = _Entry(self._finish(entry.finish.run, plain), entry.done)
                    continue
                stored = False
            else:
                if stored:
                    self._on_stored([entry.finish])
                else:
                    log.error("run_claim_lost", run_id=entry.finish.run["_id"], job_id=entry.finish.run["jobId"])
            self._settle(entry, stored=stored)
            return

    async def _wait(self, runs: int, fault: StoreError, pause: float) -> float:
        """Waits before the next try; answers how long the wait after it is."""
        log.warning("outcomes_not_stored", runs=runs, error=str(fault), pause_seconds=pause)
        await asyncio.sleep(pause)
        return min(_LONGEST_PAUSE_SECONDS, pause * 2)

    def _settle(self, entry: _Entry, *, stored: bool = True) -> None:
        if stored:
            _report(entry.finish)
        entry.done()
        if stored and entry.finish.state is RunState.RETRY_WAIT:
            self._look_by(entry.finish.update["$set"]["nextAttemptAt"])


def _report(finish: Finish) -> None:
    run, fields = finish.run, finish.update["$set"]
    report = log.warning if finish.state in FAILURES or finish.state is RunState.RETRY_WAIT else log.info
    error = fields.get("error")
    report(
        "run_finished",
        run_id=run["_id"],
        job_id=run["jobId"],
        template=run["template"],
        attempt=run["attempt"],
        state=finish.state.value,
        duration_ms=fields.get("durationMs"),
        error=error and error["message"],
    )
