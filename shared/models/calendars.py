"""Days that many schedules leave out: `calendars`."""

from typing import Annotated

from pydantic import Field

from shared.models.base import Name, Part
from shared.models.definitions import Definition
from shared.models.schedule import Zone


class CalendarEntry(Part):
    """A named day or range of days (both included) on which nothing runs."""

    name: Name
    first: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    last: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Calendar(Definition):
    """`calendars`: days that many schedules leave out."""

    name: Name
    timezone: Zone = "UTC"
    entries: list[CalendarEntry] = []
