"""A notification template sent to oneself: a scheduled notification of its own, which is due at once and expires."""

from datetime import datetime, timedelta
from typing import Any

from api.definitions.scheduled_notifications import new_scheduled_notification
from api.store import Actor
from shared.clock import rfc3339
from shared.errors import InvalidDefinition
from shared.models.notification_models import (
    Address,
    Channel,
    NotificationTemplate,
    ScheduledNotification,
    ScheduledNotificationCreate,
)
from shared.rendering import example_variables, recipient_variables

KEPT = timedelta(days=7)


def trial_definition(template: NotificationTemplate, address: Address, now: datetime) -> ScheduledNotificationCreate:
    """On each channel of the template that the address is for, at once; whatever the hour."""
    reachable = {Channel.EMAIL: address.email, Channel.SMS: address.phone}
    channels = [channel for channel in template.channels if reachable[channel] is not None]
    if not channels:
        wanted = " or ".join({Channel.EMAIL: "email", Channel.SMS: "phone"}[channel] for channel in template.channels)
        raise InvalidDefinition("", f"give the {wanted} to send it to", "unreachable")
    return ScheduledNotificationCreate.model_validate(
        {
            "name": f"Test of {template.name}"[:200],
            "templateId": template.template_id,
            "templateVersion": template.version,
            "channels": channels,
            "recipients": {"addresses": [address]},
            "variables": {**example_variables(template), **address.variables},
            "schedule": {"kind": "once", "at": rfc3339(now)},
            "expiresAfter": "1h",
            "critical": True,
        }
    )


def trial_variables(definition: ScheduledNotificationCreate) -> dict[str, Any]:
    """What its only message is rendered with."""
    [address] = definition.recipients.addresses
    known = {"name": address.name, "email": address.email, "phone": address.phone}
    return recipient_variables(definition.variables, known, {}, address.variables)


def trial_notification(
    document_id: str, definition: ScheduledNotificationCreate, actor: Actor, now: datetime
) -> ScheduledNotification:
    """The document to insert."""
    scheduled = new_scheduled_notification(document_id, definition, actor, now)
    return scheduled.model_copy(update={"purpose": "test", "expire_at": now + KEPT})
