"""Switches that turn one protection of a daemon under test off: what the negative controls are made of."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from pymongo.write_concern import WriteConcern

from scheduler_daemon.notifications.occurrence_messages import OccurrenceMessages
from scheduler_daemon.scheduling import planner
from scheduler_daemon.scheduling.dead_man import DeadManTimer
from scheduler_daemon.scheduling.executor import Executor
from scheduler_daemon.scheduling.heartbeat import HeartbeatLoop
from scheduler_daemon.scheduling.leadership import Leadership
from scheduler_daemon.scheduling.rescuer import Rescuer
from scheduler_daemon.store import transactions
from scheduler_daemon.store.passes import Batch, PassStore
from scheduler_daemon.store.transactions import Fence
from shared.collections import CLIENT_OPTIONS
from shared.logging import LogOutput
from shared.queries import jobs as job_queries
from tests.faults.failpoints import BETWEEN, reach

LINGER_SECONDS = 0.03


def _take_over() -> None:
    """What dead leaders left is not reconciled."""

    async def nothing(_self: Rescuer, _epoch: int) -> None:
        return None

    Rescuer.take_over = nothing  # type: ignore[method-assign]


def _atomic_pass() -> None:
    """The cursors move in a commit of their own, before the runs are inserted."""
    commit = PassStore.commit

    async def torn(self: PassStore, batch: Batch) -> list[dict[str, Any]]:
        if batch.jobs and batch.inserts:
            await commit(self, Batch(batch.claim, jobs=batch.jobs))
            reach(BETWEEN)
            batch = dataclasses.replace(batch, jobs=[])
        return await commit(self, batch)

    PassStore.commit = torn  # type: ignore[method-assign]


def _dead_man() -> None:
    """Nothing kills a leader that was frozen past its deadline."""
    DeadManTimer.arm = lambda _self, _seconds: None  # type: ignore[method-assign,assignment]


def _deadline() -> None:
    """A leader never stops by itself for want of a renewal."""
    Leadership.deadline_seconds = property(lambda _self: 1e6)  # type: ignore[method-assign,assignment]


def _fence() -> None:
    """A replaced leader can still commit."""

    async def unfenced(self: Fence, work: Callable[..., Awaitable[Any]]) -> Any:
        return await self._session.run(work)

    Fence.fenced = unfenced  # type: ignore[method-assign]


def _majority() -> None:
    """A write counts as done when one member has it."""
    CLIENT_OPTIONS.update(w=1, readConcernLevel="local")
    transactions.WriteConcern = lambda _w: WriteConcern(1)  # type: ignore[attr-defined,misc,assignment]


def _clock_check() -> None:
    """Any clock is trusted."""
    HeartbeatLoop.clock_is_trusted = property(lambda _self: True)  # type: ignore[method-assign,assignment]


def _quarantine() -> None:
    """A malformed job is not put aside."""

    def refuse(_document: object, fault: Exception, _now: object) -> None:
        raise fault

    planner.put_aside = refuse  # type: ignore[assignment]


def _compare_and_set() -> None:
    """A plan is written although its job was changed meanwhile."""
    job_queries.as_seen = lambda job: {"_id": job.id}


def _identity() -> None:
    """The identity of a run says nothing about its occurrence."""
    planner.run_id = lambda job_id, _ms: f"{job_id}:{uuid4().hex}"  # type: ignore[assignment]


def _message_identity() -> None:
    """The identity of a message says nothing about its recipient."""
    OccurrenceMessages.identity = lambda _self, *_of: uuid4().hex  # type: ignore[method-assign,assignment]


def _wait_for_runs() -> None:
    """A stopping daemon gives its lease away although runs of its own are alive."""

    async def at_once(_self: Executor) -> bool:
        return True

    Executor.interrupt_all = at_once  # type: ignore[method-assign]


def _unfailing_log() -> None:
    """An error of the log's file reaches whoever logs."""

    def write(self: LogOutput, text: str) -> int:
        self._write_all(text)
        return len(text)

    LogOutput.write = write  # type: ignore[method-assign]


def _quick_pass() -> None:
    """A pass lingers between reading and writing, so that others get in between. No protection: it makes races.

    Switched off twice, it lingers twice as long.
    """
    commit = PassStore.commit

    async def late(self: PassStore, batch: Batch) -> list[dict[str, Any]]:
        await asyncio.sleep(LINGER_SECONDS)
        return await commit(self, batch)

    PassStore.commit = late  # type: ignore[method-assign]


SWITCHES: dict[str, Callable[[], None]] = {
    "take_over": _take_over,
    "atomic_pass": _atomic_pass,
    "dead_man": _dead_man,
    "deadline": _deadline,
    "fence": _fence,
    "majority": _majority,
    "clock_check": _clock_check,
    "quarantine": _quarantine,
    "compare_and_set": _compare_and_set,
    "identity": _identity,
    "message_identity": _message_identity,
    "wait_for_runs": _wait_for_runs,
    "unfailing_log": _unfailing_log,
    "quick_pass": _quick_pass,
}


def switch_off(protection: str) -> None:
    """Of this process, for good."""
    SWITCHES[protection]()
