"""Days that many schedules leave out: `calendars`."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from shared.models.base import Model, Name
from shared.models.definitions import Definition
from shared.models.schedule import Zone

MOST_ENTRIES = 1000
MOST_STORED = 1000
"""Calendars in all: the daemon keeps every one in mind."""
LONGEST_ENTRY_DAYS = 366
FIRST_YEAR, LAST_YEAR = 1970, 9998


def _real_day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not FIRST_YEAR <= day.year <= LAST_YEAR or day.isoformat() != text:
        raise ValueError(
            f'write a day of the years {FIRST_YEAR} to {LAST_YEAR} as year-month-day, such as "2026-12-25"'
        )
    return text


Day = Annotated[str, AfterValidator(_real_day)]
"""A date as text, `2026-12-25`: wall clock, so it belongs to no instant without a zone."""


class CalendarEntry(Model):
    """A named day or range of days (both included) on which nothing runs."""

    name: Name
    first: Day
    last: Day

    @model_validator(mode="after")
    def _in_order(self) -> "CalendarEntry":
        days = (date.fromisoformat(self.last) - date.fromisoformat(self.first)).days + 1
        if days < 1:
            raise ValueError("last must not be earlier than first; for a single day write the same date twice")
        if days > LONGEST_ENTRY_DAYS:
            raise ValueError(f"an entry is at most {LONGEST_ENTRY_DAYS} days long; write several")
        return self


Entries = Annotated[list[CalendarEntry], Field(max_length=MOST_ENTRIES)]


class CalendarDefinition(Model):
    """What a person writes: named days in a zone, on which no job that names this calendar runs."""

    name: Name
    timezone: Zone = "UTC"
    entries: Entries = []


class Calendar(Definition):
    """The stored calendar of `calendars`."""

    name: Name
    timezone: Zone = "UTC"
    entries: Entries = []
