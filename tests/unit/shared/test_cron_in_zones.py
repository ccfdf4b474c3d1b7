"""Cron at the edges of daylight saving: tables from the zones' own laws, brute force, and what must always hold."""

from datetime import datetime, timedelta
from functools import cache
from itertools import islice, pairwise

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.models.schedule import DstPolicy
from shared.schedule.cron import occurrences
from shared.schedule.occurrences import occurrences_after
from shared.schedule.zones import load_zone
from tests.unit.shared.schedule_builders import ANCHOR, cron, fires, instants, matches_wall_clock, moment, scan_minutes

# zone, an instant shortly before a transition, what happens there
TRANSITIONS = [
    ("Europe/Paris", "2026-03-28T12:00"),  # 02:00 -> 03:00
    ("Europe/Paris", "2026-10-24T12:00"),  # 03:00 -> 02:00
    ("America/New_York", "2026-03-07T18:00"),
    ("America/New_York", "2026-10-31T18:00"),
    ("Australia/Lord_Howe", "2026-04-04T06:00"),  # half an hour back
    ("Australia/Lord_Howe", "2026-10-03T06:00"),  # half an hour on
    ("America/Sao_Paulo", "2018-11-03T18:00"),  # midnight does not exist
    ("America/Sao_Paulo", "2019-02-16T18:00"),  # 23:00-24:00 twice
    ("Asia/Beirut", "2026-03-28T12:00"),  # midnight does not exist
    ("Asia/Beirut", "2026-10-24T12:00"),
    ("Pacific/Apia", "2011-12-29T12:00"),  # 30 December does not exist
    ("Africa/Casablanca", "2026-02-14T18:00"),  # back for Ramadan
    ("Africa/Casablanca", "2026-03-21T18:00"),
    ("Europe/Dublin", "2026-10-24T12:00"),  # negative saving time
    ("America/St_Johns", "2006-10-28T18:00"),  # back at 00:01
]
BROKEN_MINUTE = ("Africa/Monrovia", "1972-01-06T12:00")
"""On by 44 minutes and 30 seconds; a scan of whole minutes of elapsed time says nothing there."""
LONGEST_TRANSITION = timedelta(hours=25)
ZONES = [*sorted({zone for zone, _ in TRANSITIONS}), "Asia/Kolkata", "Pacific/Chatham", "Antarctica/Troll"]
WILDCARD_RULES = [
    "* * * * *",
    "*/10 2 * * *",
    "*/7 * * * *",
    "0 * * * *",
    "30 */2 * * *",
    "*/5 0 * * *",
    "*/15 23 * * *",
]
FIXED_RULES = ["30 2 * * *", "0 0 * * *", "15,45 0-3 * * *", "0 12 30 * *", "10 1,23 * * SUN", "0 3 * * *"]

GAP = [
    ("30 2 * * *", "next", ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]),
    ("30 2 * * *", "skip", ["2026-03-28T01:30", "2026-03-30T00:30"]),
    ("0,20,40 2,3 * * *", "next", ["2026-03-28T01:00", "2026-03-28T01:20", "2026-03-28T01:40", "2026-03-28T02:00",
                                   "2026-03-28T02:20", "2026-03-28T02:40", "2026-03-29T01:00", "2026-03-29T01:20"]),
    ("15 30 2 * * *", "next", ["2026-03-28T01:30:15", "2026-03-29T01:00"]),
    ("*/30 2 * * *", "next", ["2026-03-28T01:00", "2026-03-28T01:30", "2026-03-30T00:00"]),
]  # fmt: skip
OVERLAP = [
    ("30 2 * * *", "first", ["2026-10-25T00:30", "2026-10-26T01:30"]),
    ("30 2 * * *", "last", ["2026-10-25T01:30", "2026-10-26T01:30"]),
    ("30 2 * * *", "both", ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-26T01:30"]),
    ("0,30 1-3 * * *", "both", ["2026-10-24T23:00", "2026-10-24T23:30", "2026-10-25T00:00", "2026-10-25T00:30",
                                "2026-10-25T01:00", "2026-10-25T01:30", "2026-10-25T02:00", "2026-10-25T02:30"]),
    ("0,30 2,3 * * *", "last", ["2026-10-25T01:00", "2026-10-25T01:30", "2026-10-25T02:00", "2026-10-25T02:30"]),
    ("15 30 2 * * *", "both", ["2026-10-25T00:30:15", "2026-10-25T01:30:15", "2026-10-26T01:30:15"]),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "gap", "expected"), GAP)
def test_a_time_that_does_not_exist_moves_to_the_end_of_the_gap_or_is_left_out(expression, gap, expected):
    schedule = cron(expression, "Europe/Paris", dst=DstPolicy(gap=gap))
    assert fires(schedule, "2026-03-27T12:00", len(expected)) == expected


@pytest.mark.parametrize(("expression", "overlap", "expected"), OVERLAP)
def test_a_time_that_happens_twice_fires_at_the_first_the_last_or_both(expression, overlap, expected):
    schedule = cron(expression, "Europe/Paris", dst=DstPolicy(overlap=overlap))
    assert fires(schedule, "2026-10-24T12:00", len(expected)) == expected


