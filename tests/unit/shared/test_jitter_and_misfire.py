"""Spreading over time, and what becomes of occurrences whose moment has come: every one is decided on, once."""

import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.clock import MILLISECOND
from shared.models.policies import Misfire
from shared.schedule.misfire import DueOccurrences, SkippedRange, due_occurrences
from shared.schedule.occurrences import jittered, next_occurrence
from tests.unit.shared.schedule_builders import ANCHOR, cron, instants, interval, moment, once, short

NOON = moment("2026-06-01T12:00")
DAY = timedelta(days=1)
CHEAP_SECONDS = 2.0


def due(schedule, cursor, now=NOON, policy="latest", key="job", **misfire) -> DueOccurrences:
    start = moment(cursor) if isinstance(cursor, str) else cursor
    return due_occurrences(schedule, key, start, now, ANCHOR, Misfire(policy=policy, **misfire))


def ran(decided):
    return [short(at) for at in decided.runs]


# policy, cursor, runs, skipped (first, last, count)
HOURLY = [
    ("latest", "2026-06-01T11:00", ["2026-06-01T12:00"], []),
    ("latest", "2026-06-01T12:00", [], []),
    ("latest", "2026-06-01T08:00", ["2026-06-01T12:00"], [("2026-06-01T09:00", "2026-06-01T11:00", 3)]),
    ("all", "2026-06-01T08:00", ["2026-06-01T09:00", "2026-06-01T10:00", "2026-06-01T11:00", "2026-06-01T12:00"], []),
    ("skip", "2026-06-01T08:00", ["2026-06-01T12:00"], [("2026-06-01T09:00", "2026-06-01T11:00", 3)]),
    ("skip", "2026-06-01T11:00", ["2026-06-01T12:00"], []),
]


@pytest.mark.parametrize(("policy", "cursor", "runs", "skipped"), HOURLY)
def test_a_policy_decides_what_runs_and_what_is_recorded_as_skipped(policy, cursor, runs, skipped):
    decided = due(cron("@hourly"), cursor, policy=policy)
    assert ran(decided) == runs
    assert [(short(each.first), short(each.last), each.count) for each in decided.skipped] == skipped
    assert decided.cursor == (NOON if runs else None)


@pytest.mark.parametrize(
    ("seconds_late", "policy", "runs"), [(0, "skip", 1), (60, "skip", 1), (60.001, "skip", 0), (3000, "latest", 1)]
)
def test_up_to_sixty_seconds_late_is_on_time(seconds_late, policy, runs):
    decided = due(cron("@hourly"), "2026-06-01T11:00", NOON + timedelta(seconds=seconds_late), policy)
    assert len(decided.runs) == runs
    assert len(decided.skipped) == 1 - runs
    assert decided.cursor == NOON


def test_latest_runs_one_late_occurrence_only_when_none_is_on_time():
    late = due(cron("@hourly"), "2026-06-01T08:00", NOON + timedelta(minutes=30))
    assert ran(late) == ["2026-06-01T12:00"]
    assert [each.count for each in late.skipped] == [3]


def test_every_on_time_occurrence_of_a_frequent_schedule_runs():
    decided = due(interval("1s"), NOON - timedelta(seconds=60), NOON, "skip")
    assert decided.runs == [NOON - timedelta(seconds=second) for second in range(59, -1, -1)]
    assert decided.skipped == []


def test_the_window_and_the_cap_bound_what_is_caught_up():
    windowed = due(cron("@hourly"), "2026-05-01", policy="all", window=timedelta(hours=3))
    assert ran(windowed) == ["2026-06-01T09:00", "2026-06-01T10:00", "2026-06-01T11:00", "2026-06-01T12:00"]
    assert windowed.skipped == [
        SkippedRange(moment("2026-05-01T01:00"), moment("2026-06-01T08:00"), 31 * 24 + 8, exact=True)
    ]
    capped = due(cron("@hourly"), "2026-05-31", policy="all", max=2)
    assert ran(capped) == ["2026-06-01T10:00", "2026-06-01T11:00", "2026-06-01T12:00"]
    assert due(cron("@hourly"), "2026-06-01T08:00", policy="all", window=timedelta(0)).runs == [NOON]
    too_late = due(once("2026-05-30T12:00:00"), "2026-05-01")
    assert (too_late.runs, len(too_late.skipped), too_late.cursor) == ([], 1, moment("2026-05-30T12:00"))


def test_a_count_that_would_be_costly_is_a_lower_bound_and_says_so():
    (skipped,) = due(interval("1s"), "2025-06-01").skipped
    assert (skipped.count, skipped.exact) == (1000, False)
    assert (skipped.first, skipped.last) == (moment("2026-01-01T00:00"), NOON - timedelta(seconds=61))


def test_the_cursor_is_never_behind_what_was_decided_and_a_clock_set_back_decides_nothing():
    assert due(cron("@hourly"), NOON + DAY).cursor is None
    assert due(once("2027-01-01T00:00:00"), "2026-01-01").cursor is None
    assert due(cron("@hourly", end_at=moment("2026-01-02")), "2026-02-01").cursor is None


