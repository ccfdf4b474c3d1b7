"""Cron in a zone: Debian cron's rules by cronsim, with a DST policy and a promise of strictly increasing instants.

A rule with fixed minutes and hours is evaluated in wall-clock time and each time is then resolved in the zone;
a rule with a wildcard minute or hour follows elapsed time, as in Debian cron: it fires at every instant whose wall
clock matches, so it knows no missing hour, and both repeated ones.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from shared.errors import ScheduleError
from shared.schedule.zones import is_in_gap, is_repeated, transition_between

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
_SECOND = timedelta(seconds=1)
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


@lru_cache(maxsize=1024)
def check_expression(expression: str) -> None:
    """ValueError with the remedy unless the expression is cron and fires at least once in 50 years."""
    rule = normalize(expression)
    try:
        next(CronSim(rule, _A_LEAP_YEAR_START))
    except CronSimError as fault:
        if str(fault) == "Bad day-of-month" and _is_cron_in_any_month(rule):
            raise ValueError(f"{expression!r} never fires: no date matches it") from None
        raise ValueError(f"{str(fault).lower()} in {expression!r}; {FIELDS_REMEDY}") from None
    except StopIteration:
        raise ValueError(f"{expression!r} never fires: no date matches it") from None


def _is_cron_in_any_month(rule: str) -> bool:
    """Whether only its month keeps the rule from firing: cronsim refuses 30 February as if it were misspelt."""
    fields = rule.split(" ")
    try:
        CronSim(" ".join([*fields[:-2], "*", fields[-1]]), _A_LEAP_YEAR_START)
    except CronSimError:
        return False
    return True


def occurrences(
    expression: str,
    zone: ZoneInfo,
    after: datetime,
    gap: Literal["next", "skip"],
    overlap: Literal["first", "last", "both"],
) -> Iterator[Occurrence]:
    """Instants strictly later than `after`, strictly increasing, until cronsim's horizon of 50 years."""
    rule = normalize(expression)
    minute, hour = rule.split(" ")[-5:-3]
    found: Iterator[Occurrence]
    if zone.key == "UTC":
        found = (Occurrence(wall.replace(tzinfo=UTC), False) for wall in _walls(rule, after.replace(tzinfo=None)))
    elif minute.startswith("*") or hour.startswith("*"):
        found = (Occurrence(at, False) for at, _ in _resolved(rule, zone, after, "skip", "both"))
    else:
        found = _resolved(rule, zone, after, gap, overlap)
    latest = after
    try:
        for occurrence in found:
            if occurrence.at > latest:
                latest = occurrence.at
                yield occurrence
    except OverflowError:
        return  # the end of year 9999


def _walls(rule: str, start: datetime) -> Iterator[datetime]:
    try:
        yield from CronSim(rule, start)
    except CronSimError as fault:  # pragma: no cover - check_expression refused it before
        raise ScheduleError("schedule.expression", str(fault)) from None


def _resolved(rule: str, zone: ZoneInfo, after: datetime, gap: str, overlap: str) -> Iterator[Occurrence]:
    """Wall-clock times resolved in the zone. The second passage of a repeated hour comes after the whole first one."""
    start = after.astimezone(zone)
    naive = start.replace(tzinfo=None, fold=0)
    repeated: tuple[datetime, datetime] | None = None
    """The repeated hour whose second passage is still to come, as it is on the wall: from, to."""
    if is_repeated(start):
        repeated = _repeated_hour(start)
        if start.fold == 1:
            if overlap != "first":
                yield from _second_passage(rule, zone, naive, repeated[1])
            naive, repeated = repeated[1] - _SECOND, None
    for wall in _walls(rule, naive):
        aware = wall.replace(tzinfo=zone)
        if repeated and wall >= repeated[1]:
            if overlap != "first":
                yield from _second_passage(rule, zone, repeated[0] - _SECOND, repeated[1])
            repeated = None
        if is_in_gap(aware):
            if gap == "next":
                yield Occurrence(end_of_gap(aware), True)
        elif is_repeated(aware):
            repeated = repeated or _repeated_hour(aware)
            if overlap != "last":
                yield Occurrence(aware.astimezone(UTC), True)
        else:
            yield Occurrence(aware.astimezone(UTC), False)
    if repeated and overlap != "first":
        yield from _second_passage(rule, zone, repeated[0] - _SECOND, repeated[1])


def _second_passage(rule: str, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[Occurrence]:
    """The rule's times on the wall later than `after` and before `until`, as they come the second time."""
    for wall in takewhile(lambda each: each < until, _walls(rule, after)):
        yield Occurrence(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), True)


def _repeated_hour(wall: datetime) -> tuple[datetime, datetime]:
    """The repeated hour that holds the aware `wall`, as it is on the wall: its first moment, and the first after it."""
    zone = wall.tzinfo
    first, second = wall.replace(fold=0, microsecond=0), wall.replace(fold=1, microsecond=0)
    set_back = transition_between(first.astimezone(UTC), second.astimezone(UTC), zone)
    begin = set_back.astimezone(zone).replace(tzinfo=None, fold=0)
    return begin, begin + ((first.utcoffset() or timedelta(0)) - (second.utcoffset() or timedelta(0)))


def end_of_gap(wall: datetime) -> datetime:
    """The instant at which the gap that holds the aware `wall` ends, in UTC."""
    # In a gap, fold=1 reads the wall clock with the later offset, which lies before the transition instant,
    # fold=0 with the earlier offset, which lies after it.
    return transition_between(wall.replace(fold=1).astimezone(UTC), wall.replace(fold=0).astimezone(UTC), wall.tzinfo)
