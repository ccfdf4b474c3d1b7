"""Time as a value that is passed in. `Clock.now()` is aware UTC, cut to milliseconds (BSON's precision)."""

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
_SIXTY = [f"{number:02d}" for number in range(60)]
_THOUSAND = [f"{number:03d}" for number in range(1000)]


def cut_to_milliseconds(moment: datetime) -> datetime:
    """The same instant in UTC without what BSON cannot store."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    rest = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - rest) if rest else moment


def to_milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970 in UTC; exact, as no float is involved."""
    return (moment - EPOCH) // MILLISECOND


def from_milliseconds(milliseconds: int) -> datetime:
    """The inverse of to_milliseconds."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def rfc3339(moment: datetime) -> str:
    """`2026-11-23T09:00:00.000Z`, the one form in which moments leave this system.

    Put together from parts that are there already: an answer has hundreds of moments, and `isoformat` takes four times
    as long.
    """
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    day = _day(moment.year, moment.month, moment.day)
    second = f"{_SIXTY[moment.hour]}:{_SIXTY[moment.minute]}:{_SIXTY[moment.second]}"
    return f"{day}T{second}.{_THOUSAND[moment.microsecond // 1000]}Z"


@lru_cache(maxsize=1024)
def _day(year: int, month: int, day: int) -> str:
    return f"{year:04d}-{month:02d}-{day:02d}"


class Clock(Protocol):
    """The three clocks: wall (for people), monotonic (for time-outs), boot time (for the lease)."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def boottime(self) -> float: ...


class SystemClock:
    """The machine's clocks. boottime() counts while the machine sleeps, monotonic() does not."""

    def now(self) -> datetime:
        return cut_to_milliseconds(datetime.now(UTC))

    def monotonic(self) -> float:
        return time.monotonic()

    def boottime(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
