"""What holds for all jobs at once, as last read: the calendars that schedules leave out, and maintenance mode."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import structlog

from scheduler_daemon.store.calendars import CalendarStore
from shared.clock import Clock
from shared.errors import InvalidDefinition
from shared.models.calendars import Calendar
from shared.models.maintenance import Maintenance
from shared.models.schedule import Schedule
from shared.queries.calendars import FIELD, named_calendars
from shared.schedule.exclusions import NO_EXCLUSIONS, Exclusions, Stretch, excluded_days

log = structlog.get_logger(__name__)

MOST_CACHED = 1000
"""Combinations of calendars whose merged days are remembered."""
MANY_ENTRIES = 500
"""More than these are read beside the loop."""

Document = Mapping[str, Any]


class StandingRules:
    """Reads anew when told that something changed, and at the latest after `longest_seconds`."""

    def __init__(self, store: CalendarStore, clock: Clock, longest_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._longest_seconds = longest_seconds
        self._reading = asyncio.Lock()
        self._stale = True
        self._read_at = 0.0
        self._documents: dict[str, Document] = {}
        self._days: dict[str, list[Stretch]] = {}
        self._faults: dict[str, str] = {}
        self._gained: set[str] = set()
        self._exclusions: dict[tuple[str, ...], Exclusions] = {}
        self._maintenance: Maintenance | None = None
        self._maintenance_fault: str | None = None

    def mark_stale(self) -> None:
        """Something may have changed."""
        self._stale = True

    async def refresh(self, users: Iterable[Document] = ()) -> None:
        """Before each pass: one read of each collection if there is a reason to, else nothing. Two at once are fine.

        users: stored jobs or scheduled notifications that are about to be planned; a calendar that one of them names
        and that is not known yet is a reason to read.
        """
        async with self._reading:
            age = self._clock.monotonic() - self._read_at
            if not self._stale and age < self._longest_seconds and self._knows(users):
                return
            self._stale = False
            try:
                calendars, control = await asyncio.gather(self._store.all(), self._store.maintenance())
                await self._take_calendars({str(each["_id"]): each for each in calendars})
                self._take_maintenance(control)
                await self._announce_gained()
            except BaseException:
                self._stale = True
                raise
            self._read_at = self._clock.monotonic()

    def exclusions_of(self, schedule: Schedule) -> Exclusions:
        """The days that the schedule leaves out; InvalidDefinition names a calendar that is missing or malformed."""
        if not schedule.exclude_calendars:
            return NO_EXCLUSIONS
        ids = tuple(schedule.exclude_calendars)
        known = self._exclusions.get(ids)
        if known is None:
            if len(self._exclusions) >= MOST_CACHED:
                self._exclusions.clear()
            known = self._exclusions[ids] = Exclusions(day for each in ids for day in self._days_of(each))
        return known

    def maintenance_at(self, now: datetime) -> Maintenance | None:
        """Maintenance mode if it is on at that moment."""
        return self._maintenance if self._maintenance is not None and self._maintenance.in_force(now) else None

    def _days_of(self, calendar_id: str) -> list[Stretch]:
        if calendar_id in self._faults:
            raise InvalidDefinition(FIELD, f"the calendar {calendar_id!r} is malformed: {self._faults[calendar_id]}")
        if calendar_id not in self._days:
            raise InvalidDefinition(FIELD, f"there is no calendar {calendar_id!r}; create it, or leave it out here")
        return self._days[calendar_id]

    def _knows(self, users: Iterable[Document]) -> bool:
        return all(each in self._documents for user in users for each in named_calendars(user))

    async def _take_calendars(self, documents: dict[str, Document]) -> None:
        """Keeps what is unchanged."""
        changed = {key: document for key, document in documents.items() if self._documents.get(key) != document}
        gone = self._documents.keys() - documents.keys()
        if not changed and not gone:
            return
        large = sum(_length(each.get("entries")) for each in changed.values()) > MANY_ENTRIES
        days, faults = await asyncio.to_thread(_read, changed) if large else _read(changed)
        for key, reason in faults.items():
            log.error("calendar_malformed", calendar_id=key, reason=reason)
        self._gained |= days.keys() - self._days.keys()
        outdated = changed.keys() | gone
        self._days = {**{key: value for key, value in self._days.items() if key not in outdated}, **days}
        self._faults = {**{key: value for key, value in self._faults.items() if key not in outdated}, **faults}
        self._documents, self._exclusions = documents, {}

    async def _announce_gained(self) -> None:
        """What was put aside for want of a calendar that can be used now is planned again."""
        if self._gained:
            count = await self._store.look_again_at_users(sorted(self._gained))
            if count:
                log.info("calendars_found_again", calendar_ids=sorted(self._gained), definitions=count)
            self._gained = set()

    def _take_maintenance(self, document: Document | None) -> None:
        """A malformed document is no maintenance: a typing error must not stop every job silently."""
        fault, before = None, self._maintenance
        try:
            self._maintenance = None if document is None else Maintenance.from_document(document)
        except InvalidDefinition as refused:
            self._maintenance, fault = None, str(refused)
        if fault is not None and fault != self._maintenance_fault:
            log.error("maintenance_malformed", reason=fault)
        self._maintenance_fault = fault
        if _is_on(before) != _is_on(self._maintenance):
            found = self._maintenance
            log.warning(
                "maintenance_mode",
                active=_is_on(found),
                reason=found and found.reason,
                by=found and found.updated_by,
                until=found and found.until,
            )


def _read(documents: Mapping[str, Document]) -> tuple[dict[str, list[Stretch]], dict[str, str]]:
    """The days of each calendar, and why there are none of those that are malformed."""
    days: dict[str, list[Stretch]] = {}
    faults: dict[str, str] = {}
    for key, document in documents.items():
        try:
            days[key] = excluded_days(Calendar.from_document(document))
        except Exception as fault:  # one document, not the pass
            faults[key] = str(fault) if isinstance(fault, InvalidDefinition) else type(fault).__name__
    return days, faults


def _is_on(maintenance: Maintenance | None) -> bool:
    return maintenance is not None and maintenance.active


def _length(entries: object) -> int:
    return len(entries) if isinstance(entries, list) else 0
