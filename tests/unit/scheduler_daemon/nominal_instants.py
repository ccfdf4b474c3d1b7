"""The nominal instants of a stored schedule, counted out day by day: slow, simple, and no code of the product in it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def nominal_instants(schedule: dict[str, Any], created: datetime, after: datetime, until: datetime) -> list[datetime]:
    """All in (after, until], in order. Cron: lists of numbers or `*`; only one of day and weekday restricted."""
    first, last = schedule.get("startAt"), schedule.get("endAt")
    if first is not None:
        after = max(after, first - MINUTE)
    if last is not None:
        until = min(until, last)
    match schedule["kind"]:
        case "cron":
            found = _cron(schedule, after, until)
        case "interval":
            found = _interval(schedule, created, after, until)
        case _:
            found = {datetime.fromisoformat(schedule["at"]).replace(tzinfo=ZoneInfo(schedule["timezone"]))}
    return sorted(at.astimezone(UTC) for at in found if after < at <= until and (first is None or at >= first))


def length(text: str) -> timedelta:
    """`90m`."""
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])})


def _interval(schedule: dict[str, Any], created: datetime, after: datetime, until: datetime) -> set[datetime]:
    every = length(schedule["every"])
    at = schedule.get("anchor") or schedule.get("startAt") or created
    at += max(0, (after - at) // every) * every
    found = set()
    while at <= until:
        found.add(at)
        at += every
    return found


def _numbers(text: str) -> list[int] | None:
    return None if text == "*" else [int(each) for each in text.split(",")]


def _cron(schedule: dict[str, Any], after: datetime, until: datetime) -> set[datetime]:
    minutes, hours, days, months, weekdays = (_numbers(each) for each in schedule["expression"].split())
    zone = ZoneInfo(schedule["timezone"])
    assert minutes is not None
    if hours is None:
        return _every_hour(minutes, zone, after, until)
    found = set()
    day = after.astimezone(zone).date() - timedelta(days=1)
    while day <= until.astimezone(zone).date():
        if (
            (days is None or day.day in days)
            and (months is None or day.month in months)
            and (weekdays is None or day.isoweekday() % 7 in weekdays)
        ):
            for hour in hours:
                for minute in minutes:
                    found |= _resolved(day, hour, minute, zone, schedule.get("dst") or {})
        day += timedelta(days=1)
    return found


def _every_hour(minutes: list[int], zone: ZoneInfo, after: datetime, until: datetime) -> set[datetime]:
    """Follows elapsed time: every instant whose wall clock matches."""
    at = after.replace(second=0, microsecond=0)
    found = set()
    while at <= until:
        if at.astimezone(zone).minute in minutes:
            found.add(at)
        at += MINUTE
    return found


def _resolved(day: date, hour: int, minute: int, zone: ZoneInfo, dst: dict[str, str]) -> set[datetime]:
    wall = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - a wall clock
    passages = {
        at
        for at in (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if at.astimezone(zone).replace(tzinfo=None, fold=0) == wall
    }
    if passages:
        match dst.get("overlap", "first"):
            case "first":
                return {min(passages)}
            case "last":
                return {max(passages)}
            case _:
                return passages
    if dst.get("gap", "next") == "skip":
        return set()
    at = wall.replace(tzinfo=UTC) - timedelta(hours=15)
    while at.astimezone(zone).replace(tzinfo=None) < wall:
        at += MINUTE
    return {at}
