"""Short ways to write schedules and moments in tests of the schedule arithmetic."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim

from shared.clock import MILLISECOND
from shared.models.calendars import Calendar
from shared.models.schedule import CronSchedule, IntervalSchedule, OnceSchedule, Schedule
from shared.schedule.exclusions import Exclusions, excluded_days
from shared.schedule.occurrences import occurrences_after

MINUTE = timedelta(minutes=1)
ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)


def moment(text: str) -> datetime:
    """`2026-03-29T01:00` is read as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def cron(expression: str, timezone: str = "UTC", **fields: Any) -> CronSchedule:
    return CronSchedule(kind="cron", expression=expression, timezone=timezone, **fields)


def interval(every: str, **fields: Any) -> IntervalSchedule:
    return IntervalSchedule.model_validate({"kind": "interval", "every": every, **fields})


def once(at: str, timezone: str = "UTC", **fields: Any) -> OnceSchedule:
    return OnceSchedule.model_validate({"kind": "once", "at": at, "timezone": timezone, **fields})


def calendar(entries: Sequence[tuple[str, str, str]], timezone: str = "UTC", identity: str = "closed") -> Calendar:
    """entries: name, first day, last day."""
    return Calendar.model_validate(
        {
            "_id": identity,
            "name": identity,
            "timezone": timezone,
            "entries": [{"name": name, "first": first, "last": last} for name, first, last in entries],
            "revision": 1,
            "createdAt": ANCHOR,
            "createdBy": "test",
            "updatedAt": ANCHOR,
            "updatedBy": "test",
        }
    )


def excluding(entries: Sequence[tuple[str, str, str]], timezone: str = "UTC") -> Exclusions:
    """The days of one calendar."""
    return Exclusions(excluded_days(calendar(entries, timezone)))


def fires(schedule: Schedule, after: str | datetime, count: int) -> list[str]:
    """The next `count` instants as text in UTC, to the minute unless there are seconds."""
    start = moment(after) if isinstance(after, str) else after
    return [short(each.at) for each in islice(occurrences_after(schedule, start, ANCHOR), count)]


def short(at: datetime) -> str:
    text = at.strftime("%Y-%m-%dT%H:%M:%S")
    return text.removesuffix(":00")


def instants(schedule: Schedule, start: datetime, end: datetime, anchor: datetime = ANCHOR) -> list[datetime]:
    """All instants from `start` to `end`, both included."""
    upcoming = occurrences_after(schedule, start - MILLISECOND, anchor)
    return [each.at for each in takewhile(lambda occurrence: occurrence.at <= end, upcoming)]


def matches_wall_clock(expression: str, wall: datetime) -> bool:
    """Whether the naive `wall` clock time, a whole minute, satisfies a cron rule: nothing about zones is in it."""
    return next(CronSim(expression, wall - timedelta(seconds=1))) == wall


def scan_minutes(expression: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Brute force: every minute of elapsed time whose wall clock satisfies the rule."""
    found, at = [], start
    while at <= end:
        if matches_wall_clock(expression, at.astimezone(zone).replace(tzinfo=None, fold=0)):
            found.append(at)
        at += MINUTE
    return found
