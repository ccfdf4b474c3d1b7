"""Which past occurrences a backfill runs."""

from datetime import datetime

from shared.clock import MILLISECOND
from shared.errors import InvalidDefinition
from shared.models.schedule import Schedule
from shared.schedule.occurrences import count_between, occurrences_after

MOST_BACKFILLED = 1000
COUNTED_AT_MOST = 10_000


def past_occurrences(schedule: Schedule, first: datetime, last: datetime, anchor: datetime) -> list[datetime]:
    """The nominal instants from `first` to `last`, both included, in order.

    InvalidDefinition says how many there are if they are more than one backfill may run.
    """
    after = first - MILLISECOND
    found: list[datetime] = []
    for occurrence in occurrences_after(schedule, after, anchor):
        if occurrence.at > last:
            break
        found.append(occurrence.at)
        if len(found) > MOST_BACKFILLED:
            count, exact = count_between(schedule, after, last, anchor, COUNTED_AT_MOST)
            raise InvalidDefinition(
                "to",
                f"the schedule has {'' if exact else 'more than '}{count} occurrences in this range; one backfill runs "
                f"at most {MOST_BACKFILLED}: ask for several shorter ranges, one after another",
                "too_many_occurrences",
            )
    return found
