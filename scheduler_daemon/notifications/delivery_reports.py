"""Applies what providers report of messages they have taken: delivered, or bounced."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import structlog

from scheduler_daemon.store.provider_events import Effect, ProviderEventStore
from shared.errors import InvalidDefinition
from shared.models.provider_events import ProviderEvent
from shared.models.queue import LIVE, TRANSITIONS, QueueItem
from shared.models.suppressions import SuppressionReason
from shared.queries import provider_events as queries
from shared.queries.notifications import delivery_id
from shared.queries.suppressions import BY_DAEMON, Subject, new_entry

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 200
LOOK_AGAIN = timedelta(seconds=20)
GIVE_UP_AFTER = timedelta(hours=1)
"""For so long a report waits for the message to be known as sent."""
SUPPRESSED_BY_CODE = {
    30005: SuppressionReason.HARD_BOUNCE,  # Twilio: unknown destination handset
    30006: SuppressionReason.HARD_BOUNCE,  # Twilio: landline, or a carrier that cannot be reached
    21610: SuppressionReason.UNSUBSCRIBED,  # Twilio: the recipient has answered STOP
}


class DeliveryReports:
    """Each report is handled once. Two processes at once are harmless: every write is a compare-and-set."""

    def __init__(self, store: ProviderEventStore, keep: timedelta) -> None:
        self._store = store
        self._keep = keep

    async def apply_all(self, now: datetime) -> Counter[str]:
        """Handles what is open: delivered, bounced, ignored, postponed."""
        counts: Counter[str] = Counter()
        while documents := await self._store.open(now, MOST_AT_ONCE):
            for document in documents:
                counts[await self._apply(document, now)] += 1
        return counts

    async def _apply(self, document: dict[str, Any], now: datetime) -> str:
        try:
            event = ProviderEvent.from_document(document)
            stored = await self._store.message(event.item_id)
            item = None if stored is None else QueueItem.from_document(stored)
        except InvalidDefinition as fault:
            return await self._ignore(document, f"malformed: {fault}", now)
        if item is None:
            return await self._ignore(document, "there is no such message", now)
        if item.state in LIVE and event.received_at + GIVE_UP_AFTER > now:
            return await self._postpone(document, now)
        reason = ignored_because(item, event)
        if reason:
            return await self._ignore(document, reason, now)
        if not await self._store.apply(event.id, queries.handled("applied", now), self._effect(item, event, now)):
            return await self._postpone(document, now)
        log.debug("message_reported", item_id=item.id, report=event.report.value, code=event.error_code)
        return event.report.value

    def _effect(self, item: QueueItem, event: ProviderEvent, now: datetime) -> Effect:
        attempt = delivery_id(item.id, item.attempt)
        return Effect(
            (queries.as_seen(item), queries.reported(item, event, now, self._keep)),
            (attempt, queries.delivery_reported(event)),
            _suppression(item, event, attempt, now),
        )

    async def _ignore(self, document: dict[str, Any], reason: str, now: datetime) -> str:
        await self._store.change(document["_id"], queries.handled(f"ignored: {reason}", now))
        log.info("message_report_ignored", event_id=str(document["_id"])[:100], reason=reason)
        return "ignored"

    async def _postpone(self, document: dict[str, Any], now: datetime) -> str:
        await self._store.change(document["_id"], queries.postponed(now + LOOK_AGAIN))
        return "postponed"


def ignored_because(item: QueueItem, event: ProviderEvent) -> str:
    """Why a report changes nothing; "" if it does."""
    if item.provider_reference is not None and item.provider_reference != event.reference:
        return "it is about an earlier attempt"
    if queries.STATES[event.report] not in TRANSITIONS[item.state]:
        return f"the message is {item.state.value}"
    return ""


def _suppression(item: QueueItem, event: ProviderEvent, attempt: str, now: datetime) -> dict[str, Any] | None:
    reason = SUPPRESSED_BY_CODE.get(event.error_code or 0)
    if reason is None:
        return None
    note = f"{event.provider}: error {event.error_code}"
    subject = Subject(item.channel, item.recipient.address, None)
    return new_entry(subject, reason, now, BY_DAEMON, note=note, delivery_id=attempt)
