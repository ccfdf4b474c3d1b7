"""The occurrences to come, with those that excluded days will take away."""

from datetime import datetime
from typing import NamedTuple

from shared.clock import MILLISECOND
from shared.models.schedule import Schedule
from shared.schedule.exclusions import Exclusions
from shared.schedule.occurrences import next_occurrence, occurrences_after

MOST_EXCLUDED = 100
MOST_JUMPS = 1000


class Foreseen(NamedTuple):
    """One nominal instant. adjusted: the zone's clock changes there; excluded: the calendar entry that forbids it."""

    at: datetime
    adjusted: bool
    excluded: str | None


class Forecast(NamedTuple):
    """In order. complete: no excluded occurrence between these was left out to keep the list short."""

    occurrences: list[Foreseen]
    complete: bool


def foresee(schedule: Schedule, after: datetime, anchor: datetime, exclusions: Exclusions, count: int) -> Forecast:
    """The next `count` occurrences that are not excluded, and up to MOST_EXCLUDED that are. Bounded work."""
    found: list[Foreseen] = []
    running = 0
    upcoming = occurrences_after(schedule, after, anchor)
    while running < count and len(found) - running < MOST_EXCLUDED:
        occurrence = next(upcoming, None)
        if occurrence is None:
            return Forecast(found, complete=True)
        closed = exclusions.at(occurrence.at)
        running += closed is None
        found.append(Foreseen(*occurrence, None if closed is None else closed.name))
    if running == count:
        return Forecast(found, complete=True)
    after = found[-1].at
    for _ in range(MOST_JUMPS):
        coming = next_occurrence(schedule, after, anchor)
        if coming is None or running == count:
            break
        closed = exclusions.at(coming.at)
        if closed is None:
            found.append(Foreseen(*coming, None))
            running += 1
        after = coming.at if closed is None else exclusions.end_of(closed) - MILLISECOND
    return Forecast(found, complete=False)
