"""What the answers for jobs and for scheduled notifications have in common: state, problem, next run."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from api.answers.fields import moment
from api.store.ids import text_of
from shared.clock import rfc3339
from shared.errors import InvalidDefinition, ScheduleError
from shared.jsonable import jsonable
from shared.models.definitions import Pause, Quarantine
from shared.models.schedule import Schedule
from shared.queries.revisions import revision_of
from shared.schedule.describe import describe
from shared.schedule.exclusions import NO_EXCLUSIONS, Exclusions
from shared.schedule.misfire import next_not_excluded
from shared.schedule.occurrences import next_occurrence

_INTERNAL = ("_id", "daemon", "plannedRevision", "requestHash", "expireAt", "deletedAt", "scheduleSince")


class Progress(Protocol):
    """What both daemon sub-documents have."""

    next_run: datetime | None
    cursor: datetime | None
    completed: bool
    quarantine: Quarantine | None


class Planned(Protocol):
    """What jobs and scheduled notifications have in common here."""

    schedule: Schedule
    schedule_since: datetime
    created_at: datetime

    @property
    def daemon(self) -> Progress: ...


ExclusionsOf = Callable[[Schedule], Exclusions]
"""The days that a schedule leaves out."""


def nothing_excluded(_schedule: Schedule) -> Exclusions:
    """For schedules without calendars."""
    return NO_EXCLUSIONS


NamesOf = Callable[[Schedule], Sequence[str]]
"""The names of a schedule's calendars."""


def ids_as_names(schedule: Schedule) -> Sequence[str]:
    """For calendars that were not read."""
    return schedule.exclude_calendars


def rule(schedule: Schedule, names_of: NamesOf) -> str:
    """The schedule in plain words."""
    try:
        return describe(schedule, names_of(schedule))
    except OverflowError:
        return "At times that are out of the range of dates"


class Standing(NamedTuple):
    """State of a definition, and why if it is quarantined."""

    state: str
    problem: str | None


def is_resting(pause: Pause | None, now: datetime) -> bool:
    """Whether a pause is in force: one whose `until` has passed is not."""
    return pause is not None and (pause.until is None or pause.until > now)


def standing(planned: bool, progress: Progress, resting: bool) -> Standing:
    """planned: the daemon has seen this revision; what it said of an earlier one no longer holds."""
    if planned and progress.quarantine is not None:
        return Standing("quarantined", reason_of(progress.quarantine.field, progress.quarantine.reason))
    if planned and progress.completed:
        return Standing("completed", None)
    return Standing("paused" if resting else "active", None)


def reason_of(field: str, detail: str) -> str:
    """One sentence for people."""
    named = "id" if field == "_id" else field
    return f"{named}: {detail}" if named and not detail.startswith(f"{named}:") else detail


def next_run(state: str, planned: bool, definition: Planned, exclusions: Exclusions) -> str | None:
    """What the daemon planned, or will plan once it has seen the newest revision. Only what is active has one.

    The daemon decides on excluded occurrences at their own times; shown is the first that runs.
    """
    progress = definition.daemon
    if state != "active" or (planned and progress.next_run is None):
        return None
    if planned and not exclusions:
        return moment(progress.next_run)
    since, anchor = definition.schedule_since, definition.created_at
    after = max(since, progress.cursor) if progress.cursor is not None else since
    try:
        coming = next_occurrence(definition.schedule, after, anchor)
        if coming is None:
            return None
        if exclusions.at(coming.at) is not None:
            coming = next_not_excluded(definition.schedule, coming.at, anchor, exclusions)
        elif planned:
            return moment(progress.next_run)
    except (ScheduleError, OverflowError):
        return None
    return None if coming is None else rfc3339(coming.at)


def malformed(stored: Mapping[str, Any], fault: InvalidDefinition) -> dict[str, Any]:
    """A definition that cannot be read: all its fields as they are, and what is wrong."""
    daemon = stored.get("daemon")
    quarantine = daemon.get("quarantine") if isinstance(daemon, Mapping) else None
    problem = reason_of(fault.field, fault.detail)
    if isinstance(quarantine, Mapping) and isinstance(quarantine.get("reason"), str):
        problem = reason_of(str(quarantine.get("field") or ""), quarantine["reason"])
    return {
        **{name: jsonable(value) for name, value in stored.items() if name not in _INTERNAL},
        "id": text_of(stored["_id"]),
        "revision": revision_of(stored.get("revision")),
        "createdAt": moment(stored.get("createdAt")),
        "updatedAt": moment(stored.get("updatedAt")),
        "nextRun": None,
        "lastRun": None,
        "state": "quarantined",
        "problem": problem,
    }
