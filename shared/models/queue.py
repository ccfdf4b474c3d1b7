"""A queue item (one message to one recipient on one channel) and its deliveries (one per attempt).

```mermaid
stateDiagram-v2
    [*] --> pending
    pending --> sending
    pending --> dead
    pending --> cancelled
    pending --> suppressed
    sending --> sent
    sending --> retry_wait
    sending --> pending
    sending --> failed
    sending --> dead
    sending --> unknown
    retry_wait --> sending
    retry_wait --> dead
    retry_wait --> cancelled
    retry_wait --> pending
    retry_wait --> suppressed
    unknown --> pending
    unknown --> sent
    unknown --> failed
    unknown --> delivered
    unknown --> bounced
    sent --> delivered
    sent --> bounced
    failed --> pending
    dead --> pending
    bounced --> pending
    suppressed --> pending
```
The arrows back to `pending` are: reconciliation of a dead sender, a channel that is at fault, and a person's retry.
Those to `delivered` and `bounced` are what the provider tells later.
"""

import hashlib
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from pydantic import Field

from shared.clock import to_milliseconds
from shared.models.base import Document, Moment, Part
from shared.models.notification_models import Channel, Variables


class QueueState(StrEnum):
    """Where a message is in its life."""

    PENDING = "pending"  # waits for its time and for a sender
    SENDING = "sending"  # claimed; handoffAt says whether the irrevocable step was begun
    RETRY_WAIT = "retry_wait"  # refused for now; next attempt at sendAfter
    SENT = "sent"  # the provider took it
    DELIVERED = "delivered"  # the provider says that it arrived
    BOUNCED = "bounced"  # the provider took it and says that it did not arrive
    FAILED = "failed"  # refused for good
    DEAD = "dead"  # attempts exhausted, expired, or not a valid document
    UNKNOWN = "unknown"  # perhaps sent; a person decides
    SUPPRESSED = "suppressed"  # the address is on the suppression list
    CANCELLED = "cancelled"  # its scheduled notification was cancelled


LIVE = (QueueState.PENDING, QueueState.SENDING, QueueState.RETRY_WAIT)
HELD = (QueueState.UNKNOWN,)
TERMINAL = tuple(state for state in QueueState if state not in LIVE + HELD)

TRANSITIONS: dict[QueueState, tuple[QueueState, ...]] = {
    QueueState.PENDING: (
        QueueState.SENDING,
        QueueState.DEAD,
        QueueState.CANCELLED,
        QueueState.SUPPRESSED,
    ),
    QueueState.SENDING: (
        QueueState.SENT,
        QueueState.RETRY_WAIT,
        QueueState.PENDING,
        QueueState.FAILED,
        QueueState.DEAD,
        QueueState.UNKNOWN,
    ),
    QueueState.RETRY_WAIT: (
        QueueState.SENDING,
        QueueState.DEAD,
        QueueState.CANCELLED,
        QueueState.PENDING,
        QueueState.SUPPRESSED,
    ),
    QueueState.UNKNOWN: (
        QueueState.PENDING,
        QueueState.SENT,
        QueueState.FAILED,
        QueueState.DELIVERED,
        QueueState.BOUNCED,
    ),
    QueueState.SENT: (QueueState.DELIVERED, QueueState.BOUNCED),
    QueueState.FAILED: (QueueState.PENDING,),
    QueueState.DEAD: (QueueState.PENDING,),
    QueueState.BOUNCED: (QueueState.PENDING,),
    QueueState.SUPPRESSED: (QueueState.PENDING,),
    QueueState.DELIVERED: (),
    QueueState.CANCELLED: (),
}


class QueueRecipient(Part):
    """To whom: the address on the item's channel."""

    address: str
    name: str = ""
    recipient_id: str | None = None


class QueueError(Part):
    """What the last attempt met."""

    type: str
    message: str


class QueueItem(Document):
    """`notification_queue`. `_id` names source, occurrence, channel and recipient: queuing again changes nothing."""

    id: str = Field(alias="_id")
    scheduled_notification_id: str | None = None
    job_id: str | None = None
    """The job that an alert is about."""
    run_id: str | None = None
    """The run whose end an alert tells of; it was queued in the same commit."""
    event: str | None = None
    """What an alert tells: one of the job's `policies.alerts.on`."""
    occurrence: Moment
    channel: Channel
    recipient: QueueRecipient
    template_id: str
    template_version: int
    category: str | None = None
    """The template's when it was queued: what a recipient can do without."""
    variables: Variables = {}
    subject: str | None = None
    state: QueueState
    attempt: int = 0
    send_after: Moment
    held_from: Moment | None = None
    """The sendAfter of a message that waits for the end of a pause; see shared/queries/holds.py."""
    expires_at: Moment | None = None
    token: str | None = None
    epoch: int | None = None
    handoff_at: Moment | None = None
    ambiguous: bool = False
    """A sender died, or lost its answer, after the hand-off: the same Message-ID may have arrived before."""
    message_id: str
    provider_reference: str | None = None
    last_error: QueueError | None = None
    created_at: Moment
    finished_at: Moment | None = None
    expire_at: Moment | None = None


class DeliveryState(StrEnum):
    """What came of one attempt."""

    STARTED = "started"  # written before the provider is asked; left so only by a crash
    SENT = "sent"  # the provider took it
    REFUSED = "refused"  # the provider, or the way to it, said no
    UNKNOWN = "unknown"  # the answer was lost after the hand-off


class Delivery(Document):
    """`deliveries`. `_id` is `<queue item id>:<attempt>`; written before the provider is asked."""

    id: str = Field(alias="_id")
    item_id: str
    attempt: int
    channel: Channel
    address: str
    message_id: str
    state: DeliveryState
    token: str
    started_at: Moment
    finished_at: Moment | None = None
    provider_reference: str | None = None
    error: QueueError | None = None
    segments: int | None = None
    """How many segments a short message took, and in which alphabet."""
    encoding: str | None = None
    report: str | None = None
    """What the provider told later, with its code."""
    report_code: int | None = None
    reported_at: Moment | None = None
    expire_at: Moment | None = None


def folded_address(address: str) -> str:
    """What one mailbox has in common, however it is written: it gets a message once."""
    return address.casefold()


def queue_item_ids(source: str, occurrence: Any, channel: str) -> Callable[[str], str]:
    """From the address to the identity of a message. The address is folded, so one mailbox gets it once."""
    key = "\x00".join((source, str(to_milliseconds(occurrence)), channel, ""))
    common = hashlib.blake2b(key.encode(), digest_size=16)

    def identity(address: str) -> str:
        digest = common.copy()
        digest.update(folded_address(address).encode())
        return digest.hexdigest()

    return identity


def queue_item_id(source: str, occurrence: Any, channel: str, address: str) -> str:
    """The identity of a single message."""
    return queue_item_ids(source, occurrence, channel)(address)
