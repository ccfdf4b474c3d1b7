"""The calendars that definitions name: whether they exist, and which days they exclude."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.store import Store
from api.store.ids import text_of
from shared.errors import InvalidDefinition, ScheduleError
from shared.models.calendars import Calendar
from shared.models.schedule import Schedule
from shared.queries.calendars import FIELD, named_calendars
from shared.schedule.exclusions import NO_EXCLUSIONS, Exclusions, excluded_days


class KnownCalendars:
    """Calendars as they were read for one request. What is missing or malformed excludes nothing here."""

    def __init__(self, documents: Iterable[Mapping[str, Any]] = ()) -> None:
        self._calendars: dict[str, Calendar] = {}
        self._exclusions: dict[tuple[str, ...], Exclusions] = {}
        for document in documents:
            try:
                self._calendars[text_of(document["_id"])] = Calendar.from_document(document)
            except InvalidDefinition:
                continue  # the daemon puts aside what names it, with the reason

    def exclusions_of(self, schedule: Schedule) -> Exclusions:
        """The days that the schedule leaves out."""
        ids = tuple(each for each in schedule.exclude_calendars if each in self._calendars)
        if not ids:
            return NO_EXCLUSIONS
        if ids not in self._exclusions:
            self._exclusions[ids] = Exclusions(day for each in ids for day in excluded_days(self._calendars[each]))
        return self._exclusions[ids]

    def names_of(self, schedule: Schedule) -> list[str]:
        """The names of the schedule's calendars, for people; the id where there is none."""
        known = self._calendars
        return [known[each].name if each in known else each for each in schedule.exclude_calendars]


def calendars_of(documents: Iterable[Mapping[str, Any]], store: Store) -> KnownCalendars:
    """The calendars that stored jobs or scheduled notifications name. No read if they name none."""
    return KnownCalendars(store.calendars.some(each for document in documents for each in named_calendars(document)))


def check_calendars(schedule: Schedule, store: Store) -> KnownCalendars:
    """The calendars of a schedule that somebody wrote; ScheduleError names the first that there is not."""
    found = store.calendars.some(schedule.exclude_calendars)
    existing = {text_of(document["_id"]) for document in found}
    for place, calendar_id in enumerate(schedule.exclude_calendars):
        if calendar_id not in existing:
            raise ScheduleError(
                f"{FIELD}.{place}", "there is no such calendar; create it first, or leave it out", "unknown_calendar"
            )
    return KnownCalendars(found)
