"""Filters and updates for what providers report. No I/O."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from shared.models.provider_events import ProviderEvent, Report
from shared.models.queue import QueueItem, QueueState
from shared.queries.notifications import terminal_fields

Filter = dict[str, Any]
Update = dict[str, Any]

KEPT = timedelta(days=30)
STATES = {Report.DELIVERED: QueueState.DELIVERED, Report.BOUNCED: QueueState.BOUNCED}


def new_event(
    provider: str, item_id: str, reference: str, report: Report, error_code: int | None, now: datetime
) -> ProviderEvent:
    """The report as the API inserts it."""
    key = "\x00".join((provider, item_id, reference, report.value))
    return ProviderEvent(
        id=hashlib.blake2b(key.encode(errors="replace"), digest_size=16).hexdigest(),
        provider=provider,
        item_id=item_id,
        reference=reference,
        report=report,
        error_code=error_code,
        received_at=now,
        look_at=now,
        expire_at=now + KEPT,
    )


def unhandled_events() -> Filter:
    """Reports that wait for their moment. Index `open`."""
    return {"handledAt": None}


def open_events(now: datetime) -> Filter:
    """Reports to be handled now. Index `open`."""
    return {**unhandled_events(), "lookAt": {"$lte": now}}


def still_open(event_id: Any) -> Filter:
    return {"_id": {"$eq": event_id}, "handledAt": None}


def handled(outcome: str, now: datetime) -> Update:
    return {"$set": {"handledAt": now, "outcome": outcome[:500]}}


def postponed(until: datetime) -> Update:
    return {"$set": {"lookAt": until}}


def as_seen(item: QueueItem) -> Filter:
    """Holds while the message is as it was read."""
    return {"_id": item.id, "state": item.state.value, "providerReference": item.provider_reference}


def reported(item: QueueItem, event: ProviderEvent, now: datetime, keep: timedelta) -> Update:
    """The message in the state that the provider tells. A sent one keeps the time of its end."""
    state = STATES[event.report]
    changes: dict[str, Any] = {"state": state.value}
    if item.state is not QueueState.SENT:
        changes = terminal_fields(state, now, keep)
    changes["providerReference"] = event.reference
    if event.report is Report.BOUNCED:
        code = f", error {event.error_code}" if event.error_code else ""
        changes["lastError"] = {"type": "bounced", "message": f"{event.provider} did not deliver it{code}"}
    return {"$set": changes}


def delivery_reported(event: ProviderEvent) -> Update:
    """What the record of the attempt keeps of the report."""
    return {
        "$set": {
            "report": event.report.value,
            "reportCode": event.error_code,
            "reportedAt": event.received_at,
            "providerReference": event.reference,
        }
    }