@pytest.mark.parametrize("policy", ["latest", "all", "skip"])
@pytest.mark.parametrize("jitter", [timedelta(0), DAY])
@pytest.mark.parametrize(
    "schedule", [interval("1s"), cron("* * * * * *"), cron("* * * * * *", "Europe/Paris")], ids=["1s", "utc", "zone"]
)
def test_an_outage_of_a_hundred_years_is_cheap(schedule, policy, jitter):
    begin = time.process_time()
    schedule = schedule.model_copy(update={"jitter": jitter})
    decided = due_occurrences(
        schedule, "job", NOON - 36_500 * DAY, NOON, NOON - 36_500 * DAY, Misfire(policy=policy, max=1000)
    )
    assert time.process_time() - begin < CHEAP_SECONDS
    assert decided.cursor >= NOON - timedelta(seconds=1)


SPREAD = {
    "10s": interval("10s"),
    "45s": interval("45s"),
    "7m": interval("7m"),
    "daily": cron("30 2 * * *", "Europe/Paris"),
    "weekdays": cron("*/20 9-17 * * 1-5"),
    "once": once("2026-03-29T02:30:00", "Europe/Paris"),
    "windowed": interval("1m", startAt="2026-03-27T00:00:00Z", endAt="2026-03-28T00:00:00Z"),
}
schedules = st.builds(
    lambda name, jitter: SPREAD[name].model_copy(update={"jitter": timedelta(seconds=jitter)}),
    st.sampled_from(sorted(SPREAD)),
    st.sampled_from([0, 1, 30, 59, 61, 300, 3600, 86_400]),
)
keys = st.sampled_from(["a", "b", "job-17"])
offsets = st.integers(0, 3 * 86_400_000).map(lambda milliseconds: timedelta(milliseconds=milliseconds))


@given(schedules, st.text(max_size=8), offsets)
def test_jitter_is_the_same_each_time_and_stays_before_the_next_occurrence(schedule, key, offset):
    nominal = next_occurrence(schedule, moment("2026-03-26") + offset, ANCHOR)
    if nominal is None:
        return
    acts_at = jittered(schedule, key, nominal.at, ANCHOR)
    following = next_occurrence(schedule, nominal.at, ANCHOR)
    assert nominal.at <= acts_at <= nominal.at + schedule.jitter
    assert following is None or acts_at < following.at
    assert acts_at == jittered(schedule, key, nominal.at, ANCHOR)
    assert acts_at.microsecond % 1000 == 0


def test_jitter_spreads_jobs_over_its_whole_length():
    schedule = cron("@daily", jitter=timedelta(hours=1))
    minutes = {
        (jittered(schedule, f"job-{number}", NOON, ANCHOR) - NOON) // timedelta(minutes=1) for number in range(2000)
    }
    assert len(minutes) == 60
    assert jittered(once("9999-12-31T23:59:59", jitter="1d"), "job", moment("9999-12-31T23:59:59"), ANCHOR) is not None


def test_an_occurrence_is_on_time_by_the_moment_jitter_gave_it():
    schedule = interval("10m", jitter=timedelta(minutes=10))
    for number in range(200):
        key = f"job-{number}"
        acts_at = jittered(schedule, key, NOON, ANCHOR)
        cursor = NOON - timedelta(minutes=10)
        assert due(schedule, cursor, acts_at - MILLISECOND, "skip", key).runs == []
        for late in (timedelta(0), timedelta(seconds=60)):
            assert NOON in due(schedule, cursor, acts_at + late, "skip", key).runs
        assert NOON not in due(schedule, cursor, acts_at + timedelta(seconds=60.001), "skip", key).runs


misfires = st.builds(
    Misfire,
    policy=st.sampled_from(["latest", "all", "skip"]),
    window=st.sampled_from([0, 30, 600, 86_400]).map(lambda seconds: timedelta(seconds=seconds)),
    max=st.sampled_from([1, 3, 100]),
)


@given(schedules, keys, offsets, st.lists(st.integers(0, 8 * 3_600_000), min_size=1, max_size=6), misfires)
@settings(max_examples=300)
def test_every_nominal_instant_becomes_one_run_or_lies_in_one_skipped_range(schedule, key, offset, waits, misfire):
    begin = cursor = now = moment("2026-03-27") + offset
    decided = []
    for wait in waits:
        now += timedelta(milliseconds=wait)
        step = due_occurrences(schedule, key, cursor, now, ANCHOR, misfire)
        nominal = instants(schedule, cursor + MILLISECOND, step.cursor) if step.cursor else []
        covered = [at for each in step.skipped for at in nominal if each.first <= at <= each.last]
        assert sorted(step.runs + covered) == nominal
        assert step.runs == sorted(step.runs)
        for each in step.skipped:
            inside = sum(each.first <= at <= each.last for at in nominal)
            assert each.count == inside if each.exact else each.count < inside
        assert all(each.first in nominal and each.last in nominal for each in step.skipped)
        cursor = step.cursor or cursor
        assert cursor <= now
        decided += nominal
    held = [at for at in instants(schedule, begin + MILLISECOND, now) if at not in decided]
    assert all(jittered(schedule, key, at, ANCHOR) > now for at in held)
    assert len(held) <= 1
