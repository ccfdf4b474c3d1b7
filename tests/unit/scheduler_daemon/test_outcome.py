"""What a run becomes after an attempt."""

from datetime import timedelta
from typing import Any

import pytest

from scheduler_daemon.job_template import JobResult
from scheduler_daemon.scheduling.outcome import (
    MOST_INTERRUPTIONS,
    Cancelled,
    Failed,
    Interrupted,
    Outcome,
    Retention,
    Returned,
    TimedOut,
    conclude,
)
from shared.models.runs import LIVE, TRANSITIONS, RunState
from tests.support.documents import MONDAY, seconds

RETENTION = Retention(timedelta(days=7), timedelta(days=30))


def running(**changes: Any) -> dict[str, Any]:
    return {
        "_id": "job-1:1", "jobId": "job-1", "template": "noop", "attempt": 1, "maxAttempts": 3, "interruptions": 0,
        "backoffMs": 10_000, "maxBackoffMs": 600_000, "startedAt": MONDAY, "token": "t", **changes,
    }  # fmt: skip


CASES: list[tuple[Outcome, dict[str, Any], RunState]] = [
    (Returned(JobResult.success("done")), {}, RunState.SUCCEEDED),
    (Returned(JobResult.skipped("nothing to do")), {}, RunState.SUCCEEDED),
    (Returned(JobResult.failure("no")), {}, RunState.RETRY_WAIT),
    (Returned(JobResult.failure("no")), {"attempt": 3}, RunState.FAILED),
    (Returned(JobResult.failure("no", retryable=False)), {}, RunState.FAILED),
    (Failed("ValueError", "bad"), {}, RunState.RETRY_WAIT),
    (Failed("InvalidParameters", "bad", retryable=False), {}, RunState.FAILED),
    (Failed("ValueError", "bad"), {"attempt": 3, "interruptions": 1}, RunState.RETRY_WAIT),
    (TimedOut(5), {"maxAttempts": 1}, RunState.TIMED_OUT),
    (TimedOut(5), {}, RunState.RETRY_WAIT),
    (Cancelled("by a person"), {}, RunState.CANCELLED),
    (Interrupted(repeat=True), {"attempt": 3}, RunState.PENDING),
    (Interrupted(repeat=True), {"interruptions": MOST_INTERRUPTIONS}, RunState.INTERRUPTED),
    (Interrupted(repeat=False), {}, RunState.INTERRUPTED),
]


RAISED = Failed("ValueError", "bad")
REFUSED = Returned(JobResult.failure("no"))
REPEATED: list[tuple[Outcome, dict[str, Any], bool]] = [
    (RAISED, {}, True),
    (TimedOut(5), {}, True),
    (RAISED, {"retryOn": None}, True),
    (RAISED, {"retryOn": ["failed"]}, True),
    (REFUSED, {"retryOn": ["failed"]}, True),
    (TimedOut(5), {"retryOn": ["failed"]}, False),
    (RAISED, {"retryOn": ["timed_out"]}, False),
    (REFUSED, {"retryOn": ["timed_out"]}, False),
    (TimedOut(5), {"retryOn": ["timed_out"]}, True),
    (RAISED, {"retryOn": []}, False),
    (TimedOut(5), {"retryOn": []}, False),
    (RAISED, {"retryExcept": ["KeyError"]}, True),
    (RAISED, {"retryExcept": ["KeyError", "ValueError"]}, False),
    (RAISED, {"retryOn": ["failed"], "retryExcept": ["ValueError"]}, False),
    (REFUSED, {"retryExcept": ["JobFailure"]}, False),
    (TimedOut(5), {"retryExcept": ["TimedOut"]}, False),
    (TimedOut(5), {"retryExcept": ["Timed"]}, True),
]


@pytest.mark.parametrize(("outcome", "policy", "repeated"), REPEATED)
def test_only_the_failures_that_the_policy_names_are_repeated(outcome: Outcome, policy: dict[str, Any], repeated: bool):
    conclusion = conclude(running(**policy), outcome, MONDAY + seconds(2), RETENTION)
    ended = RunState.TIMED_OUT if isinstance(outcome, TimedOut) else RunState.FAILED
    assert conclusion.state is (RunState.RETRY_WAIT if repeated else ended)
    assert conclusion.update["$set"]["error"]["type"] in ("ValueError", "JobFailure", "TimedOut")


