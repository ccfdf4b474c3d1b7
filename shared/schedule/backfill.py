"""Which past occurrences a backfill runs: the same for the API, which counts them, and the daemon, which runs them."""

from datetime import datetime
from itertools import islice, takewhile

from shared.clock import MILLISECOND
from shared.errors import InvalidDefinition
from shared.models.commands import PastRange
from shared.models.schedule import Schedule
from shared.schedule.exclusions import Exclusions
from shared.schedule.occurrences import count_between, occurrences_after

MOST_BACKFILLED = 1000
COUNTED_AT_MOST = 10_000


def past_occurrences(
    schedule: Schedule, past: PastRange, anchor: datetime, now: datetime, exclusions: Exclusions
) -> list[datetime]:
    """The nominal instants in the range, both ends included, in order, without those on excluded days.

    InvalidDefinition if that cannot be run.
    """
    if past.first > past.last:
        raise InvalidDefinition("from", "is later than `to`; write the earlier moment first", "range_reversed")
    if past.last > now:
        raise InvalidDefinition(
            "to", "is in the future; a backfill runs what is past, the schedule runs the rest", "in_the_future"
        )
    after = past.first - MILLISECOND
    coming = takewhile(lambda occurrence: occurrence.at <= past.last, occurrences_after(schedule, after, anchor))
    moments = [occurrence.at for occurrence in islice(coming, MOST_BACKFILLED + 1)]
    if len(moments) > MOST_BACKFILLED:
        count, exact = count_between(schedule, after, past.last, anchor, COUNTED_AT_MOST)
        raise InvalidDefinition(
            "to",
            f"the schedule has {'' if exact else 'more than '}{count} occurrences in this range; one backfill runs "
            f"at most {MOST_BACKFILLED}: ask for several shorter ranges, one after another",
            "too_many_occurrences",
        )
    return [moment for moment in moments if exclusions.at(moment) is None] if exclusions else moments
