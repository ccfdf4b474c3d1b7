"""Cron in a zone: Debian cron's rules by cronsim, with a DST policy and a promise of strictly increasing instants.

A rule with fixed minutes and hours is evaluated in wall-clock time and each time is then resolved in the zone;
a rule with a wildcard minute or hour follows elapsed time, as in Debian cron: nothing to skip, nothing to repeat.
"""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from shared.errors import ScheduleError
from shared.schedule.zones import is_in_gap, is_repeated

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
FIELDS_REMEDY = 'write 5 fields "minute hour day month weekday", 6 with seconds first, or an alias such as @daily'
_DAY = timedelta(days=1)
_A_LEAP_YEAR_START = datetime(2024, 1, 1)  # noqa: DTZ001 - naive on purpose: only asks whether the rule ever fires


class Occurrence(NamedTuple):
    """One nominal instant in UTC; adjusted: the zone skipped or repeated the wall-clock time that was meant."""

    at: datetime
    adjusted: bool


def normalize(expression: str) -> str:
    """The expression that cronsim reads; ValueError if it cannot be cron."""
    text = " ".join(expression.split())
    if text.startswith("@"):
        if text.lower() not in ALIASES:
            raise ValueError(f"unknown alias {text!r}; use one of {', '.join(sorted(ALIASES))}")
        return ALIASES[text.lower()]
    fields = text.split(" ")
    if len(fields) not in (5, 6):
        raise ValueError(FIELDS_REMEDY)
    for place in (-3, -1):
        if fields[place] == "?":
            fields[place] = "*"
    return " ".join(fields)


def check_expression(expression: str) -> None:
    """ValueError with the remedy unless the expression is cron and fires at least once in 50 years."""
    rule = normalize(expression)
    try:
        next(CronSim(rule, _A_LEAP_YEAR_START))
    except CronSimError as fault:
        raise ValueError(f"{str(fault).lower()} in {expression!r}; {FIELDS_REMEDY}") from None
    except StopIteration:
        raise ValueError(f"{expression!r} never fires: no date matches it") from None


def explain(expression: str) -> str:
    """The rule in plain English, as cronsim words it."""
    return str(CronSim(normalize(expression), _A_LEAP_YEAR_START).explain())


def occurrences(
    expression: str,
    zone: ZoneInfo,
    after: datetime,
    gap: Literal["next", "skip"],
    overlap: Literal["first", "last", "both"],
) -> Iterator[Occurrence]:
    """Instants strictly later than `after`, strictly increasing, until cronsim's horizon of 50 years."""
    rule = normalize(expression)
    fields = rule.split(" ")
    minute, hour = fields[-5], fields[-4]
    found: Iterator[Occurrence]
    if zone.key == "UTC":
        found = (Occurrence(wall.replace(tzinfo=UTC), False) for wall in _walls(rule, after.replace(tzinfo=None)))
    elif minute.startswith("*") or hour.startswith("*"):
        found = (Occurrence(wall.astimezone(UTC), False) for wall in _walls(rule, after.astimezone(zone)))
    else:
        found = _resolved(rule, zone, after, gap, overlap)
    latest = after
    for occurrence in found:
        if occurrence.at > latest:
            latest = occurrence.at
            yield occurrence


def _walls(rule: str, start: datetime) -> Iterator[datetime]:
    try:
        yield from CronSim(rule, start)
    except CronSimError as fault:  # pragma: no cover - check_expression refused it before
        raise ScheduleError("schedule.expression", str(fault)) from None
    except OverflowError:
        return


def _resolved(rule: str, zone: ZoneInfo, after: datetime, gap: str, overlap: str) -> Iterator[Occurrence]:
    """Wall-clock times resolved in the zone. With overlap `both` the second hour comes after the whole first one."""
    start = after.astimezone(zone)
    near_transition = (after - _DAY).astimezone(zone).utcoffset() != (after + _DAY).astimezone(zone).utcoffset()
    naive = start.replace(tzinfo=None, fold=0) - (_DAY if near_transition else timedelta(0))
    held: list[Occurrence] = []
    for wall in _walls(rule, naive):
        resolved = _resolve(wall.replace(tzinfo=zone), gap, overlap)
        if not resolved:
            continue
        while held and held[0].at < resolved[0].at:
            yield heapq.heappop(held)
        for occurrence in resolved:
            heapq.heappush(held, occurrence)
        if len(resolved) == 1 and len(held) == 1:
            yield held.pop()
    while held:
        yield heapq.heappop(held)


def _resolve(wall: datetime, gap: str, overlap: str) -> list[Occurrence]:
    if is_in_gap(wall):
        return [] if gap == "skip" else [Occurrence(end_of_gap(wall), True)]
    if not is_repeated(wall):
        return [Occurrence(wall.astimezone(UTC), False)]
    first, last = (Occurrence(wall.replace(fold=fold).astimezone(UTC), True) for fold in (0, 1))
    return {"first": [first], "last": [last], "both": [first, last]}[overlap]


def end_of_gap(wall: datetime) -> datetime:
    """The instant at which the gap that holds the aware `wall` ends, in UTC, to the second."""
    zone = wall.tzinfo
    # In a gap, fold=1 reads the wall clock with the later offset, which lies before the transition instant,
    # fold=0 with the earlier offset, which lies after it.
    low, high = wall.replace(fold=1).astimezone(UTC), wall.replace(fold=0).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=1) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
