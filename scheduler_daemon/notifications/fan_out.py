"""One occurrence of a scheduled notification becomes one queue item per recipient and channel."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from scheduler_daemon.notifications.messages import Contact, new_message
from scheduler_daemon.notifications.recipients import Missing, Person, RecipientResolver
from scheduler_daemon.store.queue import NotificationQueue
from shared.errors import InvalidDefinition
from shared.models.notification_models import Channel, NotificationTemplate, ScheduledNotification
from shared.models.queue import QueueState, queue_item_id
from shared.queries.notifications import terminal_fields
from shared.rendering import recipient_variables, render_subject, rendering_context

log = structlog.get_logger(__name__)

MOST_ITEMS = 500

Document = dict[str, Any]


@dataclass(slots=True)
class FanOutReport:
    """Messages of one occurrence: addressed = queued now or before; failed: recorded as failed when queued.

    complete False: the definition was changed meanwhile, and the rest was left out.
    """

    queued: int = 0
    duplicates: int = 0
    failed: int = 0
    unreachable: int = 0
    missing_people: int = 0
    missing_groups: int = 0
    complete: bool = True

    @property
    def addressed(self) -> int:
        return self.queued + self.duplicates


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What all messages of one occurrence share."""

    scheduled: ScheduledNotification
    template: NotificationTemplate
    at: datetime


class FanOut:
    """Repeating it is harmless: a message's identity is its source, occurrence, channel and address."""

    def __init__(
        self,
        queue: NotificationQueue,
        resolver: RecipientResolver,
        message_domain: str,
        keep: timedelta,
        wake: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._resolver = resolver
        self._message_domain = message_domain
        self._keep = keep
        self._wake = wake

    async def run(
        self, occurrence: Occurrence, now: datetime, still_in_force: Callable[[], Awaitable[bool]], batch_size: int
    ) -> FanOutReport:
        """Queues every message of the occurrence that is not there yet, at most `batch_size` in one insert."""
        report, missing = FanOutReport(), Missing()
        buffer: dict[str, Document] = {}
        async for people in self._resolver.batches(occurrence.scheduled.recipients, missing):
            for person in people:
                for channel in occurrence.scheduled.channels:
                    self._add(occurrence, person, channel, now, buffer, report)
                if len(buffer) >= batch_size:
                    if not await still_in_force():
                        report.complete = False
                        return report
                    await self._flush(buffer, report)
        await self._flush(buffer, report)
        report.missing_people, report.missing_groups = missing.people, missing.groups
        return report

    def _add(
        self,
        occurrence: Occurrence,
        person: Person,
        channel: Channel,
        now: datetime,
        buffer: dict[str, Document],
        report: FanOutReport,
    ) -> None:
        address = person.address_on(channel)
        if address is None:
            report.unreachable += 1
            return
        identity = queue_item_id(occurrence.scheduled.id, occurrence.at, channel.value, address)
        if identity not in buffer:
            buffer[identity] = self._message(occurrence, person, channel, address, identity, now)

    async def _flush(self, buffer: dict[str, Document], report: FanOutReport) -> None:
        if not buffer:
            return
        documents = list(buffer.values())
        buffer.clear()
        result = await self._queue.insert(documents)
        report.queued += result.inserted
        report.duplicates += result.duplicates
        report.failed += sum(document["state"] == QueueState.FAILED.value for document in documents)
        for place in result.refused:
            log.error("message_not_storable", item_id=documents[place]["_id"])
        if result.refused:
            await self._record_refused([documents[place] for place in result.refused], report)
        self._wake()

    async def _record_refused(self, documents: list[Document], report: FanOutReport) -> None:
        """What made a message impossible to store can only be its variables or its subject."""
        now = documents[0]["createdAt"]
        reason = {"type": "not_storable", "message": "the variables of this recipient cannot be stored"}
        failed = terminal_fields(QueueState.FAILED, now, self._keep)
        result = await self._queue.insert(
            [{**document, **failed, "variables": {}, "subject": None, "lastError": reason} for document in documents]
        )
        report.queued += result.inserted
        report.duplicates += result.duplicates
        report.failed += result.inserted

    def _message(
        self, occurrence: Occurrence, person: Person, channel: Channel, address: str, identity: str, now: datetime
    ) -> Document:
        scheduled, template = occurrence.scheduled, occurrence.template
        variables = recipient_variables(scheduled.variables, person.known, person.stored, person.beside_address)
        message = new_message(
            identity,
            Contact(channel, address, person.known.get("name") or "", person.recipient_id),
            template,
            variables,
            occurrence=occurrence.at,
            now=now,
            expires_at=occurrence.at + scheduled.expires_after if scheduled.expires_after else None,
            message_domain=self._message_domain,
        )
        message["scheduledNotificationId"] = scheduled.id
        try:
            if channel is Channel.EMAIL:
                message["subject"] = render_subject(template, rendering_context(template, variables))
        except InvalidDefinition as fault:
            message |= terminal_fields(QueueState.FAILED, now, self._keep)
            message["lastError"] = {"type": fault.code, "message": str(fault)[:1000]}
        return message
