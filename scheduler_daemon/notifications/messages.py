"""The queue item as it is inserted: the one place where its fields are written down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.models.notification_models import Channel, NotificationTemplate
from shared.models.queue import QueueState

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contact:
    """One recipient on one channel."""

    channel: Channel
    address: str
    name: str = ""
    recipient_id: str | None = None


def new_message(
    identity: str,
    contact: Contact,
    template: NotificationTemplate,
    variables: Document,
    *,
    occurrence: datetime,
    now: datetime,
    expires_at: datetime | None,
    message_domain: str,
) -> Document:
    """A message that is to be sent now. Its source and its subject are the caller's to add."""
    return {
        "_id": identity,
        "occurrence": occurrence,
        "channel": contact.channel.value,
        "recipient": {"address": contact.address, "name": contact.name, "recipientId": contact.recipient_id},
        "templateId": template.template_id,
        "templateVersion": template.version,
        "category": template.category or None,
        "variables": variables,
        "subject": None,
        "state": QueueState.PENDING.value,
        "attempt": 0,
        "sendAfter": now,
        "expiresAt": expires_at,
        "token": None,
        "epoch": None,
        "handoffAt": None,
        "ambiguous": False,
        "messageId": f"<{identity}@{message_domain}>",
        "providerReference": None,
        "lastError": None,
        "createdAt": now,
        "finishedAt": None,
        "expireAt": None,
    }
