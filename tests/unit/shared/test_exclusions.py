"""Days that calendars exclude, in their own zones, and what becomes of the occurrences that lie on them."""

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.clock import MILLISECOND
from shared.models.calendars import Calendar, CalendarDefinition, CalendarEntry
from shared.models.policies import Misfire
from shared.schedule.exclusions import NO_EXCLUSIONS, Exclusions, Stretch, excluded_days
from shared.schedule.misfire import ExcludedRange, SkippedRange, due_occurrences, next_not_excluded
from shared.schedule.zones import load_zone
from tests.unit.shared.schedule_builders import ANCHOR, calendar, cron, excluding, fires, interval, moment, once, short

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
CHEAP_SECONDS = 2.0
ODD_MIDNIGHTS = [
    ("Europe/Paris", "2026-03-29"),  # 23 hours
    ("Europe/Paris", "2026-10-25"),  # 25 hours
    ("America/Sao_Paulo", "2018-11-04"),  # begins at 01:00
    ("America/Sao_Paulo", "2019-02-16"),  # 23:00-24:00 twice
    ("America/Sao_Paulo", "2019-02-17"),
    ("Asia/Beirut", "2026-03-29"),  # begins at 01:00
    ("America/Havana", "2026-11-01"),  # 00:00-01:00 twice
    ("America/St_Johns", "2006-10-28"),  # set back from 00:01 of the day after
    ("America/St_Johns", "2006-10-29"),
    ("Pacific/Apia", "2011-12-29"),
    ("Pacific/Apia", "2011-12-30"),  # there was none
    ("Pacific/Apia", "2011-12-31"),
    ("Pacific/Chatham", "2026-04-05"),
    ("Antarctica/Troll", "2026-03-29"),
    ("Africa/Casablanca", "2026-02-15"),
]


@pytest.mark.parametrize(("zone", "day"), ODD_MIDNIGHTS)
def test_a_day_is_every_instant_that_the_zones_clock_gives_its_date(zone, day):
    exclusions = excluding([("closed", day, day)], zone)
    at = moment(day) - timedelta(hours=40)
    while at < moment(day) + timedelta(hours=64):
        on_the_day = at.astimezone(load_zone(zone)).date().isoformat() == day
        assert (exclusions.at(at) is not None) == on_the_day, at
        at += timedelta(seconds=30)


def test_a_day_whose_midnight_lies_inside_a_gap_begins_where_the_gap_ends():
    entry = CalendarEntry.model_construct(name="closed", first="1919-03-31", last="1919-03-31")  # 23:30 became 00:30
    (day,) = excluded_days(calendar([], "America/Toronto").model_copy(update={"entries": [entry]}))
    before, begin = ((day.begin - wait).astimezone(load_zone("America/Toronto")) for wait in (MILLISECOND, 0 * DAY))
    assert (before.day, begin.day, begin.hour, begin.minute) == (30, 31, 0, 30)


@given(
    st.sampled_from(sorted({zone for zone, _ in ODD_MIDNIGHTS})),
    st.lists(st.tuples(st.integers(0, 3 * 366), st.integers(0, 30)), min_size=1, max_size=8),
    st.lists(st.integers(0, 3 * 366 * 24 * 60), min_size=20, max_size=20),
)
@settings(max_examples=60)
def test_any_instant_is_excluded_exactly_if_its_date_is_listed(zone, ranges, minutes):
    first = datetime(2026, 1, 1)  # noqa: DTZ001 - a date
    entries = [
        (f"e{number}", (first + begin * DAY).date().isoformat(), (first + (begin + length) * DAY).date().isoformat())
        for number, (begin, length) in enumerate(ranges)
    ]
    exclusions = excluding(entries, zone)
    for at in (moment("2026-01-01") + timedelta(minutes=minute) for minute in minutes):
        day = at.astimezone(load_zone(zone)).date().isoformat()
        closed = exclusions.at(at)
        assert (closed is not None) == any(begin <= day <= last for _, begin, last in entries)
        assert closed is None or closed.name in [name for name, begin, last in entries if begin <= day <= last]


def test_the_entry_that_began_first_names_what_several_calendars_exclude():
    freeze = calendar([("Freeze", "2026-12-20", "2027-01-05")])
    holidays = calendar([("Christmas", "2026-12-25", "2026-12-26"), ("Epiphany", "2027-01-05", "2027-01-06")])
    exclusions = Exclusions([*excluded_days(holidays), *excluded_days(freeze)])
    named = [(exclusions.at(moment(day)) or Stretch(ANCHOR, ANCHOR, "-")).name
             for day in ("2026-12-19", "2026-12-25", "2027-01-05", "2027-01-06", "2027-01-07")]  # fmt: skip
    assert named == ["-", "Freeze", "Freeze", "Epiphany", "-"]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 10)), max_size=12), st.integers(-5, 70), st.integers(0, 70)
)
def test_the_gaps_and_the_stretches_together_are_everything(ranges, begin, length):
    stretches = [Stretch(ANCHOR + at * HOUR, ANCHOR + (at + hours) * HOUR, str(at)) for at, hours in ranges]
    exclusions = Exclusions(stretches)
    after, until = ANCHOR + begin * HOUR, ANCHOR + (begin + length) * HOUR
    gaps = list(exclusions.free_before(after, until))
    for (earlier, _), (_, later_end) in pairwise(gaps):
        assert later_end < earlier
    at = after + MILLISECOND
    while at <= until:
        free = not any(each.begin <= at < each.end for each in stretches)
        assert free == (exclusions.at(at) is None) == any(a < at <= b for a, b in gaps)
        at += timedelta(minutes=30) - MILLISECOND * (at.minute % 2)


