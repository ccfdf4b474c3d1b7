"""IANA zones and the two odd hours of a year: the gap (skipped) and the overlap (repeated)."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def load_zone(name: str) -> ZoneInfo:
    """The zone of that name; ValueError with the remedy if there is none."""
    try:
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
