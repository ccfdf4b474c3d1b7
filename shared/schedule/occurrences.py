"""When a schedule fires: one interface over cron, interval and once, with its start, its end and its jitter."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from shared.clock import MILLISECOND, cut_to_milliseconds, to_milliseconds
from shared.errors import ScheduleError
from shared.models.schedule import CronSchedule, IntervalSchedule, OnceSchedule, Schedule
from shared.schedule import cron
from shared.schedule.cron import Occurrence
from shared.schedule.zones import is_in_gap, is_repeated

__all__ = [
    "Occurrence",
    "count_between",
    "jittered",
    "latest_between",
    "next_occurrence",
    "occurrences_after",
]

_FIRST_LOOK_BACK = timedelta(minutes=1)
_FEW = 100
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def occurrences_after(schedule: Schedule, after: datetime, anchor: datetime) -> Iterator[Occurrence]:
    """Nominal instants strictly later than `after`, strictly increasing, within startAt and endAt (both included).

    anchor: what an interval without an anchor of its own counts from: the moment the definition was created.
    """
    if schedule.start_at is not None and schedule.start_at > after:
        after = schedule.start_at - MILLISECOND
    match schedule:
        case CronSchedule():
            found = cron.occurrences(schedule.expression, schedule.zone, after, schedule.dst.gap, schedule.dst.overlap)
        case IntervalSchedule():
            found = _interval(schedule, after, anchor)
        case OnceSchedule():
            found = _once(schedule, after)
    if schedule.end_at is None:
        return found
    end = schedule.end_at
    return takewhile(lambda occurrence: occurrence.at <= end, found)


def next_occurrence(schedule: Schedule, after: datetime, anchor: datetime) -> Occurrence | None:
    """The first occurrence strictly later than `after`; None means never again."""
    return next(occurrences_after(schedule, after, anchor), None)


def latest_between(schedule: Schedule, after: datetime, until: datetime, anchor: datetime, most: int) -> list[datetime]:
    """The latest `most` nominal instants in (after, until], in order.

    Looks back in growing spans, then halves the last one, so a long outage of a frequent schedule costs by `most`,
    not by what was missed.
    """
    enough = 2 * most + _FEW
    span = _FIRST_LOOK_BACK
    too_early: datetime | None = None
    too_late = until
    while True:
        if too_early is not None:
            start = too_early + (too_late - too_early) / 2
        else:
            start = until - span if span < until - after else after
            span *= 8
        upcoming = takewhile(lambda each: each.at <= until, occurrences_after(schedule, start, anchor))
        found = [occurrence.at for occurrence in islice(upcoming, enough + 1)]
        if len(found) > enough:
            too_early = start
        elif len(found) >= most or start <= after:
            return found[-most:]
        else:
            too_late = start


def count_between(
    schedule: Schedule, after: datetime, until: datetime, anchor: datetime, limit: int
) -> tuple[int, bool]:
    """How many nominal instants lie in (after, until], and whether that is exact; counting stops at `limit`."""
    count = 0
    for occurrence in occurrences_after(schedule, after, anchor):
        if occurrence.at > until:
            return count, True
        if count == limit:
            return count, False
        count += 1
    return count, True


def jittered(schedule: Schedule, key: str, nominal: datetime, anchor: datetime) -> datetime:
    """When the occurrence of `nominal` is acted on: the same for the same key, before the next nominal instant."""
    if not schedule.jitter:
        return nominal
    digest = hashlib.blake2b(f"{key}:{to_milliseconds(nominal)}".encode(), digest_size=8).digest()
    following = next_occurrence(schedule, nominal, anchor)
    room = min(schedule.jitter, (following.at if following else _END_OF_TIME) - nominal)
    return nominal + (int.from_bytes(digest, "big") * (room // MILLISECOND) >> 64) * MILLISECOND


def _interval(schedule: IntervalSchedule, after: datetime, anchor: datetime) -> Iterator[Occurrence]:
    anchor = schedule.anchor or schedule.start_at or anchor
    steps = max(0, (after - anchor) // schedule.every + 1)
    while True:
        try:
            at = anchor + steps * schedule.every
        except OverflowError:
            return
        yield Occurrence(at, False)
        steps += 1


def _once(schedule: OnceSchedule, after: datetime) -> Iterator[Occurrence]:
    occurrence = resolve_once(schedule)
    if occurrence.at > after:
        yield occurrence


def resolve_once(schedule: OnceSchedule) -> Occurrence:
    """The instant that `at` means: in a gap shifted forward by the gap (RFC 5545, 3.3.5), in an overlap the first."""
    wall = schedule.at if schedule.at.tzinfo else schedule.at.replace(tzinfo=schedule.zone)
    try:
        at = cut_to_milliseconds(wall.replace(fold=0))
        adjusted = schedule.at.tzinfo is None and (is_in_gap(wall) or is_repeated(wall))
    except OverflowError:
        raise ScheduleError("schedule.at", f"{schedule.at.isoformat()} is out of range; choose another time") from None
    if adjusted and schedule.strict:
        what = "does not exist" if is_in_gap(wall) else "happens twice"
        raise ScheduleError(
            "schedule.at", f"{schedule.at.isoformat()} {what} in {schedule.timezone}; choose another time"
        )
    return Occurrence(at, adjusted)
