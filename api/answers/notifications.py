"""The answers for scheduled notifications, notification templates, people and groups."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.answers.alike import known_schedule, schedule_part, with_parts
from api.answers.definitions import (
    ExclusionsOf,
    NamesOf,
    ids_as_names,
    is_resting,
    malformed,
    next_run,
    nothing_excluded,
    standing,
)
from api.answers.fields import fields_of, moment
from api.answers.messages import statistics
from api.answers.owned import authored_answer, fault_of, file_mark, owned_answer
from api.store.ids import text_of
from shared.errors import InvalidDefinition
from shared.jsonable import jsonable
from shared.models.notification_models import NotificationTemplate, ScheduledNotification
from shared.models.recipients import HostUserPreferences, Recipient, RecipientGroup
from shared.models.suppressions import Suppression
from shared.queries.revisions import revision_of
from shared.schedule.sending_times import firing_exclusions, firing_schedule

_SHOWN = {
    *("name", "template_id", "template_version", "channels", "recipients", "variables", "expires_after"),
    *("quiet_hours", "allowed_days", "recipient_timezone", "timezone_fallback", "already_passed", "throttle"),
    *("critical", "approval", "pause", "revision", "created_at", "created_by", "updated_at", "updated_by"),
}


def scheduled_notification_answer(
    stored: Mapping[str, Any],
    now: datetime,
    message_counts: Mapping[str, int],
    exclusions_of: ExclusionsOf = nothing_excluded,
    names_of: NamesOf = ids_as_names,
) -> dict[str, Any]:
    """Never fails: a malformed one is `quarantined` with its problem. A deleted one is `cancelled`."""
    counted = statistics(message_counts)
    deleted = isinstance(stored.get("deletedAt"), datetime)
    part = known_schedule(stored)
    try:
        notification = ScheduledNotification.from_document(with_parts(stored, schedule=part))
    except InvalidDefinition as fault:
        return {**malformed(stored, fault), **({"state": "cancelled"} if deleted else {}), "statistics": counted}
    part = part or schedule_part(notification.schedule)
    progress = notification.daemon
    planned = notification.planned_revision == notification.revision
    state, problem = standing(planned, progress, is_resting(notification.pause, now))
    approval = notification.approval
    waits = (approval is not None and approval.at is None) or (planned and progress.needs_approval is not None)
    if deleted:
        state, problem = "cancelled", None
    elif waits and state in ("active", "paused"):
        state = "awaiting_approval"
    last, schedule = progress.last_run, notification.schedule
    firing_by = firing_schedule(notification, schedule)
    firing = notification if firing_by is schedule else notification.model_copy(update={"schedule": firing_by})
    exclusions = firing_exclusions(notification, schedule, exclusions_of(schedule))
    return {
        "id": notification.id,
        **fields_of(notification, _SHOWN),
        "schedule": part.shown,
        "rule": part.rule_with(names_of),
        "nextRun": next_run(state, planned, firing, exclusions),
        "lastRun": None
        if last is None
        else last.model_dump(mode="json", by_alias=True, exclude={"revision", "checked"}),
        "state": state,
        "problem": problem,
        "statistics": counted,
        **file_mark(stored),
    }


def notification_template_answer(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The latest version under the template's id; `revision` is the version."""
    names = (
        "name",
        "category",
        "channels",
        "subject",
        "text",
        "html",
        "sms",
        "replyTo",
        "attachments",
        "variables",
        "createdBy",
        "updatedBy",
    )
    created = moment(stored.get("createdAt"))
    answer = {
        "id": text_of(stored.get("templateId", stored["_id"])),
        "revision": revision_of(stored.get("version")),
        "version": revision_of(stored.get("version")),
        **{name: jsonable(stored.get(name)) for name in names},
        "createdAt": created,
        "updatedAt": moment(stored.get("updatedAt")) or created,
    }
    return {**answer, **file_mark(stored), **fault_of(stored, NotificationTemplate)}


def recipient_answer(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A person."""
    names = ("externalKey", "name", "email", "phone", "locale", "timezone", "variables", "optOuts")
    return owned_answer(stored, Recipient, names)


def group_answer(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A group of people."""
    return owned_answer(stored, RecipientGroup, ("name", "members"))


def host_user_preferences_answer(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a user of the host application does not want."""
    return owned_answer(stored, HostUserPreferences, ("optOuts",))


def suppression_answer(stored: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the suppression list."""
    names = ("channel", "address", "category", "reason", "note", "deliveryId")
    return authored_answer(stored, Suppression, names)
