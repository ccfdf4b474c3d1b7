"""What follows from how an attempt to deliver ended. Pure: each function returns the update, none writes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from scheduler_daemon.store.queue_outcomes import Outcome
from scheduler_daemon.store.queue_recovery import Release
from shared.errors import DeliveryError, InvalidDefinition
from shared.models.notification_models import Channel
from shared.models.queue import DeliveryState, QueueItem, QueueState
from shared.models.suppressions import SuppressionReason
from shared.queries import notifications as queries
from shared.queries.suppressions import BY_DAEMON, Subject, new_entry
from shared.schedule.backoff import retry_delay

LONGEST_WAIT_ASKED = timedelta(hours=24)
"""A provider that asks for more is asked again all the same."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a message is tried, how long between, and how long its record is kept."""

    max_attempts: int
    backoff: timedelta
    max_backoff: timedelta
    keep: timedelta

    def exhausted(self, attempt: int) -> bool:
        """A person's retry grants another `max_attempts`: attempts go on counting, so that their records differ."""
        return attempt % self.max_attempts == 0


def sent(item: QueueItem, reference: str, now: datetime, policy: RetryPolicy) -> Outcome:
    """The provider took it."""
    changes = {
        **queries.terminal_fields(QueueState.SENT, now, policy.keep),
        "providerReference": reference,
        "lastError": None,
    }
    delivery = queries.finished_delivery(DeliveryState.SENT, now, policy.keep, provider_reference=reference)
    return _outcome(item, changes, delivery)


def refused(item: QueueItem, fault: DeliveryError, now: datetime, policy: RetryPolicy) -> Outcome:
    """permanent -> failed; channel_fault -> pending, not counted; ambiguous or transient -> another attempt, or dead.

    E-mail after an ambiguous end goes again under the same Message-ID; SMS is held for a person.
    """
    if fault.channel_fault:
        return handed_back(item, str(fault))
    error = {"type": _kind(fault), "message": str(fault)[:1000]}
    ambiguous = item.ambiguous or fault.ambiguous
    changes: dict[str, Any] = {"lastError": error, "ambiguous": ambiguous}
    state = DeliveryState.UNKNOWN if fault.ambiguous else DeliveryState.REFUSED
    delivery = queries.finished_delivery(state, now, policy.keep, error=error)
    if fault.permanent:
        changes |= queries.terminal_fields(QueueState.FAILED, now, policy.keep)
    elif fault.ambiguous and item.channel is Channel.SMS:
        changes |= queries.terminal_fields(QueueState.UNKNOWN, now, policy.keep)
    elif policy.exhausted(item.attempt):
        changes |= queries.terminal_fields(QueueState.DEAD, now, policy.keep)
    else:
        number = (item.attempt - 1) % policy.max_attempts + 1
        delay = retry_delay(number, policy.backoff, policy.max_backoff, item.id)
        if fault.retry_after is not None:
            delay = max(delay, min(fault.retry_after, LONGEST_WAIT_ASKED))
        changes |= {"state": QueueState.RETRY_WAIT.value, "sendAfter": now + delay, "token": None}
    return replace(_outcome(item, changes, delivery), suppression=_suppression(item, fault, now))


def unrenderable(item: QueueItem, fault: InvalidDefinition, now: datetime, policy: RetryPolicy) -> Outcome:
    """It can never be composed: failed. Nobody was asked, so there is no delivery."""
    error = {"type": fault.code, "message": str(fault)[:1000]}
    changes = {**queries.terminal_fields(QueueState.FAILED, now, policy.keep), "lastError": error}
    return _outcome(item, changes, None)


def handed_back(item: QueueItem, reason: str | None) -> Outcome:
    """Nothing was handed over and the message is not to blame: pending again, the attempt does not count."""
    changes: dict[str, Any] = {
        "state": QueueState.PENDING.value,
        "attempt": item.attempt - 1,
        "token": None,
        "handoffAt": None,
    }
    if reason is not None:
        changes["lastError"] = {"type": "channel", "message": reason[:1000]}
    return _outcome(item, changes, None)


def released(document: Mapping[str, Any], now: datetime, policy: RetryPolicy) -> Release:
    """What becomes of a message whose sender died.

    Before the hand-off: pending, the attempt does not count. After it: e-mail goes again under the same Message-ID
    (dead if its attempts are used up, so that a message that kills its sender ends), SMS is held for a person.
    """
    try:
        item = QueueItem.from_document(document)
    except InvalidDefinition as fault:
        return Release(queries.ended(QueueState.DEAD, "malformed", str(fault), now, policy.keep), None)
    if item.handoff_at is None:
        again = {"state": QueueState.PENDING.value, "token": None, "attempt": max(0, item.attempt - 1)}
        return Release({"$set": again}, None)
    error = {"type": "interrupted", "message": "the sender ended after the hand-off; the message may have been sent"}
    changes: dict[str, Any] = {"ambiguous": True, "lastError": error, "token": None}
    if item.channel is Channel.SMS:
        changes |= queries.terminal_fields(QueueState.UNKNOWN, now, policy.keep)
    elif policy.exhausted(item.attempt):
        changes |= queries.terminal_fields(QueueState.DEAD, now, policy.keep)
    else:
        changes |= {"state": QueueState.PENDING.value}
    return Release({"$set": changes}, queries.finished_delivery(DeliveryState.UNKNOWN, now, policy.keep, error=error))


def _outcome(item: QueueItem, changes: Mapping[str, Any], delivery: queries.Update | None) -> Outcome:
    return Outcome(item.id, item.token or "", item.attempt, changes, delivery)


def _suppression(item: QueueItem, fault: DeliveryError, now: datetime) -> Mapping[str, Any] | None:
    """The whole address, whatever the message was about: it is the provider who refuses it."""
    if not fault.suppress:
        return None
    return new_entry(
        Subject(item.channel, item.recipient.address, None),
        SuppressionReason(fault.suppress),
        now,
        BY_DAEMON,
        note=str(fault),
        delivery_id=queries.delivery_id(item.id, item.attempt),
    )


def _kind(fault: DeliveryError) -> str:
    if fault.ambiguous:
        return "ambiguous"
    return "permanent" if fault.permanent else "transient"
