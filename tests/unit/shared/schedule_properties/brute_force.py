"""Schedules by their definition, minute by minute. Shares no code with the arithmetic, and none with cronsim."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

MINUTE = timedelta(minutes=1)
LONGEST_SHIFT = timedelta(hours=3)


class Field(NamedTuple):
    """A field of a rule as it is written, and the values that it means. starred: it is written with a star in front."""

    text: str
    values: frozenset[int]

    @property
    def starred(self) -> bool:
        return self.text.startswith("*")


class Rule(NamedTuple):
    """Five fields."""

    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field

    @property
    def expression(self) -> str:
        return " ".join(field.text for field in self)

    @property
    def follows_elapsed_time(self) -> bool:
        return self.minute.starred or self.hour.starred

    def matches(self, wall: datetime) -> bool:
        """Whether what the clock on the wall shows, a whole minute, satisfies the rule."""
        if wall.minute not in self.minute.values or wall.hour not in self.hour.values:
            return False
        if wall.month not in self.month.values:
            return False
        by_day, by_weekday = wall.day in self.day.values, wall.isoweekday() % 7 in self.weekday.values
        return (by_day and by_weekday) if self.day.starred or self.weekday.starred else (by_day or by_weekday)


def _star(low: int, high: int) -> Field:
    return Field("*", frozenset(range(low, high + 1)))


def field(low: int, high: int) -> st.SearchStrategy[Field]:
    """A star, a step, a range or a list."""
    value = st.integers(low, high)
    steps = st.integers(2, 20).map(lambda step: Field(f"*/{step}", frozenset(range(low, high + 1, step))))
    spans = st.tuples(value, value).map(
        lambda ends: Field(f"{min(ends)}-{max(ends)}", frozenset(range(min(ends), max(ends) + 1)))
    )
    lists = st.frozensets(value, min_size=1, max_size=4).map(
        lambda values: Field(",".join(map(str, sorted(values))), values)
    )
    return st.just(_star(low, high)) | lists | spans | steps | lists


rules = st.builds(
    Rule,
    field(0, 59),
    field(0, 23),
    st.just(_star(1, 31)) | field(1, 31),
    st.just(_star(1, 12)) | st.just(_star(1, 12)) | field(1, 12),
    st.just(_star(0, 6)) | field(0, 6),
)


def rule(minute: str, hour: str) -> Rule:
    """Every day, at these lists of minutes and hours."""

    def read(text: str, high: int) -> Field:
        if text.startswith("*"):
            return Field(text, frozenset(range(0, high + 1, int(text.partition("/")[2] or 1))))
        return Field(text, frozenset(map(int, text.split(","))))

    return Rule(read(minute, 59), read(hour, 23), _star(1, 31), _star(1, 12), _star(0, 6))


def scan(rule: Rule, zone: ZoneInfo, start: datetime, end: datetime, gap: str, overlap: str) -> list[datetime]:
    """All instants from `start` to `end`, both included, whole minutes."""
    if rule.follows_elapsed_time:
        elapsed = _minutes(start, end)
        return [at for at in elapsed if rule.matches(at.astimezone(zone).replace(tzinfo=None, fold=0))]
    first = start.astimezone(zone).replace(tzinfo=None, fold=0) - LONGEST_SHIFT
    last = end.astimezone(zone).replace(tzinfo=None, fold=0) + LONGEST_SHIFT
    found = {at for wall in _minutes(first, last) if rule.matches(wall) for at in _meant(wall, zone, gap, overlap)}
    return sorted(at for at in found if start <= at <= end)


def _minutes(first: datetime, last: datetime) -> list[datetime]:
    return [first + number * MINUTE for number in range((last - first) // MINUTE + 1)]


def _meant(wall: datetime, zone: ZoneInfo, gap: str, overlap: str) -> list[datetime]:
    """The instants that a time on the wall means in the zone."""
    readings = sorted({wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)})
    real = [at for at in readings if at.astimezone(zone).replace(tzinfo=None, fold=0) == wall]
    if real:
        return {"first": real[:1], "last": real[-1:], "both": real}[overlap]
    if gap == "skip":
        return []
    at = readings[0]  # before the change; the first minute after it is the end of the gap
    while at.astimezone(zone).utcoffset() == readings[0].astimezone(zone).utcoffset():
        at += MINUTE
    return [at]