def test_no_calendars_exclude_nothing():
    assert not NO_EXCLUSIONS
    assert NO_EXCLUSIONS.at(ANCHOR) is None
    assert list(NO_EXCLUSIONS.free_before(ANCHOR, ANCHOR + HOUR)) == [(ANCHOR, ANCHOR + HOUR)]
    assert list(NO_EXCLUSIONS.free_before(ANCHOR, ANCHOR)) == []


WEEKEND = [("Weekend", "2026-06-06", "2026-06-07")]


def decide(schedule, cursor, now, exclusions, policy="latest", **misfire):
    return due_occurrences(
        schedule, "job", moment(cursor), moment(now), ANCHOR, Misfire(policy=policy, **misfire), exclusions
    )


def test_an_occurrence_that_falls_due_on_an_excluded_day_does_not_run():
    decided = decide(cron("@hourly"), "2026-06-06T08:00", "2026-06-06T09:00", excluding(WEEKEND))
    nine = moment("2026-06-06T09:00")
    assert (decided.runs, decided.skipped) == ([], [])
    assert decided.excluded == [ExcludedRange(nine, nine, 1, exact=True, name="Weekend")]
    assert (decided.cursor, decided.following.at) == (nine, nine + HOUR), "the next is decided on at its own time"


# policy, now, runs, skipped, excluded; hourly at cursor 2026-06-05T20:00
CAUGHT_UP = [
    ("latest", "2026-06-06T10:30", ["2026-06-05T23:00"],
     [("2026-06-05T21:00", "2026-06-05T22:00", 2)], [("2026-06-06T00:00", "2026-06-06T10:00", 11)]),
    ("latest", "2026-06-08T00:00", ["2026-06-08T00:00"],
     [("2026-06-05T21:00", "2026-06-05T23:00", 3)], [("2026-06-06T00:00", "2026-06-07T23:00", 48)]),
    ("skip", "2026-06-06T10:30", [],
     [("2026-06-05T21:00", "2026-06-05T23:00", 3)], [("2026-06-06T00:00", "2026-06-06T10:00", 11)]),
    ("all", "2026-06-08T01:30", ["2026-06-05T22:00", "2026-06-05T23:00", "2026-06-08T00:00", "2026-06-08T01:00"],
     [("2026-06-05T21:00", "2026-06-05T21:00", 1)], [("2026-06-06T00:00", "2026-06-07T23:00", 48)]),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "now", "runs", "skipped", "excluded"), CAUGHT_UP)
def test_the_misfire_policy_chooses_among_what_is_not_excluded(policy, now, runs, skipped, excluded):
    decided = decide(
        cron("@hourly"), "2026-06-05T20:00", now, excluding(WEEKEND), policy, window=timedelta(days=9), max=4
    )

    def shown(ranges):
        return [(_full(each.first), _full(each.last), each.count) for each in ranges]

    assert [_full(at) for at in decided.runs] == runs
    assert shown(decided.skipped) == skipped
    assert shown(decided.excluded) == excluded


