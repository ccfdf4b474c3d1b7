"""Intervals, one-off moments, and what bounds every kind of schedule: startAt, endAt, the span looked back on."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import MILLISECOND
from shared.errors import ScheduleError
from shared.models.schedule import OnceSchedule
from shared.schedule.occurrences import count_between, latest_between, next_occurrence, resolve_once
from tests.unit.shared.schedule_builders import ANCHOR, cron, fires, instants, interval, moment, once, short

HUGE_SPAN = (moment("1926-01-01"), moment("2026-11-23T09:00"))
CHEAP_SECONDS = 2.0


def test_an_interval_counts_from_its_anchor():
    schedule = interval("7m", anchor="2026-06-01T00:03:00Z")
    assert fires(schedule, "2026-06-01", 3) == ["2026-06-01T00:03", "2026-06-01T00:10", "2026-06-01T00:17"]


def test_without_an_anchor_it_counts_from_start_at_and_without_both_from_the_creation():
    assert fires(interval("1h", startAt="2026-06-01T00:30:00Z"), "2026-06-01", 2) == [
        "2026-06-01T00:30", "2026-06-01T01:30",
    ]  # fmt: skip
    created = moment("2026-06-01T00:00:07")
    assert next_occurrence(interval("1h"), created, created).at == created + timedelta(hours=1)


def test_an_interval_never_fires_before_its_anchor():
    assert fires(interval("1s", anchor="2027-01-01T00:00:00Z"), "2026-06-01", 1) == ["2027-01-01T00:00"]


@given(st.integers(1000, 10**9), st.integers(0, 10**13), st.integers(0, 10**6))
def test_an_interval_never_drifts_whatever_the_outage(every_ms, elapsed_ms, after_anchor_ms):
    schedule = interval(f"{every_ms}ms", anchor=ANCHOR)
    after = ANCHOR + timedelta(milliseconds=elapsed_ms + after_anchor_ms)
    at = next_occurrence(schedule, after, ANCHOR).at
    assert (at - ANCHOR) % schedule.every == timedelta(0)
    assert after < at <= after + schedule.every


def test_a_huge_interval_ends_with_the_calendar():
    assert len(fires(interval("36500d", anchor="2026-01-01T00:00:00Z"), "2026-01-01", 1000)) == 79


def test_a_day_of_elapsed_time_ignores_daylight_saving():
    schedule = interval("24h", anchor="2026-03-28T01:30:00Z", timezone="Europe/Paris")
    assert fires(schedule, "2026-03-28T01:30", 2) == ["2026-03-29T01:30", "2026-03-30T01:30"]


ONCE = [
    ("2026-12-01T09:00:00", "Europe/Paris", "2026-12-01T08:00", False),
    ("2026-12-01", "Europe/Paris", "2026-11-30T23:00", False),
    ("2026-03-29T02:30:00", "Europe/Paris", "2026-03-29T01:30", True),  # shifted on by the gap: 03:30
    ("2026-10-25T02:30:00", "Europe/Paris", "2026-10-25T00:30", True),  # the first of two
    ("2026-10-25T02:30:00+01:00", "Europe/Paris", "2026-10-25T01:30", False),  # an offset says which
    ("2026-03-29T02:30:00Z", "Europe/Paris", "2026-03-29T02:30", False),
    ("2026-10-04T02:15:00", "Australia/Lord_Howe", "2026-10-03T15:45", True),
    ("2011-12-30T12:00:00", "Pacific/Apia", "2011-12-30T22:00", True),
    ("2018-11-04T00:00:00", "America/Sao_Paulo", "2018-11-04T03:00", True),
]


@pytest.mark.parametrize(("at", "zone", "instant", "adjusted"), ONCE)
def test_a_one_off_moment_means_one_instant(at, zone, instant, adjusted):
    occurrence = resolve_once(once(at, zone))
    assert (short(occurrence.at), occurrence.adjusted) == (instant, adjusted)


@pytest.mark.parametrize(
    ("at", "words"),
    [("2026-03-29T02:30:00", "does not exist in Europe/Paris"), ("2026-10-25T02:30:00", "happens twice")],
)
def test_strict_refuses_a_wall_clock_time_that_is_skipped_or_repeated(at, words):
    with pytest.raises(ScheduleError, match=words) as refusal:
        resolve_once(once(at, "Europe/Paris", strict=True))
    assert refusal.value.field == "schedule.at"
    assert resolve_once(once(at + "+01:00", "Europe/Paris", strict=True)).adjusted is False
    assert resolve_once(once("2026-06-01T02:30:00", "Europe/Paris", strict=True)).adjusted is False


def test_a_one_off_moment_fires_once_and_only_later_than_asked():
    schedule = once("2026-12-01T09:00:00")
    assert fires(schedule, "2026-12-01T08:59", 5) == ["2026-12-01T09:00"]
    assert fires(schedule, "2026-12-01T09:00", 5) == []


def test_a_one_off_moment_is_cut_to_what_the_database_keeps():
    at = next_occurrence(once("2026-12-01T09:00:00.000900"), moment("2026-12-01"), ANCHOR).at
    assert at == moment("2026-12-01T09:00")
    assert next_occurrence(once("2026-12-01T09:00:00.000900"), at, ANCHOR) is None


@pytest.mark.parametrize(("at", "zone"), [("0001-01-01", "Asia/Tokyo"), ("9999-12-31T23:59:59", "America/New_York")])
def test_a_moment_outside_the_calendar_is_refused_with_its_field(at, zone):
    with pytest.raises(ScheduleError, match=r"schedule\.at: .* out of range"):
        resolve_once(once(at, zone))


def test_start_at_and_end_at_are_both_included():
    bounds = {"start_at": moment("2026-06-02"), "end_at": moment("2026-06-03")}
    expected = ["2026-06-02T00:00", "2026-06-03T00:00"]
    assert fires(cron("@daily", **bounds), "2020-01-01", 9) == expected
    assert fires(interval("24h", anchor="2020-01-01T00:00:00Z", **bounds), "2020-01-01", 9) == expected
    assert fires(once("2026-06-02T00:00:00", **bounds), "2020-01-01", 9) == expected[:1]
    assert fires(once("2026-06-04T00:00:00", **bounds), "2020-01-01", 9) == []
    assert fires(cron("@daily", **bounds), "2026-06-03", 9) == []


SCHEDULES = st.sampled_from(
    [
        interval("1s"),
        interval("37m"),
        interval("5s", startAt="2026-06-01T11:00:00Z", endAt="2026-06-01T11:01:00Z"),
        cron("* * * * * *"),
        cron("*/5 * * * *", "Europe/Paris"),
        cron("* 0 3 * * *", "Europe/Paris"),
        cron("0,30 2 * * *", "Australia/Lord_Howe"),
        once("2026-06-01T12:00:00"),
    ]
)


@given(SCHEDULES, st.integers(0, 20_000), st.integers(0, 20_000), st.integers(1, 40))
def test_looking_back_finds_the_latest_of_all(schedule, begin, length, most):
    after = moment("2026-06-01T07:00") + timedelta(seconds=begin)
    until = after + timedelta(seconds=length)
    every = instants(schedule, after + MILLISECOND, until)
    assert latest_between(schedule, after, until, ANCHOR, most) == every[-most:]
    assert count_between(schedule, after, until, ANCHOR, 100_000) == (len(every), True)


@pytest.mark.parametrize(
    "schedule",
    [
        interval("1s"),
        cron("* * * * * *"),
        cron("* * * * * *", "Europe/Paris"),
        cron("* * * 1 1 *"),  # all of one day, then nothing for a year
        cron("0 0 29 2 *", "Europe/Paris"),
        once("1950-01-01T00:00:00"),
    ],
    ids=str,
)
def test_a_hundred_years_cost_as_little_as_a_minute(schedule):
    begin = time.process_time()
    after, until = HUGE_SPAN
    latest = latest_between(schedule, after, until, ANCHOR - timedelta(days=36_500), 1000)
    count_between(schedule, after, until, ANCHOR, 1000)
    assert latest == sorted(set(latest))
    assert 1 <= len(latest) <= 1000
    assert time.process_time() - begin < CHEAP_SECONDS


def test_nothing_lies_in_an_empty_or_backward_span():
    at = moment("2026-06-01")
    assert latest_between(interval("1s"), at, at, ANCHOR, 5) == []
    assert latest_between(interval("1s"), at, at - timedelta(hours=1), ANCHOR, 5) == []
    assert count_between(interval("1s"), at, at, ANCHOR, 5) == (0, True)


def test_counting_stops_at_its_limit_and_says_so():
    span = moment("2026-06-01"), moment("2026-06-01T00:00:05")
    assert count_between(interval("1s"), *span, ANCHOR, 5) == (5, True)
    assert count_between(interval("1s"), *span, ANCHOR, 4) == (4, False)


def test_a_python_datetime_is_a_wall_clock_as_text_is():
    schedule = OnceSchedule(kind="once", at=moment("2026-06-01T09:00"), timezone="Europe/Paris")
    assert resolve_once(schedule).at == moment("2026-06-01T09:00")
