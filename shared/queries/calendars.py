"""What uses calendars: the same for jobs and for scheduled notifications. No I/O."""

from collections.abc import Mapping, Sequence
from typing import Any

Filter = dict[str, Any]

FIELD = "schedule.excludeCalendars"
NAMES_ANY: Filter = {f"{FIELD}.0": {"$exists": True}}
"""Only what names at least one calendar is in the index `by_calendar`, so a query must say so, too."""


def users_of(calendar_id: str) -> Filter:
    """What names this calendar. Index `by_calendar`."""
    return {FIELD: calendar_id, **NAMES_ANY}


def without_calendar(calendar_ids: Sequence[str]) -> Filter:
    """What was put aside because one of these calendars was missing or malformed. Index `quarantined`."""
    return {
        "daemon.quarantine.at": {"$exists": True},
        "daemon.quarantine.field": FIELD,
        FIELD: {"$in": list(calendar_ids)},
    }


def named_calendars(user: Mapping[str, Any]) -> list[str]:
    """The calendars that a stored job or scheduled notification names, whatever its shape."""
    schedule = user.get("schedule")
    named = schedule.get("excludeCalendars") if isinstance(schedule, Mapping) else None
    return [each for each in named if isinstance(each, str)] if isinstance(named, list) else []
