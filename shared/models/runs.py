"""A run: one occurrence of a job, executed. Its states, who may follow whom, and the stored document.

```mermaid
stateDiagram-v2
    [*] --> pending
    pending --> running
    pending --> skipped
    pending --> cancelled
    running --> succeeded
    running --> failed
    running --> timed_out
    running --> cancelled
    running --> interrupted
    running --> retry_wait
    running --> pending
    retry_wait --> pending
    retry_wait --> cancelled
    retry_wait --> skipped
```
`running --> pending` is the reconciliation of a run whose scheduler died, and the hand-back at a stop.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from shared.models.base import Anything, Document, Moment, Part


class RunState(StrEnum):
    """Where a run is in its life."""

    PENDING = "pending"  # durable, waits for a slot
    RUNNING = "running"  # claimed; token and epoch say by whom
    RETRY_WAIT = "retry_wait"  # an attempt failed; the next is at nextAttemptAt
    SUCCEEDED = "succeeded"  # the template said so
    FAILED = "failed"  # the last attempt failed
    TIMED_OUT = "timed_out"  # the last attempt exceeded the job's time-out
    CANCELLED = "cancelled"  # a person, or the overlap policy, ended it
    INTERRUPTED = "interrupted"  # its scheduler died and its template must not be repeated
    SKIPPED = "skipped"  # never started; the reason says why


LIVE = (RunState.PENDING, RunState.RUNNING, RunState.RETRY_WAIT)
TERMINAL = tuple(state for state in RunState if state not in LIVE)
FAILURES = (RunState.FAILED, RunState.TIMED_OUT, RunState.INTERRUPTED)

TRANSITIONS: dict[RunState, tuple[RunState, ...]] = {
    RunState.PENDING: (RunState.RUNNING, RunState.SKIPPED, RunState.CANCELLED),
    RunState.RUNNING: (
        RunState.SUCCEEDED,
        RunState.FAILED,
        RunState.TIMED_OUT,
        RunState.CANCELLED,
        RunState.INTERRUPTED,
        RunState.RETRY_WAIT,
        RunState.PENDING,
    ),
    RunState.RETRY_WAIT: (RunState.PENDING, RunState.CANCELLED, RunState.SKIPPED),
    **dict.fromkeys(TERMINAL, ()),
}

Trigger = Literal["schedule", "due", "manual", "retry", "backfill"]
SkipReason = Literal["overlap", "misfire", "deadline", "paused", "deleted", "excluded"]


class RunResult(Part):
    """What a template reports: one sentence and numbers."""

    summary: str
    metrics: dict[str, Anything] = {}


class RunError(Part):
    """Why an attempt failed."""

    type: str
    message: str


class Attempt(Part):
    """One earlier attempt of a run."""

    number: int
    started_at: Moment | None = None
    finished_at: Moment
    state: RunState
    error: RunError | None = None


class SkippedSpan(Part):
    """The nominal instants that one `skipped` document stands for. exact false: count is a lower bound."""

    first: Moment = Field(alias="from")
    last: Moment = Field(alias="to")
    count: int
    exact: bool
    name: str = ""
    """Of the calendar entries that leave them out."""


class RunProgress(Part):
    """How far an attempt has come, as its template says."""

    done: float
    total: float | None = None
    message: str = ""
    at: Moment


class Run(Document):
    """`job_runs`. `_id` is `<jobId>:<scheduledFor in ms>`: one occurrence can exist once only."""

    id: str = Field(alias="_id")
    job_id: str
    job_revision: int
    template: str
    trigger: Trigger
    scheduled_for: Moment
    state: RunState
    attempt: int = 0
    max_attempts: int = 1
    interruptions: int = 0
    """Attempts that ended because their scheduler died or stopped; they do not count against maxAttempts."""
    timeout_ms: int
    backoff_ms: int
    max_backoff_ms: int
    soft_timeout_ms: int | None = None
    slow_at: Moment | None = None
    """When the present attempt exceeded the soft time-out."""
    start_by: Moment | None = None
    """Skipped (reason `deadline`) if it has not started by then."""
    retry_on: list[str] | None = None
    """Endings that are repeated; None: every failure."""
    retry_except: list[str] = Field(default_factory=list)
    alerts: bool = False
    """Whether somebody is told how it ends."""
    notices: int | None = None
    """How many messages were queued in the commit that ended it; None: nothing was decided."""
    params: dict[str, Anything]
    priority: int = 0
    waiting: bool = False
    """Pending behind an earlier run of the same job (overlap policy, maxConcurrent, backfill)."""
    width: int = 1
    """While it waits: it may start as soon as fewer runs of its job than this are alive."""
    progress: RunProgress | None = None
    token: str | None = None
    epoch: int | None = None
    instance: str | None = None
    created_at: Moment
    created_by: str
    started_at: Moment | None = None
    finished_at: Moment | None = None
    duration_ms: int | None = None
    next_attempt_at: Moment | None = None
    attempts: list[Attempt] = Field(default_factory=list)
    result: RunResult | None = None
    error: RunError | None = None
    reason: str | None = None
    span: SkippedSpan | None = None
    expire_at: Moment | None = None


def run_id(job_id: str, scheduled_for_ms: int) -> str:
    """The identity of a scheduled occurrence."""
    return f"{job_id}:{scheduled_for_ms}"


def due_run_id(job_id: str, moment_ms: int) -> str:
    """The identity of a run that a due source asked for."""
    return f"{job_id}:d:{moment_ms}"


def backfill_run_id(job_id: str, command_id: str, scheduled_for_ms: int) -> str:
    """The identity of a past occurrence that a person asked for; the same command is the same run."""
    return f"{job_id}:b:{command_id}:{scheduled_for_ms}"


def manual_run_id(job_id: str, key: str) -> str:
    """The identity of a run that a person asked for; the same idempotency key is the same run."""
    return f"{job_id}:m:{key}"
