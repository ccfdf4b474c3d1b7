"""Every IANA zone, and every moment of two years at which its clocks are changed."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from shared.schedule.zones import load_zone, transition_between
from tests.unit.shared.schedule_properties.profile import LONG

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2028, 1, 1, tzinfo=UTC)
_LOOK_EVERY = timedelta(days=1)

Behaviour = tuple[tuple[datetime, timedelta], ...]


def _is_zone(name: str) -> bool:
    try:
        load_zone(name)
    except ValueError:
        return False
    return True


ZONES = sorted(name for name in available_timezones() if _is_zone(name))


@cache
def behaviour(name: str) -> Behaviour:
    """Each moment from which on another offset holds, with that offset; the first is BEGIN."""
    zone = ZoneInfo(name)
    at, found = BEGIN, [(BEGIN, _offset(BEGIN, zone))]
    while at < END:
        if _offset(at + _LOOK_EVERY, zone) != found[-1][1]:
            change = transition_between(at, at + _LOOK_EVERY, zone)
            found.append((change, _offset(change, zone)))
        at += _LOOK_EVERY
    return tuple(found)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _chosen() -> list[str]:
    if LONG:
        return ZONES
    alike: dict[Behaviour, list[str]] = defaultdict(list)
    for name in ZONES:
        alike[behaviour(name)].append(name)
    return sorted(names[0] for names in alike.values())


CHOSEN = _chosen()
"""One of all zones whose clocks show the same throughout the two years; in the long form all of them."""
TRANSITIONS = [(name, change) for name in CHOSEN for change, _ in behaviour(name)[1:]]