def _full(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")


def test_what_is_outside_the_window_is_not_caught_up_however_long_the_excluded_days_were():
    exclusions = excluding([("Freeze", "2026-06-01", "2026-06-09")])
    decided = decide(cron("@hourly"), "2026-05-31T20:00", "2026-06-09T12:30", exclusions)
    assert decided.runs == []
    assert decided.skipped == [SkippedRange(moment("2026-05-31T21:00"), moment("2026-05-31T23:00"), 3, exact=True)]
    assert [each.count for each in decided.excluded] == [8 * 24 + 13]


def test_consecutive_excluded_occurrences_are_one_range_with_the_names_of_all_entries():
    days = [(f"Day {number}", f"2026-06-0{number}", f"2026-06-0{number}") for number in range(2, 7)]
    decided = decide(cron("@daily"), "2026-06-01T12:00", "2026-06-07T00:00", excluding(days))
    assert [(each.name, each.count) for each in decided.excluded] == [("Day 2, Day 3, Day 4 and 2 more", 5)]
    assert [short(at) for at in decided.runs] == ["2026-06-07T00:00"]


def test_a_single_moment_on_an_excluded_day_is_recorded_and_never_runs():
    decided = decide(once("2026-06-06T12:00:00"), "2026-06-01", "2026-06-06T12:00", excluding(WEEKEND))
    assert (decided.runs, len(decided.excluded), decided.following) == ([], 1, None)


def test_the_next_occurrence_that_is_not_excluded_is_beyond_days_that_follow_one_another():
    days = [("Freeze", "2026-06-01", "2026-06-05"), *WEEKEND, ("Whit Monday", "2026-06-08", "2026-06-08")]
    found = next_not_excluded(cron("0 9 * * *", "Europe/Paris"), moment("2026-06-01"), ANCHOR, excluding(days))
    assert found is not None
    assert short(found.at) == "2026-06-09T07:00"
    schedule = cron("0 9 * * *", "Europe/Paris", end_at=moment("2026-06-08"))
    assert next_not_excluded(schedule, moment("2026-06-01"), ANCHOR, excluding(days)) is None
    assert fires(schedule, "2026-06-01", 1) == ["2026-06-01T07:00"]


def many_days(count):
    """Every other day for years."""
    first = datetime(2026, 1, 1)  # noqa: DTZ001 - a date
    return [(f"Day {n}", *[(first + 2 * n * DAY).date().isoformat()] * 2) for n in range(count)]


@pytest.mark.parametrize("schedule", [interval("1s"), cron("* * * * * *", "Europe/Paris"), cron("0 0 * * *")])
@pytest.mark.parametrize("policy", ["latest", "all", "skip"])
def test_a_long_outage_with_many_excluded_days_is_decided_on_in_cheap_steps(schedule, policy):
    exclusions = excluding(many_days(300))
    cursor, now, steps = moment("2026-01-01"), moment("2027-06-01"), 0
    while True:
        begin = time.process_time()
        decided = due_occurrences(schedule, "job", cursor, now, ANCHOR, Misfire(policy=policy), exclusions)
        assert time.process_time() - begin < CHEAP_SECONDS
        steps += 1
        assert len(decided.skipped) + len(decided.excluded) <= 60
        assert decided.cursor is not None
        assert decided.cursor > cursor
        cursor = decided.cursor
        if decided.following is None or decided.following.at > now:
            break
        assert steps < 20
    assert steps > 1


def test_a_rule_that_only_ever_meets_excluded_days_has_no_next_occurrence_in_sight():
    begin = time.process_time()
    sundays = cron("0 0 1-31/2 * *")
    everything = excluding([("All", f"{year}-01-01", f"{year}-12-31") for year in range(1990, 2080)])
    assert next_not_excluded(sundays, moment("2026-01-01"), ANCHOR, everything) is not None
    every_other_day = interval("2d", anchor="2026-01-01T00:00:00Z")
    assert next_not_excluded(every_other_day, moment("2025-12-31"), ANCHOR, excluding(many_days(1000))) is None
    assert time.process_time() - begin < CHEAP_SECONDS


ENTRY = {"name": "Christmas", "first": "2026-12-25", "last": "2026-12-26"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first": "2026-02-30"}, "write a day of the years 1970 to 9998"),
        ({"first": "2026-12-5"}, "write a day"),
        ({"first": "20261225"}, "write a day"),
        ({"first": "2026-W52-5"}, "write a day"),
        ({"first": "1969-12-31"}, "write a day"),
        ({"last": "9999-01-01"}, "write a day"),
        ({"first": "2026-12-27"}, "last must not be earlier than first"),
        ({"last": "2027-12-26"}, "at most 366 days"),
        ({"name": ""}, "at least 1 character"),
        ({"more": 1}, "not permitted"),
    ],
)
def test_an_entry_that_means_no_days_is_refused_with_the_remedy(changes, message):
    with pytest.raises(ValidationError, match=message):
        CalendarDefinition.model_validate({"name": "Holidays", "entries": [{**ENTRY, **changes}]})


def test_a_calendar_has_at_most_a_thousand_entries_and_a_known_zone():
    assert CalendarDefinition.model_validate({"name": "Holidays", "entries": [ENTRY] * 1000})
    for wrong in ({"entries": [ENTRY] * 1001}, {"timezone": "Mars/Olympus"}):
        with pytest.raises(ValidationError):
            CalendarDefinition.model_validate({"name": "Holidays", **wrong})


def test_the_days_at_both_ends_of_the_allowed_years_can_be_resolved_in_every_odd_zone():
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Tokyo"):
        edges = [("first", "1970-01-01", "1970-01-01"), ("last", "9998-12-31", "9998-12-31")]
        assert len(excluded_days(Calendar.model_validate(calendar(edges, zone).to_document()))) == 2


def test_the_first_moment_of_the_calendar_is_never_excluded_by_accident():
    assert excluding(WEEKEND).at(datetime.min.replace(tzinfo=UTC)) is None
