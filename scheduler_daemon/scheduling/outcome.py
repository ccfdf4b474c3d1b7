"""How an attempt ended, and what its run becomes: one pure function, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import bson

from scheduler_daemon.job_template import JobResult
from shared.clock import MILLISECOND
from shared.models.runs import LIVE, RunState
from shared.schedule.backoff import retry_delay

LARGEST_RESULT_BYTES = 16_384
LONGEST_SUMMARY = 2_000
DEEPEST_RESULT = 50
MOST_INTERRUPTIONS = 10
LONGEST_RETRY_AFTER = timedelta(days=1)
"""A template may put off the next attempt beyond the job's maxBackoff, because a server asked for it; not for ever."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The template returned a result."""

    result: JobResult


@dataclass(frozen=True, slots=True)
class Failed:
    """The template raised, or could not be started. retryable False: the same attempt would fail again."""

    type: str
    message: str
    retryable: bool = True


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The attempt exceeded the job's time-out."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A person or the overlap policy ended the run."""

    reason: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The daemon stopped, or died, in the middle. repeat: the template may be run again."""

    repeat: bool


Outcome = Returned | Failed | TimedOut | Cancelled | Interrupted


@dataclass(frozen=True, slots=True)
class Retention:
    """How long finished runs are kept."""

    success: timedelta
    failure: timedelta

    def of(self, state: RunState) -> timedelta:
        return self.success if state in (RunState.SUCCEEDED, RunState.SKIPPED) else self.failure


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The next state of a run and the update that brings it there."""

    state: RunState
    update: dict[str, Any]

    @property
    def terminal(self) -> bool:
        return self.state not in LIVE


def conclude(run: Mapping[str, Any], outcome: Outcome, now: datetime, retention: Retention) -> Conclusion:
    """What becomes of the running `run` (its document) after `outcome`."""
    match outcome:
        case Returned(JobResult(outcome="failure") as result):
            error = {"type": "JobFailure", "message": _text(result.summary)}
            conclusion = _failure(run, RunState.FAILED, error, result.retryable, now, retention, stored_result(result))
            return _put_off(conclusion, now + retry_after(result))
        case Returned(result):
            fields: dict[str, Any] = {"result": stored_result(result), "error": None}
            if result.outcome == "skipped":
                fields["reason"] = "the template had nothing to do"
            return _terminal(run, RunState.SUCCEEDED, fields, now, retention)
        case Failed(kind, message, retryable):
            error = {"type": kind, "message": _text(message)}
            return _failure(run, RunState.FAILED, error, retryable, now, retention, None)
        case TimedOut(seconds):
            error = {"type": "TimedOut", "message": f"the time-out of {seconds:g} s was exceeded"}
            return _failure(run, RunState.TIMED_OUT, error, True, now, retention, None)
        case Cancelled(reason):
            return _terminal(run, RunState.CANCELLED, {"reason": _text(reason)}, now, retention)
        case Interrupted(repeat):
            return _interrupted(run, repeat, now, retention)


def _failure(
    run: Mapping[str, Any],
    state: RunState,
    error: dict[str, Any],
    retryable: bool,
    now: datetime,
    retention: Retention,
    result: dict[str, Any] | None,
) -> Conclusion:
    counted = run["attempt"] - run.get("interruptions", 0)
    if not (retryable and _repeats(run, state, error["type"])) or counted >= run["maxAttempts"]:
        return _terminal(run, state, {"error": error, "result": result}, now, retention)
    delay = retry_delay(counted, run["backoffMs"] * MILLISECOND, run["maxBackoffMs"] * MILLISECOND, str(run["_id"]))
    update = _given_up(run, state, error, now, RunState.RETRY_WAIT)
    update["$set"] |= {"nextAttemptAt": now + delay, "error": error}
    return Conclusion(RunState.RETRY_WAIT, update)