def test_an_adjusted_instant_says_so():
    found = occurrences_after(cron("30 2 * * *", "Europe/Paris"), moment("2026-03-28"), ANCHOR)
    flags = [each.adjusted for each in islice(found, 3)]
    assert flags == [False, True, False]


@pytest.mark.parametrize("expression", WILDCARD_RULES)
@pytest.mark.parametrize(("zone", "before"), TRANSITIONS)
def test_a_wildcard_rule_equals_a_scan_of_every_minute_of_elapsed_time(zone, before, expression):
    start = moment(before)
    end = start + timedelta(days=1, hours=12)
    assert instants(cron(expression, zone), start, end) == scan_minutes(expression, load_zone(zone), start, end)


@pytest.mark.parametrize("overlap", ["first", "last", "both"])
@pytest.mark.parametrize("gap", ["next", "skip"])
@pytest.mark.parametrize("expression", FIXED_RULES)
@pytest.mark.parametrize(("zone", "before"), [*TRANSITIONS, BROKEN_MINUTE])
def test_a_rule_of_fixed_times_equals_a_scan_of_the_wall_clock(zone, before, expression, gap, overlap):
    start = moment(before)
    end = start + timedelta(days=1, hours=12)
    schedule = cron(expression, zone, dst=DstPolicy(gap=gap, overlap=overlap))
    assert instants(schedule, start, end) == _scan_wall_clock(expression, zone, start, end, gap, overlap)


def _scan_wall_clock(expression, zone_name, start, end, gap, overlap):
    """Every wall-clock minute around the span, each resolved by its definition; nothing shared with the code."""
    zone = load_zone(zone_name)
    walls = _matching_walls(
        expression, start.astimezone(zone).replace(tzinfo=None), end.astimezone(zone).replace(tzinfo=None)
    )
    found = {at for wall in walls for at in _meanings(wall, zone, gap, overlap)}
    return sorted(at for at in found if start <= at <= end)


@cache
def _matching_walls(expression, start, end):
    wall = start.replace(second=0) - LONGEST_TRANSITION
    found = []
    while wall < end + LONGEST_TRANSITION:
        if matches_wall_clock(expression, wall):
            found.append(wall)
        wall += timedelta(minutes=1)
    return found


def _meanings(wall, zone, gap, overlap):
    utc = load_zone("UTC")
    readings = sorted({wall.replace(tzinfo=zone, fold=fold).astimezone(utc) for fold in (0, 1)})
    real = [at for at in readings if at.astimezone(zone).replace(tzinfo=None, fold=0) == wall]
    if real:
        return {"first": real[:1], "last": real[-1:], "both": real}[overlap]
    if gap == "skip":
        return []
    at = readings[0]
    while at.astimezone(zone).utcoffset() == readings[0].astimezone(zone).utcoffset():
        at += timedelta(seconds=1)
    return [at]


@pytest.mark.parametrize("expression", FIXED_RULES)
@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"])
def test_the_default_policy_is_the_one_of_debian_cron_as_cronsim_has_it(zone, expression):
    after = moment("2018-10-01")
    expected = []
    for wall in islice(CronSim(expression, after.astimezone(load_zone(zone))), 400):
        at = wall.astimezone(load_zone("UTC"))
        if not expected or at > expected[-1]:
            expected.append(at)
    found = [
        each.at for each in islice(occurrences(expression, load_zone(zone), after, "next", "first"), len(expected))
    ]
    assert found == expected


expressions = st.sampled_from([*WILDCARD_RULES, *FIXED_RULES, "*/20 * * * * *", "*/30 59 0-3 * * *", "0 0 1 * *"])


@given(
    st.sampled_from(TRANSITIONS),
    st.integers(0, 36 * 3_600_000),
    expressions,
    st.sampled_from(["next", "skip"]),
    st.sampled_from(["first", "last", "both"]),
)
@settings(max_examples=300)
def test_next_is_strictly_later_and_a_restart_anywhere_finds_the_same_future(place, offset, expression, gap, overlap):
    zone = load_zone(place[0])
    after = moment(place[1]) + timedelta(milliseconds=offset)
    whole = [each.at for each in islice(occurrences(expression, zone, after, gap, overlap), 40)]
    assert whole[0] > after
    assert all(earlier < later for earlier, later in pairwise(whole))
    step = after
    for expected in whole[:15]:
        step = next(occurrences(expression, zone, step, gap, overlap)).at
        assert step == expected


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(1975, 1, 1), datetime(2037, 1, 1)).map(lambda at: at.replace(microsecond=0).isoformat()),  # noqa: DTZ001
    st.sampled_from(WILDCARD_RULES),
)
@settings(max_examples=60)
def test_a_wildcard_rule_equals_a_scan_anywhere_in_sixty_years(zone, start, expression):
    begin = moment(start).replace(second=0)
    end = begin + timedelta(hours=6)
    assert instants(cron(expression, zone), begin, end) == scan_minutes(expression, load_zone(zone), begin, end)
