"""What becomes of the occurrences that are due: run now, or skipped with a record."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.clock import MILLISECOND
from shared.models.policies import Misfire
from shared.models.schedule import Schedule
from shared.schedule.occurrences import (
    Occurrence,
    count_between,
    jittered,
    latest_between,
    next_occurrence,
    occurrences_after,
)

ON_TIME = timedelta(seconds=60)
MOST_ON_TIME = 120
COUNT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class SkippedRange:
    """Nominal instants from `first` to `last` (both included) that will not run. exact: count is not a lower bound."""

    first: datetime
    last: datetime
    count: int
    exact: bool


@dataclass(slots=True)
class DueOccurrences:
    """Every nominal instant in (cursor before, cursor after] is in `runs` or inside one of `skipped`."""

    runs: list[datetime] = field(default_factory=list)
    skipped: list[SkippedRange] = field(default_factory=list)
    cursor: datetime | None = None
    """The last nominal instant that was decided on; None: nothing was due."""
    following: Occurrence | None = None
    """The first nominal instant that was not decided on; None: never again."""


def due_occurrences(
    schedule: Schedule, key: str, cursor: datetime, now: datetime, anchor: datetime, misfire: Misfire
) -> DueOccurrences:
    """Decides on all nominal instants later than `cursor` whose moment has come. Bounded work for any outage.

    key: the job's id, which makes its jitter its own.
    """
    upcoming = occurrences_after(schedule, cursor, anchor)
    first = next(upcoming, None)
    if first is None or first.at > now:
        return DueOccurrences(following=first)
    following = next(upcoming, None)
    if (following is None or following.at > now) and not schedule.jitter and now - first.at <= ON_TIME:
        return DueOccurrences([first.at], [], first.at, following)  # by far the most frequent case
    until, on_time_from = _bounds(schedule, key, cursor, now, anchor)
    if first.at > until:
        return DueOccurrences(following=first)
    on_time = latest_between(schedule, max(cursor, on_time_from), until, anchor, MOST_ON_TIME)
    late: list[datetime] = []
    if first.at <= on_time_from:
        late = _late_to_run(schedule, cursor, on_time_from, now, anchor, misfire, bool(on_time))
    runs = late + on_time
    skipped: list[SkippedRange] = []
    if first.at <= on_time_from and (not late or late[0] > first.at):
        left_out = skipped_between(schedule, cursor, late[0] - MILLISECOND if late else on_time_from, anchor)
        skipped += [left_out] if left_out else []
    decided = max(runs[-1] if runs else cursor, *(each.last for each in skipped), cursor)
    return DueOccurrences(runs, skipped, decided, next_occurrence(schedule, decided, anchor))


def skipped_between(schedule: Schedule, after: datetime, until: datetime, anchor: datetime) -> SkippedRange | None:
    """All nominal instants in (after, until] as one range; None if there is none. Bounded work for any stretch."""
    first = next_occurrence(schedule, after, anchor)
    if first is None or first.at > until:
        return None
    last = latest_between(schedule, after, until, anchor, 1)[-1]
    count, exact = count_between(schedule, after, until, anchor, COUNT_LIMIT)
    return SkippedRange(first.at, last, count, exact)


def _bounds(
    schedule: Schedule, key: str, cursor: datetime, now: datetime, anchor: datetime
) -> tuple[datetime, datetime]:
    """The last nominal instant to decide on, and the one after which a nominal instant counts as on time.

    Jitter never reaches the next nominal instant, so it can hold back only the newest one that has come, and excuse
    only the newest one that would be late without it.
    """
    until, on_time_from = now, now - ON_TIME - MILLISECOND
    if schedule.jitter:
        newest = latest_between(schedule, cursor, until, anchor, 1)[-1]
        if jittered(schedule, key, newest, anchor) > now:
            until = newest - MILLISECOND
        late = latest_between(schedule, cursor, min(on_time_from, until), anchor, 1)
        if late and jittered(schedule, key, late[-1], anchor) > on_time_from:
            on_time_from = late[-1] - MILLISECOND
    return until, min(on_time_from, until)


def _late_to_run(
    schedule: Schedule,
    cursor: datetime,
    on_time_from: datetime,
    now: datetime,
    anchor: datetime,
    misfire: Misfire,
    newer_exists: bool,
) -> list[datetime]:
    window_from = max(cursor, now - misfire.window - MILLISECOND)
    match misfire.policy:
        case "skip":
            return []
        case "latest":
            return [] if newer_exists else latest_between(schedule, window_from, on_time_from, anchor, 1)
        case "all":
            return latest_between(schedule, window_from, on_time_from, anchor, misfire.max)
