"""Named points at which a daemon under test kills itself (SIGKILL), installed from outside around public methods."""

import functools
import os
import signal
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from scheduler_daemon.scheduling.recorder import Recorder
from scheduler_daemon.store.finishes import FinishStore
from scheduler_daemon.store.passes import Batch, PassStore
from scheduler_daemon.store.scheduler_state import SchedulerStateStore
from scheduler_daemon.store.transactions import Fence
from shared.models.runs import RunState

POINTS = {
    "materialise_not_committed": "the batch is written, not committed",
    "materialised": "pending runs are inserted",
    "claim_committed": "the claim is committed, nothing started",
    "executing": "execution began",
    "effect_done": "the effect is done, not recorded",
    "finish_committed": "the finish is committed, its answer not seen",
    "command_answered": "a command is answered",
    "lease_taken": "the lease is taken, the former sessions live",
    "sessions_ended": "the former sessions are ended, the fence is down",
    "fence_raised": "the fence is raised, nothing reconciled",
    "reclaimed": "a batch of runs is reclaimed",
}
"""Every row of the crash table in docs/protocols.md, and every step of a take-over."""

BETWEEN = "cursor_moved"
"""Exists only while a pass is torn in two (switches.py)."""

_armed: dict[str, int] = {}
_batch: ContextVar[Batch | None] = ContextVar("batch", default=None)


def reach(point: str) -> None:
    """The process ends here if this is its failpoint."""
    if point in _armed:
        _armed[point] -= 1
        if _armed[point] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str, after: int) -> None:
    """The process will die when it comes to `point` for the `after`-th time."""
    if point not in POINTS and point != BETWEEN:
        raise ValueError(f"there is no failpoint {point!r}")
    _armed[point] = after
    _around_passes()
    _after(FinishStore, "write", "finish_committed")
    _after(PassStore, "answer_commands", "command_answered")
    _after(PassStore, "reclaim", "reclaimed")
    _after(SchedulerStateStore, "take", "lease_taken", lambda before: before is not None)
    _after(SchedulerStateStore, "end_sessions", "sessions_ended")
    _after(SchedulerStateStore, "raise_fence", "fence_raised")
    _before_recording()


def _after(owner: type, name: str, point: str, counts: Callable[[Any], bool] = lambda _result: True) -> None:
    method: Callable[..., Awaitable[Any]] = getattr(owner, name)

    @functools.wraps(method)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = await method(*args, **kwargs)
        if counts(result):
            reach(point)
        return result

    setattr(owner, name, wrapped)


def _around_passes() -> None:
    commit, fenced = PassStore.commit, Fence.fenced

    async def commit_and_reach(self: PassStore, batch: Batch) -> list[dict[str, Any]]:
        mark = _batch.set(batch)
        try:
            claimed = await commit(self, batch)
        finally:
            _batch.reset(mark)
        if any(run["state"] == RunState.PENDING.value for run in batch.inserts):
            reach("materialised")
        if claimed or any(run["state"] == RunState.RUNNING.value for run in batch.inserts):
            reach("claim_committed")
        return claimed

    async def fenced_and_reach(self: Fence, work: Callable[..., Awaitable[Any]]) -> Any:
        batch = _batch.get()

        async def work_and_reach(session: Any) -> Any:
            result = await work(session)
            if batch is not None and batch.inserts:
                reach("materialise_not_committed")
            return result

        return await fenced(self, work_and_reach)

    PassStore.commit = commit_and_reach  # type: ignore[method-assign]
    Fence.fenced = fenced_and_reach  # type: ignore[method-assign]


def _before_recording() -> None:
    record = Recorder.record

    def reach_and_record(self: Recorder, *args: Any, **kwargs: Any) -> None:
        reach("effect_done")
        record(self, *args, **kwargs)

    Recorder.record = reach_and_record  # type: ignore[method-assign]