def test_an_interruption_is_repeated_whatever_the_policy_says_of_failures():
    policy = {"retryOn": [], "retryExcept": ["Interrupted"]}
    assert conclude(running(**policy), Interrupted(repeat=True), MONDAY, RETENTION).state is RunState.PENDING


@pytest.mark.parametrize(("outcome", "changes", "state"), CASES)
def test_an_outcome_leads_to_a_state_that_running_may_become(
    outcome: Outcome, changes: dict[str, Any], state: RunState
):
    conclusion = conclude(running(**changes), outcome, MONDAY + seconds(2), RETENTION)
    assert conclusion.state is state
    assert conclusion.update["$set"]["state"] == state.value
    assert state in TRANSITIONS[RunState.RUNNING]


@pytest.mark.parametrize(("outcome", "changes", "state"), CASES)
def test_only_a_run_that_has_ended_expires_and_only_a_live_one_loses_its_token(
    outcome: Outcome, changes: dict[str, Any], state: RunState
):
    fields = conclude(running(**changes), outcome, MONDAY + seconds(2), RETENTION).update["$set"]
    assert ("expireAt" in fields) is (state not in LIVE)
    assert ("token" in fields and fields["token"] is None) is (state in LIVE)


def test_a_failed_attempt_waits_and_is_remembered():
    conclusion = conclude(running(), Failed("ValueError", "bad"), MONDAY + seconds(2), RETENTION)
    delay = conclusion.update["$set"]["nextAttemptAt"] - (MONDAY + seconds(2))
    assert seconds(10) <= delay <= seconds(12.5)
    assert conclusion.update["$push"]["attempts"]["state"] == "failed"
    assert conclusion.update["$push"]["attempts"]["error"] == {"type": "ValueError", "message": "bad"}


@pytest.mark.parametrize(
    ("asked", "least"),
    [
        (timedelta(minutes=2), timedelta(minutes=2)),
        (timedelta(seconds=1), timedelta(seconds=10)),
        (timedelta(days=3000), timedelta(days=1)),
        (timedelta(seconds=-1), timedelta(seconds=10)),
        (None, timedelta(seconds=10)),
        ("soon", timedelta(seconds=10)),
    ],
)
def test_a_result_can_put_off_the_next_attempt_by_a_day_at_most_and_never_brings_it_forward(
    asked: Any, least: timedelta
):
    result = JobResult.failure("busy", retry_after=asked)
    fields = conclude(running(), Returned(result), MONDAY, RETENTION).update["$set"]
    assert least <= fields["nextAttemptAt"] - MONDAY <= least * 1.25


def test_the_last_attempt_ends_the_run_whenever_the_next_was_asked_for():
    result = JobResult.failure("busy", retry_after=timedelta(minutes=2))
    assert conclude(running(attempt=3), Returned(result), MONDAY, RETENTION).state is RunState.FAILED


def test_a_success_is_kept_for_a_shorter_time_than_a_failure():
    ended = MONDAY + seconds(2)
    success = conclude(running(), Returned(JobResult.success("done")), ended, RETENTION).update["$set"]
    failure = conclude(running(), Cancelled("x"), ended, RETENTION).update["$set"]
    assert success["expireAt"] == ended + timedelta(days=7)
    assert failure["expireAt"] == ended + timedelta(days=30)
    assert success["durationMs"] == 2000


@pytest.mark.parametrize("metrics", [{"blob": "x" * 20_000}, {"thing": object()}, {"big": 2**70}])
def test_a_result_that_cannot_be_stored_says_so_instead(metrics: dict[str, Any]):
    outcome = Returned(JobResult.success("done", metrics))
    stored = conclude(running(), outcome, MONDAY, RETENTION).update["$set"]["result"]
    assert stored["summary"] == "done"
    assert list(stored["metrics"]) == ["metricsLeftOut"]


def test_a_record_is_kept_from_its_nominal_time_on_even_if_the_clock_stepped_back():
    years_ago = MONDAY - timedelta(days=3650)
    conclusion = conclude(running(scheduledFor=MONDAY), Returned(JobResult.success("done")), years_ago, RETENTION)
    assert conclusion.update["$set"]["expireAt"] == MONDAY + RETENTION.success
