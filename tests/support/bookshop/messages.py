"""Messages of Fernhill Books in every state, as the documents that a daemon leaves."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from shared.clock import cut_to_milliseconds
from shared.models.notification_models import Channel
from shared.models.queue import (
    LIVE,
    TERMINAL,
    Delivery,
    DeliveryState,
    QueueError,
    QueueItem,
    QueueRecipient,
    QueueState,
    queue_item_id,
)
from tests.support.bookshop.people import addresses

_ERRORS = {
    QueueState.RETRY_WAIT: QueueError(type="DeliveryError", message="451 4.7.1 Greylisted, try again in 10 minutes"),
    QueueState.BOUNCED: QueueError(type="Bounce", message="550 5.1.1 The mailbox does not exist"),
    QueueState.FAILED: QueueError(type="DeliveryError", message="550 5.7.1 Refused by policy"),
    QueueState.DEAD: QueueError(type="Expired", message="not sent within 2d"),
    QueueState.UNKNOWN: QueueError(type="ConnectionLost", message="the connection was lost after the hand-off"),
}
_ATTEMPTED = {
    QueueState.SENT: DeliveryState.SENT,
    QueueState.DELIVERED: DeliveryState.SENT,
    QueueState.BOUNCED: DeliveryState.SENT,
    QueueState.RETRY_WAIT: DeliveryState.REFUSED,
    QueueState.FAILED: DeliveryState.REFUSED,
    QueueState.UNKNOWN: DeliveryState.UNKNOWN,
}
_STATES = (QueueState.DELIVERED, *(state for state in QueueState if state is not QueueState.SENDING), QueueState.SENT)


def queue_messages(
    db: Database[dict[str, Any]], scheduled_id: str, template_id: str, now: datetime
) -> dict[QueueState, str]:
    """One for each state, and a few more, of last week's occurrence; ids by state."""
    occurrence = cut_to_milliseconds(now - timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    made: list[QueueItem] = []
    for at, address in enumerate(addresses()):
        state = _STATES[at % len(_STATES)]
        channel = Channel.SMS if at % 7 == 5 else Channel.EMAIL
        to = f"+331234568{at:02}" if channel is Channel.SMS else address
        made.append(_message(scheduled_id, template_id, channel, to, state, occurrence, now))
    db.notification_queue.insert_many([each.to_document() for each in made])
    db.deliveries.insert_many([each.to_document() for item in made for each in _deliveries(item)])
    return {item.state: item.id for item in made if item.channel is Channel.EMAIL}


def _message(
    scheduled_id: str,
    template_id: str,
    channel: Channel,
    to: str,
    state: QueueState,
    occurrence: datetime,
    now: datetime,
) -> QueueItem:
    identity = queue_item_id(scheduled_id, occurrence, channel, to)
    ended = occurrence + timedelta(minutes=4) if state in TERMINAL else None
    waits = state in LIVE
    return QueueItem(
        id=identity,
        scheduled_notification_id=scheduled_id,
        occurrence=occurrence,
        channel=channel,
        recipient=QueueRecipient(address=to, name=to.split(".")[0].title() if channel is Channel.EMAIL else ""),
        template_id=template_id,
        template_version=3,
        category="newsletter",
        variables={"name": "reader"},
        subject="Reader, new novels and a bridge" if channel is Channel.EMAIL else None,
        state=state,
        attempt=1 if state in _ATTEMPTED else 0,
        send_after=now + timedelta(hours=3) if waits else occurrence,
        ambiguous=state is QueueState.UNKNOWN,
        handoff_at=occurrence + timedelta(minutes=4) if state in (QueueState.UNKNOWN, QueueState.SENT) else None,
        message_id=f"<{identity}@shop.example.com>",
        provider_reference=f"250 2.0.0 Ok: queued as {identity[:10].upper()}" if state is QueueState.SENT else None,
        last_error=_ERRORS.get(state),
        created_at=occurrence,
        finished_at=ended,
        expire_at=None if ended is None else ended + timedelta(days=30),
    )


def _deliveries(item: QueueItem) -> Iterator[Delivery]:
    outcome = _ATTEMPTED.get(item.state)
    if outcome is not None:
        started = item.occurrence + timedelta(minutes=3)
        yield Delivery(
            id=f"{item.id}:1",
            item_id=item.id,
            attempt=1,
            channel=item.channel,
            address=item.recipient.address,
            message_id=item.message_id,
            state=outcome,
            token=f"token-{item.id[:8]}",
            started_at=started,
            finished_at=started + timedelta(milliseconds=420),
            provider_reference=item.provider_reference,
            error=item.last_error if outcome is not DeliveryState.SENT else None,
            expire_at=started + timedelta(days=30),
        )
