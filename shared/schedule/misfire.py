"""What becomes of the occurrences that are due: run now, or left out with a record of why."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from shared.clock import MILLISECOND
from shared.models.policies import Misfire
from shared.models.schedule import Schedule
from shared.schedule.exclusions import NO_EXCLUSIONS, Exclusions
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
MOST_COUNTED = 5000
"""In all ranges of one decision; of the rest it is only said that there are some."""
MOST_STEPS = 60
"""Over excluded days and the gaps between them, in one decision. The next one decides on what is left of the past."""
MOST_GAPS = 1000
"""Gaps between excluded days that are searched for occurrences to catch up."""
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class SkippedRange:
    """Nominal instants from `first` to `last` (both included) that will not run. exact: count is not a lower bound."""

    first: datetime
    last: datetime
    count: int
    exact: bool


@dataclass(frozen=True, slots=True)
class ExcludedRange(SkippedRange):
    """Consecutive nominal instants on excluded days. name: of the calendar entries that say so."""

    name: str


@dataclass(slots=True)
class DueOccurrences:
    """Every nominal instant in (cursor before, cursor after] is in `runs` or inside one range of the two others."""

    runs: list[datetime] = field(default_factory=list)
    skipped: list[SkippedRange] = field(default_factory=list)
    cursor: datetime | None = None
    """The last nominal instant that was decided on; None: nothing was due."""
    following: Occurrence | None = None
    """The first nominal instant that was not decided on, excluded or not; None: never again."""
    excluded: list[ExcludedRange] = field(default_factory=list)


def due_occurrences(
    schedule: Schedule,
    key: str,
    cursor: datetime,
    now: datetime,
    anchor: datetime,
    misfire: Misfire,
    exclusions: Exclusions = NO_EXCLUSIONS,
) -> DueOccurrences:
    """Decides on all nominal instants later than `cursor` whose moment has come. Bounded work for any outage.

    key: the job's id, which makes its jitter its own. After a very long past with very many excluded days `following`
    may be due, too: decide again from the new cursor.
    """
    upcoming = occurrences_after(schedule, cursor, anchor)
    first = next(upcoming, None)
    if first is None or first.at > now:
        return DueOccurrences(following=first)
    following = next(upcoming, None)
    if (following is None or following.at > now) and not schedule.jitter and now - first.at <= ON_TIME:
        # By far the most frequent case.
        closed = exclusions.at(first.at) if exclusions else None
        if closed is None:
            return DueOccurrences([first.at], [], first.at, following)
        return DueOccurrences([], [], first.at, following, [ExcludedRange(first.at, first.at, 1, True, closed.name)])
    until, on_time_from = _bounds(schedule, key, cursor, now, anchor)
    if first.at > until:
        return DueOccurrences(following=first)
    on_time = latest_between(schedule, max(cursor, on_time_from), until, anchor, MOST_ON_TIME)
    on_time = [at for at in on_time if exclusions.at(at) is None]
    late: list[datetime] = []
    if first.at <= on_time_from:
        late = _late_to_run(schedule, cursor, on_time_from, now, anchor, misfire, bool(on_time), exclusions)
    decided = DueOccurrences(late + on_time)
    skipped_until = late[0] - MILLISECOND if late else on_time_from
    if exclusions:
        _leave_out(decided, schedule, cursor, until, skipped_until, anchor, exclusions)
    elif first.at <= skipped_until:
        left_out = skipped_between(schedule, cursor, skipped_until, anchor)
        decided.skipped += [left_out] if left_out else []
    ranges = [*decided.skipped, *decided.excluded]
    last = max([cursor, *decided.runs[-1:], *(each.last for each in ranges)])
    decided.cursor, decided.following = last, next_occurrence(schedule, last, anchor)
    return decided


def next_not_excluded(
    schedule: Schedule, after: datetime, anchor: datetime, exclusions: Exclusions
) -> Occurrence | None:
    """The first occurrence strictly later than `after` on a day that is not excluded; None: there is none in sight."""
    for _ in range(MOST_GAPS):
        found = next_occurrence(schedule, after, anchor)
        closed = exclusions.at(found.at) if found is not None else None
        if closed is None:
            return found
        after = exclusions.end_of(closed) - MILLISECOND
    return None


def skipped_between(
    schedule: Schedule, after: datetime, until: datetime, anchor: datetime, limit: int = COUNT_LIMIT
) -> SkippedRange | None:
    """All nominal instants in (after, until] as one range; None if there is none. Bounded work for any stretch.

    limit: more are not counted.
    """
    first = next_occurrence(schedule, after, anchor)
    if first is None or first.at > until:
        return None
    last = latest_between(schedule, after, until, anchor, 1)[-1]
    count, exact = count_between(schedule, after, until, anchor, limit)
    return SkippedRange(first.at, last, count, exact)


@dataclass(slots=True)
class _Span:
    """A part of the past whose nominal instants are all excluded, or none is. names: why, empty if none is."""

    after: datetime
    until: datetime
    names: list[str]


def _leave_out(
    decided: DueOccurrences,
    schedule: Schedule,
    cursor: datetime,
    until: datetime,
    skipped_until: datetime,
    anchor: datetime,
    exclusions: Exclusions,
) -> None:
    """Adds the ranges that do not run. What lies beyond the bound is left to the next decision."""
    spans = _spans(schedule, cursor, until, anchor, exclusions)
    decided.runs = [at for at in decided.runs if at <= spans[-1].until]
    counted = 0
    for span in spans:
        end = span.until if span.names else min(span.until, skipped_until)
        limit = max(1, min(COUNT_LIMIT, MOST_COUNTED - counted))
        found = skipped_between(schedule, span.after, end, anchor, limit) if end > span.after else None
        counted += found.count if found is not None else 0
        if found is not None and span.names:
            excluded = ExcludedRange(found.first, found.last, found.count, found.exact, _named(span.names))
            decided.excluded.append(excluded)
        elif found is not None:
            decided.skipped.append(found)


def _spans(
    schedule: Schedule, after: datetime, until: datetime, anchor: datetime, exclusions: Exclusions
) -> list[_Span]:
    """(after, until] in order, cut where its nominal instants turn from excluded to not excluded or back."""
    spans: list[_Span] = []
    for _ in range(MOST_STEPS):
        found = next_occurrence(schedule, after, anchor)
        if found is None or found.at > until:
            break
        closed = exclusions.at(found.at)
        change = exclusions.next_begin(found.at) if closed is None else closed.end
        end = min(until, change - MILLISECOND) if change is not None else until
        names = [] if closed is None else [closed.name]
        if spans and bool(spans[-1].names) == bool(names):
            spans[-1].until = end
            spans[-1].names += [name for name in names if name not in spans[-1].names]
        else:
            spans.append(_Span(after, end, names))
        after = end
    return spans


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


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
    exclusions: Exclusions,
) -> list[datetime]:
    """What is caught up: chosen among the instants that are not excluded."""
    window_from = max(cursor, now - misfire.window - MILLISECOND)
    match misfire.policy:
        case "skip":
            return []
        case "latest":
            most = 0 if newer_exists else 1
        case "all":
            most = misfire.max
    found: list[datetime] = []
    for after, until in islice(exclusions.free_before(window_from, on_time_from), MOST_GAPS):
        if len(found) >= most:
            break
        found = latest_between(schedule, after, until, anchor, most - len(found)) + found
    return found
