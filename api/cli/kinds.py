"""What may be kept in files: the kinds of documents, in the order in which they need each other, and their names."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from api.cli.client import Json

NAMED_BY = "name"


class Kind(NamedTuple):
    """path: its list in the API; fields: what a person writes, as `export` shows it."""

    word: str
    path: str
    fields: tuple[str, ...]


CALENDAR = Kind("calendar", "/api/admin/scheduler/calendars", ("timezone", "entries"))
TEMPLATE = Kind(
    "notificationTemplate",
    "/api/notifications/templates",
    ("category", "channels", "subject", "text", "html", "sms", "attachments", "variables"),
)
GROUP = Kind("recipientGroup", "/api/notifications/groups", ("members",))
JOB = Kind("job", "/api/admin/scheduler/jobs", ("template", "params", "schedule", "enabled", "labels", "policies"))
SCHEDULED = Kind(
    "scheduledNotification",
    "/api/notifications/scheduled",
    (
        *("templateId", "templateVersion", "channels", "recipients", "variables", "schedule", "expiresAfter"),
        *(
            "quietHours",
            "allowedDays",
            "recipientTimezone",
            "timezoneFallback",
            "alreadyPassed",
            "throttle",
            "critical",
        ),
    ),
)
KINDS = (CALENDAR, TEMPLATE, GROUP, JOB, SCHEDULED)
BY_WORD = {kind.word: kind for kind in KINDS}

Names = Mapping[str, Mapping[str, str]]
"""By kind, from one form of a reference to the other: names to ids, or ids to names."""


def translated(kind: Kind, content: Mapping[str, Any], names: Names) -> Json:
    """The document with its references in their other form. What has none stays as it is: an id is taken, too."""
    found = dict(content)
    calendars, groups = names.get(CALENDAR.word, {}), names.get(GROUP.word, {})
    schedule = found.get("schedule")
    if isinstance(schedule, Mapping) and isinstance(schedule.get("excludeCalendars"), list):
        found["schedule"] = {**schedule, "excludeCalendars": _each(schedule["excludeCalendars"], calendars)}
    if kind is SCHEDULED:
        template = found.get("templateId")
        found["templateId"] = names.get(TEMPLATE.word, {}).get(str(template), template)
        recipients = found.get("recipients")
        if isinstance(recipients, Mapping) and isinstance(recipients.get("groups"), list):
            found["recipients"] = {**recipients, "groups": _each(recipients["groups"], groups)}
    return found


def _each(references: Iterable[Any], names: Mapping[str, str]) -> list[Any]:
    return [names.get(each, each) if isinstance(each, str) else each for each in references]
