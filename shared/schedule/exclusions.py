"""Days on which nothing runs, from calendars: a value that says of any instant whether it is left out, and why."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.clock import MILLISECOND
from shared.models.calendars import Calendar
from shared.schedule.cron import end_of_gap
from shared.schedule.zones import is_in_gap, is_repeated, load_zone, transition_between

_DAY = timedelta(days=1)


class Stretch(NamedTuple):
    """From `begin` to before `end`, in UTC; name: of the calendar's entry."""

    begin: datetime
    end: datetime
    name: str


def _disjoint(stretches: Iterable[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    covered = datetime.min.replace(tzinfo=UTC)
    for stretch in sorted(stretches):
        begin = max(stretch.begin, covered)
        if begin >= stretch.end:
            continue
        covered = stretch.end
        if found and found[-1].end == begin and found[-1].name == stretch.name:
            found[-1] = Stretch(found[-1].begin, covered, stretch.name)
        else:
            found.append(Stretch(begin, covered, stretch.name))
    return found


class Exclusions:
    """Disjoint stretches in order. Where entries of several calendars meet, the one that began first names it."""

    __slots__ = ("_begins", "_stretches")

    def __init__(self, stretches: Iterable[Stretch] = ()) -> None:
        self._stretches = _disjoint(stretches)
        self._begins = [each.begin for each in self._stretches]

    def __bool__(self) -> bool:
        return bool(self._stretches)

    def at(self, moment: datetime) -> Stretch | None:
        """The stretch that holds the moment; None: nothing leaves it out."""
        place = bisect_right(self._begins, moment) - 1
        return self._stretches[place] if place >= 0 and moment < self._stretches[place].end else None

    def next_begin(self, moment: datetime) -> datetime | None:
        """When the first stretch later than `moment` begins."""
        place = bisect_right(self._begins, moment)
        return self._begins[place] if place < len(self._begins) else None

    def moved(self, move: Callable[[datetime], datetime]) -> "Exclusions":
        """The same with each edge moved. move: keeps their order, but for the hours of a clock change."""
        return Exclusions(Stretch(move(each.begin), move(each.end), each.name) for each in self._stretches)

    def end_of(self, stretch: Stretch) -> datetime:
        """When something may run again: the end of the last of the stretches that follow one another from this on."""
        place = bisect_right(self._begins, stretch.begin)
        end = stretch.end
        while place < len(self._begins) and self._begins[place] == end:
            end = self._stretches[place].end
            place += 1
        return end

    def free_before(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The parts of (after, until] that nothing leaves out, as (after, until] each, the latest first."""
        place = bisect_right(self._begins, until) - 1
        while place >= 0 and until > after:
            stretch = self._stretches[place]
            begin = max(after, stretch.end - MILLISECOND)
            if begin < until:
                yield begin, until
            until = min(until, stretch.begin - MILLISECOND)
            place -= 1
        if until > after:
            yield after, until


NO_EXCLUSIONS = Exclusions()


def excluded_days(calendar: Calendar) -> list[Stretch]:
    """The calendar's days as stretches: all instants whose date in the calendar's zone is one of them."""
    zone = load_zone(calendar.timezone)
    stretches: list[Stretch] = []
    for entry in calendar.entries:
        begins = _midnights(date.fromisoformat(entry.first), zone)
        ends = _midnights(date.fromisoformat(entry.last) + _DAY, zone)
        # A clock that is set back over midnight shows the day before again: each passage is a stretch of its own.
        edges = [*begins, *ends]
        stretches += [Stretch(edges[i], edges[i + 1], entry.name) for i in range(0, len(edges), 2)]
    return stretches


def _midnights(day: date, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the wall clock comes to `day` (odd places) and falls back to the day before (even ones)."""
    wall = datetime.combine(day, time(), tzinfo=zone)
    if is_in_gap(wall):
        return [end_of_gap(wall)]
    first = wall.astimezone(UTC)
    if not is_repeated(wall):
        return [first]
    second = wall.replace(fold=1).astimezone(UTC)
    return [first, transition_between(first, second, zone), second]
