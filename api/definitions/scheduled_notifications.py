"""Scheduled notifications: from a request to the stored document, or to a change of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from api.checks.notifications import (
    check_addresses,
    check_channels,
    check_sending,
    check_types,
    lacking_everywhere,
    missing_variable,
)
from api.checks.schedules import schedule_since
from api.definitions.calendars import check_calendars
from api.definitions.recipients import check_recipients
from api.definitions.record import mended_record, new_record
from api.problems import ProblemCode, conflict
from api.requests import refuse_invalid
from api.store import Actor, Store
from api.store.definitions import Change
from api.store.errors import NoSuchDocument
from shared.errors import InvalidDefinition
from shared.models.definitions import Pause
from shared.models.notification_models import (
    NotificationProgress,
    NotificationTemplate,
    ScheduledNotification,
    ScheduledNotificationCreate,
)
from shared.models.sending_rules import NEWEST, Approval
from shared.schedule.sending_times import last_schedule

FIELDS = tuple(to_camel(name) for name in ScheduledNotificationCreate.model_fields)


def pinned(
    definition: ScheduledNotificationCreate, store: Store, stored: Mapping[str, Any] | None = None
) -> ScheduledNotificationCreate:
    """The definition with its template version fixed (unless it follows the newest), after all that it refers to was
    found.

    stored: what is being changed; it keeps its template version even if that was deleted meanwhile.
    InvalidDefinition names what is missing: calendar, template, people, groups, or a variable that somebody lacks.
    """
    check_sending(definition)
    check_calendars(definition.schedule, store)
    template = _template(definition, store, keeps=_same_template(definition, stored))
    check_channels(definition, template)
    check_recipients(definition.recipients, store, "recipients")
    check_types(definition, template)
    _check_variables(definition, template, store)
    if definition.template_version == NEWEST:
        return definition
    return definition.model_copy(update={"template_version": template.version})


def _same_template(definition: ScheduledNotificationCreate, stored: Mapping[str, Any] | None) -> bool:
    if stored is None or not isinstance(definition.template_version, int):
        return False
    return (stored.get("templateId"), stored.get("templateVersion")) == (
        definition.template_id,
        definition.template_version,
    )


def _template(definition: ScheduledNotificationCreate, store: Store, *, keeps: bool) -> NotificationTemplate:
    version = definition.template_version if isinstance(definition.template_version, int) else None
    try:
        stored = store.notification_templates.find(definition.template_id, version, deleted_too=keeps)
    except NoSuchDocument:
        field = "templateId" if version is None else "templateVersion"
        raise InvalidDefinition(
            field, "there is no such notification template", "unknown_notification_template"
        ) from None
    try:
        return NotificationTemplate.from_document(stored)
    except InvalidDefinition as fault:
        raise InvalidDefinition("templateId", f"the template is malformed: {fault}", "broken_template") from None


def _check_variables(definition: ScheduledNotificationCreate, template: NotificationTemplate, store: Store) -> None:
    lacking = lacking_everywhere(definition, template)
    if not lacking:
        return
    recipients = definition.recipients
    check_addresses(recipients.addresses, lacking)
    people = [*recipients.people, *(store.groups.members(recipients.groups) if recipients.groups else ())]
    for variable in lacking if people else ():
        person = store.recipients.one_without(people, variable)
        if person is not None:
            raise missing_variable(variable, f"person {person}")


def new_scheduled_notification(
    document_id: str,
    definition: ScheduledNotificationCreate,
    actor: Actor,
    now: datetime,
    approval: Approval | None = None,
) -> ScheduledNotification:
    """The document to insert. definition: pinned."""
    return ScheduledNotification.model_validate(
        {
            **definition.model_dump(),
            **new_record(document_id, actor, now),
            "schedule_since": _since(definition, now),
            "defined_by": actor.name,
            "approval": approval,
        }
    )


def replaced(
    stored: Mapping[str, Any],
    definition: ScheduledNotificationCreate,
    actor: Actor,
    now: datetime,
    approval: Approval | None = None,
) -> Change:
    """The whole definition (pinned) anew; as for jobs, only a new schedule moves the instant it counts from.

    An approval that was given is for what it was given for: the new definition has its own.
    """
    fields = definition.model_dump(by_alias=True)
    mended = mended_record(stored, actor, now)
    since = None
    whose_clock = definition.recipient_timezone, bool(stored.get("recipientTimezone"))
    if fields["schedule"] != stored.get("schedule") or whose_clock[0] != whose_clock[1]:
        since = _since(definition, now)
    elif "scheduleSince" in mended:
        since = now
    mended.pop("scheduleSince", None)
    given = {"definedBy": actor.name, "approval": approval and approval.model_dump(by_alias=True)}
    return Change({**mended, **fields, **given}, since)


def _since(definition: ScheduledNotificationCreate, now: datetime) -> datetime:
    return min(now, schedule_since(last_schedule(definition, definition.schedule), now))


def merged(stored: Mapping[str, Any], given: Mapping[str, Any]) -> ScheduledNotificationCreate:
    """The stored definition with the given fields over it; Problem 422 names what is wrong in the whole.

    Another template without a version means its newest version.
    """
    present = {name: stored[name] for name in FIELDS if name in stored}
    if "templateId" in given:
        present.pop("templateVersion", None)
    try:
        return ScheduledNotificationCreate.model_validate({**present, **given})
    except ValidationError as fault:
        refuse_invalid(fault)


def paused(stored: Mapping[str, Any], pause: Pause, now: datetime) -> Change:
    """It rests. What it misses is not caught up."""
    readable(stored)
    return Change({"pause": pause.model_dump(by_alias=True)}, now)


def resumed(stored: Mapping[str, Any], now: datetime) -> Change:
    """It is active from now on."""
    if readable(stored).pause is None:
        return Change(nothing=True)
    return Change({"pause": None}, now)


def readable(stored: Mapping[str, Any]) -> ScheduledNotification:
    """The stored document; Problem 409 if its definition is malformed."""
    try:
        return ScheduledNotification.from_document(stored)
    except InvalidDefinition as fault:
        if not fault.field.startswith("daemon"):
            raise conflict(ProblemCode.QUARANTINED, f"It is quarantined: {fault}. Mend it with PUT first.") from None
        return ScheduledNotification.from_document({**stored, "daemon": NotificationProgress().model_dump()})
