"""The queue items of one occurrence: who gets which, when it may leave, and why somebody does not get one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scheduler_daemon.notifications.messages import Contact, new_message
from scheduler_daemon.notifications.recipients import Person
from shared.errors import InvalidDefinition
from shared.models.notification_models import Channel, NotificationTemplate, ScheduledNotification
from shared.models.queue import QueueState, queue_item_ids
from shared.queries.notifications import ended
from shared.rendering import recipient_variables, render_subject, rendering_context
from shared.schedule.sending_times import SendingTimes

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What all messages of one occurrence share."""

    scheduled: ScheduledNotification
    template: NotificationTemplate
    at: datetime


class OccurrenceMessages:
    """Makes them one by one. The same occurrence and recipient have the same identity, whoever makes the message."""

    def __init__(self, occurrence: Occurrence, now: datetime, message_domain: str, keep: timedelta) -> None:
        self._occurrence = occurrence
        self._now = now
        self._message_domain = message_domain
        self._keep = keep
        self._times = SendingTimes(occurrence.scheduled, occurrence.at, now)
        source = occurrence.scheduled.id
        self._identities = {each: queue_item_ids(source, occurrence.at, each.value) for each in Channel}

    def identity(self, channel: Channel, address: str) -> str:
        return self._identities[channel](address)

    def message(self, person: Person, channel: Channel, address: str, identity: str) -> Document:
        """The queue item to insert; one that cannot be rendered has failed, one that nobody wants is suppressed."""
        scheduled, template = self._occurrence.scheduled, self._occurrence.template
        variables = recipient_variables(scheduled.variables, person.known, person.stored, person.beside_address)
        message = new_message(
            identity,
            Contact(channel, address, person.known.get("name") or "", person.recipient_id),
            template,
            variables,
            occurrence=self._occurrence.at,
            now=self._now,
            expires_at=None,
            message_domain=self._message_domain,
        )
        message["scheduledNotificationId"] = scheduled.id
        try:
            context = rendering_context(template, variables)
            if channel is Channel.EMAIL:
                message["subject"] = render_subject(template, context)
        except InvalidDefinition as fault:
            return self._ended(message, QueueState.FAILED, fault.code, str(fault))
        if person.refuses(template.category, channel):
            return self._ended(message, QueueState.SUPPRESSED, "opted_out", "the recipient does not want such messages")
        timing = self._times.of(person.known.get("timezone"))
        if timing is None:
            why = "the moment had passed in the recipient's time zone before this was scheduled"
            return self._ended(message, QueueState.SUPPRESSED, "already_passed", why)
        message["sendAfter"], message["expiresAt"] = timing.send_after, timing.expires_at
        return message

    def refused(self, message: Document) -> Document:
        """The record of a message that MongoDB cannot store: that can only be its variables or its subject."""
        failed = self._ended(
            {**message}, QueueState.FAILED, "not_storable", "the variables of this recipient cannot be stored"
        )
        return {**failed, "variables": {}, "subject": None}

    def _ended(self, message: Document, state: QueueState, kind: str, reason: str) -> Document:
        message.update(ended(state, kind, reason, self._now, self._keep)["$set"])
        return message
