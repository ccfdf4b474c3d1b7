"""Overlap decisions, waits between attempts, and zones that do not exist."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.schedule.backoff import retry_delay
from shared.schedule.overlap import QUEUE_CAP, LiveRuns, decide_overlap
from shared.schedule.zones import load_zone

DECISIONS = [
    # policy, active, waiting, decision
    ("skip", 0, 0, "run"), ("skip", 1, 0, "skip"), ("skip", 0, 1, "skip"),
    ("queue_one", 0, 0, "run"), ("queue_one", 1, 0, "wait"), ("queue_one", 1, 1, "skip"), ("queue_one", 0, 1, "skip"),
    ("queue_all", 0, 0, "run"), ("queue_all", 1, 0, "wait"), ("queue_all", 0, 1, "wait"),
    ("queue_all", 1, QUEUE_CAP - 1, "wait"), ("queue_all", 1, QUEUE_CAP, "skip"),
    ("cancel_running", 0, 0, "run"), ("cancel_running", 1, 0, "replace"), ("cancel_running", 1, 1, "skip"),
    ("allow:1", 0, 0, "run"), ("allow:1", 1, 0, "skip"),
    ("allow:3", 2, 0, "run"), ("allow:3", 3, 0, "skip"), ("allow:9999", 9998, 0, "run"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "active", "waiting", "decision"), DECISIONS)
def test_the_overlap_policy_decides_by_the_live_runs(policy, active, waiting, decision):
    assert decide_overlap(policy, LiveRuns(active, waiting)) == decision


LIMITED = [
    # policy, maxConcurrent, live, decision
    ("allow:3", 2, LiveRuns(1, 0), "run"), ("allow:3", 2, LiveRuns(2, 0), "wait"),
    ("allow:3", 2, LiveRuns(2, 1), "skip"), ("allow:3", 2, LiveRuns(1, 1), "wait"),
    ("allow:3", 9, LiveRuns(3, 0), "skip"), ("skip", 2, LiveRuns(1, 0), "skip"),
    ("queue_all", 2, LiveRuns(1, 0), "wait"),
]  # fmt: skip

BESIDE_A_BACKFILL = [
    # policy, live, decision: nothing is skipped because of a backfill, and nothing overlaps with it either
    ("skip", LiveRuns(1, 0, 1), "wait"), ("skip", LiveRuns(1, 1, 1), "skip"), ("skip", LiveRuns(2, 0, 1), "skip"),
    ("queue_one", LiveRuns(1, 0, 1), "wait"), ("cancel_running", LiveRuns(1, 0, 1), "wait"),
    ("allow:2", LiveRuns(1, 0, 1), "run"), ("allow:1", LiveRuns(1, 0, 1), "wait"),
    ("allow:2", LiveRuns(2, 0, 2), "wait"),
    ("allow:2", LiveRuns(3, 0, 1), "skip"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "most", "live", "decision"), LIMITED)
def test_max_concurrent_lets_wait_what_the_policy_lets_in(policy, most, live, decision):
    assert decide_overlap(policy, live, most) == decision


@pytest.mark.parametrize(("policy", "live", "decision"), BESIDE_A_BACKFILL)
def test_an_occurrence_beside_a_backfill(policy, live, decision):
    assert decide_overlap(policy, live) == decision


seconds = st.integers(0, 36_500 * 86_400).map(lambda count: timedelta(seconds=count))


@given(st.integers(1, 100), seconds, seconds, st.text(max_size=5))
def test_a_wait_doubles_is_spread_by_a_quarter_and_is_never_over_the_longest(attempt, first, longest, key):
    delay = retry_delay(attempt, first, longest, key)
    nominal = min(first.total_seconds() * 2 ** (attempt - 1), longest.total_seconds())
    assert timedelta(0) <= delay <= longest
    assert nominal - 0.001 <= delay.total_seconds() <= nominal * 1.25 + 0.001
    assert delay == retry_delay(attempt, first, longest, key)


def test_waits_of_different_messages_are_spread():
    delays = {retry_delay(3, timedelta(seconds=10), timedelta(hours=1), f"item-{n}") for n in range(100)}
    assert len(delays) > 90
    assert all(timedelta(seconds=40) <= delay <= timedelta(seconds=50) for delay in delays)


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "right/Europe/Paris", "posix/UTC",
             "localtime", "a\x00b", "x" * 300, "\ud800"],
)  # fmt: skip
def test_an_unknown_zone_is_refused_with_the_remedy(name):
    with pytest.raises(ValueError, match="use an IANA name such as Europe/Paris"):
        load_zone(name)