def retry_after(result: JobResult) -> timedelta:
    """How long the next attempt waits at least, whatever the plugin put there."""
    asked = result.retry_after
    if not isinstance(asked, timedelta):
        return timedelta(0)
    return max(timedelta(0), min(asked, LONGEST_RETRY_AFTER)) // MILLISECOND * MILLISECOND


def _put_off(conclusion: Conclusion, earliest: datetime) -> Conclusion:
    """The same, with the next attempt, if there is one, not before `earliest`."""
    if conclusion.state is RunState.RETRY_WAIT:
        fields = conclusion.update["$set"]
        fields["nextAttemptAt"] = max(fields["nextAttemptAt"], earliest)
    return conclusion


def _repeats(run: Mapping[str, Any], state: RunState, error_type: str) -> bool:
    """Whether the job's retry policy repeats an attempt that ended so. Without retryOn every failure is repeated."""
    repeated = run.get("retryOn")
    return (repeated is None or state.value in repeated) and error_type not in (run.get("retryExcept") or ())


def _interrupted(run: Mapping[str, Any], repeat: bool, now: datetime, retention: Retention) -> Conclusion:
    error = {"type": "Interrupted", "message": "the scheduler stopped in the middle of this attempt"}
    interruptions = run.get("interruptions", 0) + 1
    if not repeat or interruptions > MOST_INTERRUPTIONS:
        return _terminal(run, RunState.INTERRUPTED, {"error": error}, now, retention)
    update = _given_up(run, RunState.INTERRUPTED, error, now, RunState.PENDING)
    update["$set"]["interruptions"] = interruptions
    return Conclusion(RunState.PENDING, update)


def _given_up(
    run: Mapping[str, Any], ended_as: RunState, error: dict[str, Any], now: datetime, next_state: RunState
) -> dict[str, Any]:
    """The attempt moves to the history and nobody holds the run any more."""
    attempt = {
        "number": run["attempt"],
        "startedAt": run.get("startedAt"),
        "finishedAt": now,
        "state": ended_as.value,
        "error": error,
    }
    return {
        "$set": {
            "state": next_state.value,
            "token": None,
            "epoch": None,
            "instance": None,
            "startedAt": None,
        },
        "$unset": {"slowAt": "", "progress": ""},
        "$push": {"attempts": attempt},
    }


def _terminal(
    run: Mapping[str, Any], state: RunState, fields: Mapping[str, Any], now: datetime, retention: Retention
) -> Conclusion:
    began, nominal = run.get("startedAt"), run.get("scheduledFor")
    # Kept from the nominal time on at least: a clock that stepped back must not have the record removed at once.
    kept_from = max(now, nominal) if isinstance(nominal, datetime) else now
    return Conclusion(
        state,
        {
            "$set": {
                "state": state.value,
                "finishedAt": now,
                "durationMs": max(0, (now - began) // MILLISECOND) if isinstance(began, datetime) else None,
                "expireAt": kept_from + retention.of(state),
                **fields,
            }
        },
    )


def _text(value: object) -> str:
    """Text that MongoDB takes: no unpaired surrogates (file names hold such), bounded."""
    return str(value)[:LONGEST_SUMMARY].encode("utf-8", "replace").decode()


def stored_result(result: JobResult) -> dict[str, Any]:
    """The stored result: metrics that cannot be stored, or are larger than 16 KiB, are left out and said so."""
    summary = _text(result.summary)
    if not result.metrics:
        return {"summary": summary, "metrics": {}}
    try:
        stored = {"summary": summary, "metrics": dict(result.metrics)}
        size = len(bson.encode(stored))
        if size > LARGEST_RESULT_BYTES:
            raise ValueError(f"{size} bytes, over 16 KiB")
        if _depth(stored) > DEEPEST_RESULT:
            raise ValueError(f"more than {DEEPEST_RESULT} levels")
    except Exception as fault:  # metrics are a plugin's own objects: anything may go wrong
        return {"summary": summary, "metrics": {"metricsLeftOut": _text(f"not storable: {fault}")[:200]}}
    return stored


def _depth(value: object) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return 1 + max((_depth(child) for child in children), default=0)
