"""IANA zones and the two odd hours of a year: the gap (skipped) and the overlap (repeated)."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_NOT_IANA = ("right/", "posix/", "posixrules", "localtime")
"""What many systems keep beside the zones: `right/` counts leap seconds, `localtime` means another zone elsewhere."""


@lru_cache(maxsize=1024)
def load_zone(name: str) -> ZoneInfo:
    """The zone of that name; ValueError with the remedy if there is none."""
    try:
        if name.startswith(_NOT_IANA):
            raise KeyError(name)
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name!r}; use an IANA name such as Europe/Paris") from None


def is_in_gap(wall: datetime) -> bool:
    """Whether the aware `wall` clock time is skipped in its zone (it does not survive the way to UTC and back)."""
    back = wall.astimezone(UTC).astimezone(wall.tzinfo)
    return back.replace(tzinfo=None, fold=0) != wall.replace(tzinfo=None, fold=0)


def is_repeated(wall: datetime) -> bool:
    """Whether the aware `wall` clock time happens twice in its zone."""
    first, second = wall.replace(fold=0), wall.replace(fold=1)
    return first.utcoffset() != second.utcoffset() and not is_in_gap(first)


def transition_between(low: datetime, high: datetime, zone: tzinfo | None) -> datetime:
    """The first whole second in (low, high] at which `zone` has another offset than at `low`, in UTC.

    There must be one transition between the two.
    """
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=1) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
