"""Invariants of single runs: legal combinations of state, claim and dates; one run per occurrence."""

from typing import get_args

from shared.collections import JOB_RUNS
from shared.models.runs import LIVE, TERMINAL, RunState, SkipReason
from shared.queries.audit.check import (
    GIVEN,
    NOT_A_DATE,
    NOT_A_NUMBER,
    NOT_TEXT,
    Check,
    Filter,
    if_numbers,
    is_date,
    no_document,
    nothing_twice,
)

ALL = [state.value for state in RunState]
LIVE_STATES = [state.value for state in LIVE]
IDLE_STATES = [RunState.PENDING.value, RunState.RETRY_WAIT.value]
TERMINAL_STATES = [state.value for state in TERMINAL]
RUNNING = RunState.RUNNING.value
_INTERRUPTIONS = {"$ifNull": ["$interruptions", 0]}
_NAMED_AFTER_OCCURRENCE = {
    "$cond": [
        {
            "$and": [
                {"$eq": [{"$type": "$_id"}, "string"]},
                {"$eq": [{"$type": "$jobId"}, "string"]},
                is_date("$scheduledFor"),
            ]
        },
        {
            "$and": [
                {"$eq": [{"$indexOfBytes": ["$_id", {"$concat": ["$jobId", ":b:"]}]}, 0]},
                {"$eq": [{"$last": {"$split": ["$_id", ":"]}}, {"$toString": {"$toLong": "$scheduledFor"}}]},
            ]
        },
        False,
    ]
}


def _no_run(name: str, promise: str, criteria: Filter, *shows: str) -> Check:
    return no_document(name, JOB_RUNS, promise, criteria, ("state", *shows))


RUN_CHECKS: tuple[Check, ...] = (
    _no_run("run_state_unknown", "a run is in a state of the table", {"state": {"$nin": ALL}}),
    _no_run(
        "run_running_unclaimed",
        "a running run has token, epoch, instance, startedAt and an attempt",
        {
            "state": RUNNING,
            "$or": [
                {"token": NOT_TEXT},
                {"epoch": NOT_A_NUMBER},
                {"instance": NOT_TEXT},
                {"startedAt": NOT_A_DATE},
                {"attempt": {"$not": {"$gte": 1}}},
            ],
        },
        "token", "epoch", "instance", "startedAt", "attempt",
    ),
    _no_run(
        "run_idle_claimed",
        "nobody holds a run that does not run",
        {
            "state": {"$in": IDLE_STATES},
            "$or": [{"token": GIVEN}, {"epoch": GIVEN}, {"instance": GIVEN}, {"startedAt": GIVEN}],
        },
        "token", "epoch", "instance", "startedAt",
    ),
    _no_run(
        "run_waiting_not_pending",
        "only a pending run waits behind another",
        {"waiting": True, "state": {"$in": ALL, "$ne": RunState.PENDING.value}},
    ),
    _no_run(
        "run_ended_without_dates",
        "a run that has ended has finishedAt and expireAt",
        {"state": {"$in": TERMINAL_STATES}, "$or": [{"finishedAt": NOT_A_DATE}, {"expireAt": NOT_A_DATE}]},
        "finishedAt", "expireAt",
    ),
    _no_run(
        "run_live_with_end",
        "a run that has not ended has neither finishedAt nor expireAt",
        {"state": {"$in": LIVE_STATES}, "$or": [{"finishedAt": GIVEN}, {"expireAt": GIVEN}]},
        "finishedAt", "expireAt",
    ),
    _no_run(
        "run_retry_date",
        "a run between two attempts, and no other, has nextAttemptAt",
        {
            "$or": [
                {"state": RunState.RETRY_WAIT.value, "nextAttemptAt": NOT_A_DATE},
                {"state": {"$in": ALL, "$ne": RunState.RETRY_WAIT.value}, "nextAttemptAt": GIVEN},
            ]
        },
        "nextAttemptAt",
    ),
    _no_run(
        "run_span_not_skipped",
        "only a skipped run stands for a span of occurrences",
        {"span": GIVEN, "state": {"$in": ALL, "$ne": RunState.SKIPPED.value}},
        "span",
    ),
    _no_run(
        "run_skipped_without_reason",
        "a skipped run says why, in one of the words for it",
        {"state": RunState.SKIPPED.value, "reason": {"$nin": list(get_args(SkipReason))}},
        "reason",
    ),
    _no_run(
        "run_slow_without_limit",
        "only a run with a soft time-out is slow",
        {"slowAt": GIVEN, "softTimeoutMs": NOT_A_NUMBER},
        "slowAt", "softTimeoutMs",
    ),
    _no_run(
        "run_backfill_identity",
        "the run of a past occurrence is named after its job and its nominal time",
        {"trigger": "backfill", "span": None, "$expr": {"$not": [_NAMED_AFTER_OCCURRENCE]}},
        "trigger", "jobId", "scheduledFor",
    ),
    _no_run(
        "run_too_many_attempts",
        "a run has at most maxAttempts attempts, interruptions not counted",
        {
            "$expr": if_numbers(
                ["$attempt", "$maxAttempts", _INTERRUPTIONS],
                {"$gt": [{"$subtract": ["$attempt", _INTERRUPTIONS]}, "$maxAttempts"]},
            )
        },
        "attempt", "maxAttempts", "interruptions",
    ),
    nothing_twice(
        "run_occurrence_twice",
        JOB_RUNS,
        "an occurrence of a job is one run",
        {"trigger": "schedule", "span": None},
        {"jobId": "$jobId", "scheduledFor": "$scheduledFor"},
    ),
)  # fmt: skip
