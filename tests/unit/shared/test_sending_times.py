"""When a message leaves: recipients' zones, quiet hours, allowed days, throttle; tables, and a scan of minutes."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.models.notification_models import ScheduledNotification
from shared.models.sending_rules import WEEKDAYS
from shared.schedule.exclusions import Exclusions, Stretch
from shared.schedule.occurrences import next_occurrence
from shared.schedule.sending_times import (
    FIRST_ZONE,
    OpenHours,
    SendingTimes,
    Timing,
    firing_exclusions,
    firing_schedule,
    longest_wait,
)

MINUTE = timedelta(minutes=1)
NINE = {"kind": "once", "at": "2026-12-01T09:00:00", "timezone": "Europe/Paris"}
NIGHT = {"from": "22:00", "to": "07:00"}
BEFORE = datetime(2026, 11, 23, tzinfo=UTC)
SPRING = [
    ("Europe/Paris", datetime(2026, 3, 28, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 7, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 9, 5, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 2, 14, tzinfo=UTC)),
]
AUTUMN = [
    ("Europe/Paris", datetime(2026, 10, 24, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 31, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 4, 4, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 6, 1, tzinfo=UTC)),
]


def scheduled(**changes: Any) -> ScheduledNotification:
    return ScheduledNotification.model_validate(
        {
            "_id": "wave", "name": "wave", "templateId": "welcome", "templateVersion": 1, "channels": ["email"],
            "recipients": {"addresses": [{"email": "ada@example.com"}]}, "schedule": NINE, "revision": 1,
            "scheduleSince": BEFORE, "createdAt": BEFORE, "createdBy": "test", "updatedAt": BEFORE,
            "updatedBy": "test", **changes,
        }
    )  # fmt: skip


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def first_moment(notification: ScheduledNotification) -> datetime:
    found = next_occurrence(firing_schedule(notification, notification.schedule), BEFORE, BEFORE)
    assert found is not None
    return found.at


def times(now: datetime | None = None, **changes: Any) -> SendingTimes:
    notification = scheduled(**changes)
    occurrence = first_moment(notification)
    return SendingTimes(notification, occurrence, now or occurrence)


def sent(zone: str | None, now: datetime | None = None, **changes: Any) -> datetime | None:
    timing = times(now, **changes).of(zone)
    return timing and timing.send_after


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Paris", "2026-12-01T08:00"),
        ("Asia/Tokyo", "2026-12-01T00:00"),
        ("Pacific/Kiritimati", "2026-11-30T19:00"),
        ("Pacific/Pago_Pago", "2026-12-01T20:00"),
        ("America/New_York", "2026-12-01T14:00"),
        (None, "2026-12-01T08:00"),
        ("Mars/Olympus", "2026-12-01T08:00"),
    ],
)
def test_a_wall_clock_time_is_each_recipients_own(zone: str | None, expected: str) -> None:
    assert sent(zone, recipientTimezone=True) == at(expected)


def test_who_has_no_zone_is_in_the_fallback() -> None:
    assert sent(None, recipientTimezone=True, timezoneFallback="Asia/Tokyo") == at("2026-12-01T00:00")


@pytest.mark.parametrize("zone", ["Europe/Paris", "Asia/Tokyo", None])
def test_without_it_everybody_is_written_to_at_the_same_instant(zone: str | None) -> None:
    assert sent(zone) == at("2026-12-01T08:00")


@pytest.mark.parametrize(
    ("schedule", "zone", "expected"),
    [
        ({**NINE, "at": "2026-03-29T02:30:00"}, "Europe/Paris", "2026-03-29T01:30"),  # 03:30, moved by the gap
        ({**NINE, "at": "2026-10-25T02:30:00"}, "Europe/Paris", "2026-10-25T00:30"),  # the first of the two
    ],
)
def test_a_gap_moves_forward_and_of_two_the_first_counts(schedule: Any, zone: str, expected: str) -> None:
    early = at("2026-01-01T00:00")
    notification = scheduled(schedule=schedule, recipientTimezone=True, scheduleSince=early)
    found = next_occurrence(firing_schedule(notification, notification.schedule), early, early)
    assert found is not None
    assert SendingTimes(notification, found.at, found.at).of(zone) == Timing(at(expected), None)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("now", "2026-12-01T05:00:01"), ("next_day", "2026-12-02T00:00"), ("skip", None)],
)
def test_what_had_passed_somewhere_before_the_rule_was_made(rule: str, expected: str | None) -> None:
    made, now = at("2026-12-01T05:00"), at("2026-12-01T05:00:01")
    changes = {"recipientTimezone": True, "alreadyPassed": rule, "scheduleSince": made}
    assert sent("Asia/Tokyo", now, **changes) == (expected and at(expected))
    assert sent("Europe/Paris", now, **changes) == at("2026-12-01T08:00")


def test_a_late_daemon_makes_nothing_pass() -> None:
    now = at("2026-12-01T05:00")
    assert sent("Asia/Tokyo", now, recipientTimezone=True, alreadyPassed="skip") == now


@pytest.mark.parametrize(
    ("occurrence", "rules", "expected"),
    [
        ("2026-12-01T21:59:00", {"quietHours": NIGHT}, "2026-12-01T21:59"),
        ("2026-12-01T22:00:00", {"quietHours": NIGHT}, "2026-12-02T07:00"),
        ("2026-12-02T06:59:59", {"quietHours": NIGHT}, "2026-12-02T07:00"),
        ("2026-12-02T07:00:00", {"quietHours": NIGHT}, "2026-12-02T07:00"),
        ("2026-12-02T13:00:00", {"quietHours": {"from": "12:00", "to": "14:00"}}, "2026-12-02T14:00"),
        ("2026-12-05T10:00:00", {"allowedDays": ["MON", "TUE"]}, "2026-12-07T00:00"),
        ("2026-12-05T10:00:00", {"allowedDays": ["MON"], "quietHours": NIGHT}, "2026-12-07T07:00"),
        ("2026-12-07T23:00:00", {"allowedDays": ["MON"], "quietHours": NIGHT}, "2026-12-14T07:00"),
        ("2026-12-07T23:00:00", {"quietHours": NIGHT, "critical": True}, "2026-12-07T23:00"),
        ("2026-12-01T22:30:00", {"quietHours": {**NIGHT, "timezone": "Asia/Tokyo"}}, "2026-12-01T22:30"),
        ("2026-12-01T14:00:00", {"quietHours": {**NIGHT, "timezone": "Asia/Tokyo"}}, "2026-12-01T22:00"),
    ],
)
def test_a_message_waits_for_an_open_hour(occurrence: str, rules: Any, expected: str) -> None:
    assert sent(None, schedule={"kind": "once", "at": occurrence}, **rules) == at(expected)


def test_quiet_hours_are_the_recipients_own() -> None:
    late = {"kind": "once", "at": "2026-12-01T20:00:00"}  # 21:00 in Paris, 05:00 in Tokyo
    assert sent("Europe/Paris", schedule=late, quietHours=NIGHT) == at("2026-12-01T20:00")
    assert sent("Asia/Tokyo", schedule=late, quietHours=NIGHT) == at("2026-12-01T22:00")


def test_expiry_counts_from_what_the_message_was_meant_for() -> None:
    night = {"kind": "once", "at": "2026-12-01T23:00:00"}
    waiting = times(schedule=night, quietHours=NIGHT, expiresAfter="1h").of(None)
    assert waiting == Timing(at("2026-12-02T07:00"), at("2026-12-02T08:00"))
    own = times(recipientTimezone=True, expiresAfter="1h").of("America/New_York")
    assert own == Timing(at("2026-12-01T14:00"), at("2026-12-01T15:00"))
    late = times(at("2026-12-01T08:40"), expiresAfter="1h").of(None)
    assert late == Timing(at("2026-12-01T08:40"), at("2026-12-01T09:00"))


def test_a_throttle_fills_minute_after_minute_and_moves_no_expiry() -> None:
    spread = times(throttle={"perMinute": 2}, expiresAfter="1h")
    found = [spread.of(None) for _ in range(5)]
    assert [each and each.send_after for each in found] == [at(f"2026-12-01T08:0{n // 2}") for n in range(5)]
    assert {each and each.expires_at for each in found} == {at("2026-12-01T09:00")}


def test_a_throttle_is_one_for_all_zones_and_never_sends_in_quiet_hours() -> None:
    schedule = {"kind": "once", "at": "2026-12-01T20:58:00"}
    spread = times(schedule=schedule, throttle={"perMinute": 1}, quietHours=NIGHT)
    zones = ["Europe/Paris", "UTC", "Europe/Paris", "Europe/Paris", "UTC"]
    found = [timing.send_after for timing in map(spread.of, zones) if timing]
    assert found == [
        at("2026-12-01T20:58"), at("2026-12-01T20:59"), at("2026-12-02T06:00"), at("2026-12-02T06:01"),
        at("2026-12-01T21:00"),
    ]  # fmt: skip


def test_a_day_that_is_left_out_is_left_out_everywhere() -> None:
    paris = ZoneInfo("Europe/Paris")
    day = datetime(2026, 12, 1, tzinfo=paris)
    closed = Exclusions([Stretch(day.astimezone(UTC), (day + timedelta(days=1)).astimezone(UTC), "Feast")])
    notification = scheduled(recipientTimezone=True)
    moved = firing_exclusions(notification, notification.schedule, closed)
    assert moved.at(first_moment(notification)) is not None
    assert closed.at(first_moment(notification)) is None
    plain = scheduled()
    assert firing_exclusions(plain, plain.schedule, closed) is closed


def test_an_interval_and_a_moment_with_an_offset_have_no_wall_clock() -> None:
    for schedule in ({"kind": "interval", "every": "1h"}, {"kind": "once", "at": "2026-12-01T09:00:00+02:00"}):
        notification = scheduled(schedule=schedule, recipientTimezone=True)
        assert firing_schedule(notification, notification.schedule) == notification.schedule


@pytest.mark.parametrize(("zone", "day"), SPRING + AUTUMN)
@pytest.mark.parametrize(
    ("quiet", "days"),
    [
        (("22:00", "07:00"), None),
        (("02:30", "07:00"), None),
        (("00:30", "02:30"), None),
        (("01:00", "02:15"), ("SUN",)),
        (None, ("SUN",)),
        (("03:00", "02:00"), None),
        (("00:00", "23:59"), ("SAT", "SUN")),
    ],
)
def test_an_open_hour_is_found_as_a_scan_of_the_wall_clock_finds_it(
    zone: str, day: datetime, quiet: tuple[str, str] | None, days: tuple[str, ...] | None
) -> None:
    hours = open_hours(quiet, days)
    for step in range(0, 48 * 60, 17):
        check(hours, day + step * MINUTE, ZoneInfo(zone))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([zone for zone, _ in SPRING + AUTUMN]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - made UTC below
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda pair: pair[0] != pair[1]),
    st.sets(st.sampled_from(WEEKDAYS), min_size=1),
)
def test_an_open_hour_is_found_in_any_zone_at_any_time(
    zone: str, moment: datetime, quiet: tuple[int, int], days: set[str]
) -> None:
    begin, end = (f"{each // 60:02}:{each % 60:02}" for each in quiet)
    check(open_hours((begin, end), tuple(days)), moment.replace(second=0, microsecond=0, tzinfo=UTC), ZoneInfo(zone))


def open_hours(quiet: tuple[str, str] | None, days: tuple[str, ...] | None) -> OpenHours:
    numbers = frozenset(range(7) if days is None else (WEEKDAYS.index(day) for day in days))
    if quiet is None:
        return OpenHours(None, time(), numbers)
    return OpenHours(time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1]), numbers)


def check(hours: OpenHours, moment: datetime, zone: ZoneInfo) -> None:
    expected = moment
    while not hours.is_open(expected.astimezone(zone)):
        expected += MINUTE
    assert hours.next_open(moment, zone) == expected


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([zone for zone, _ in SPRING + AUTUMN]),
    st.datetimes(datetime(2026, 12, 1), datetime(2027, 12, 1)),  # noqa: DTZ001 - wall clock
    st.sampled_from(["now", "next_day", "skip"]),
)
def test_no_message_is_meant_for_later_than_the_longest_wait(zone: str, wall: datetime, rule: str) -> None:
    schedule = {"kind": "once", "at": wall.replace(microsecond=0).isoformat(), "timezone": "Europe/Paris"}
    rules = {"allowedDays": ["WED"], "quietHours": NIGHT, "recipientTimezone": True, "alreadyPassed": rule}
    notification = scheduled(schedule=schedule, **rules)
    occurrence = first_moment(notification)
    timing = SendingTimes(notification, occurrence, occurrence).of(zone)
    assert timing is not None
    assert occurrence <= timing.send_after <= occurrence + longest_wait(notification, notification.schedule)


def test_the_first_zone_is_the_first() -> None:
    wall = datetime(2026, 7, 1, 12)  # noqa: DTZ001 - wall clock
    assert wall.replace(tzinfo=ZoneInfo(FIRST_ZONE)) <= wall.replace(tzinfo=ZoneInfo("Pacific/Kiritimati"))
