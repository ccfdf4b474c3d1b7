"""Filters and updates for scheduled notifications, the notification queue and deliveries. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bson.datetime_ms import DatetimeMS

from shared.models.notification_models import Channel
from shared.models.queue import HELD, LIVE, TERMINAL, DeliveryState, QueueState

Filter = dict[str, Any]
Update = dict[str, Any]

EARLIEST_DATE = DatetimeMS(-(2**63))
NOT_A_DATE: Filter = {"$not": {"$gte": EARLIEST_DATE}}
"""Served by an index: its bounds are the two sides of the dates. Also true for a missing field."""
_NO_ARRAY: Filter = {"$not": {"$type": "array"}}
LIVE_STATES = [state.value for state in LIVE]
WAITING_STATES = (QueueState.PENDING.value, QueueState.RETRY_WAIT.value)
KNOWN_STATES = [state.value for state in QueueState]
KNOWN_CHANNELS = [channel.value for channel in Channel]


# --- scheduled notifications ------------------------------------------------------------------------------------


def unplanned() -> Filter:
    """New and changed definitions, and documents that were put in by hand."""
    return {"plannedRevision": None}


def due_schedules(now: datetime) -> Filter:
    return {"daemon.nextRun": {"$lte": now}}


def schedules_with_bad_next_run() -> Filter:
    """A nextRun that is neither a date nor absent can never fall due."""
    return {"daemon.nextRun": {**NOT_A_DATE, "$ne": None}}


def unchecked_queues(queued_until: datetime) -> Filter:
    """Scheduled notifications whose newest fan-out was not checked against the queue yet.

    A dotted path would also look into arrays; such a document is malformed and never has a fan-out.
    """
    return {
        "daemon.lastRun.checked": False,
        "daemon.lastRun.queuedAt": {"$lte": queued_until},
        "daemon": _NO_ARRAY,
        "daemon.lastRun": _NO_ARRAY,
    }


def still_unchecked(document: Mapping[str, Any]) -> Filter:
    """Holds until another occurrence is queued. For documents that `unchecked_queues` found."""
    last = document["daemon"]["lastRun"]
    return {
        "_id": {"$eq": document["_id"]},
        "daemon.lastRun.checked": False,
        "daemon.lastRun.scheduledFor": {"$eq": last.get("scheduledFor")},
    }


def queue_checked() -> Update:
    return {"$set": {"daemon.lastRun.checked": True}}


def messages_of_occurrence(source_id: str, occurrence: datetime) -> Filter:
    return {"scheduledNotificationId": source_id, "occurrence": occurrence}


def still_unplanned(document: Mapping[str, Any]) -> Filter:
    """Holds while nobody has planned or changed `document`, whatever its shape."""
    return {
        "_id": {"$eq": document["_id"]},
        "plannedRevision": None,
        "revision": {"$eq": document.get("revision")},
    }


def still_due(document: Mapping[str, Any]) -> Filter:
    """Holds while nobody has advanced or changed `document`, whatever its shape."""
    daemon = document.get("daemon")
    next_run = daemon.get("nextRun") if isinstance(daemon, Mapping) else None
    return {
        "_id": {"$eq": document["_id"]},
        "revision": {"$eq": document.get("revision")},
        "daemon.nextRun": {"$eq": next_run},
    }


def planned(document: Mapping[str, Any], progress: Mapping[str, Any]) -> Update:
    """The daemon's whole sub-document, and the mark that this revision is planned."""
    revision = document.get("revision")
    known = revision if isinstance(revision, int) and not isinstance(revision, bool) else 0
    return {"$set": {"daemon": dict(progress), "plannedRevision": known}}


def progressed(progress: Mapping[str, Any]) -> Update:
    return {"$set": {"daemon": dict(progress)}}


# --- the queue --------------------------------------------------------------------------------------------------


def waiting_messages(channel: Channel, state: str, now: datetime) -> Filter:
    """Messages to send. One state at a time and no sort: the index `sendable` then answers in the order of sendAfter.

    A `$in` of some of the index's states does not use that partial index (mongod 6.0), and one document whose
    sendAfter is a list makes the index multikey, after which an explicit sort reads everything.
    """
    return {"channel": channel.value, "state": state, "sendAfter": {"$lte": now}}


def free_messages(channel: Channel) -> Filter:
    """The due source of a notifier: every live message that no sender holds. Names all states of the index."""
    return {"channel": channel.value, "state": {"$in": LIVE_STATES}, "token": None}


def still_waiting(ids: Sequence[Any]) -> Filter:
    return {"_id": {"$in": list(ids)}, "state": {"$in": list(WAITING_STATES)}}


def claim(token: str, epoch: int) -> Update:
    """Only for documents that were validated in the same transaction: `$inc` then is as safe as a value."""
    return {
        "$set": {"state": QueueState.SENDING.value, "token": token, "epoch": epoch, "handoffAt": None},
        "$inc": {"attempt": 1},
        "$unset": {"heldFrom": ""},
    }


def held(item_id: str, token: str) -> Filter:
    """Holds while the claim `token` stands."""
    return {"_id": item_id, "state": QueueState.SENDING.value, "token": token}


def all_held(item_ids: Sequence[str], token: str) -> Filter:
    """Those of the messages for which the claim `token` stands."""
    return {"_id": {"$in": list(item_ids)}, "state": QueueState.SENDING.value, "token": token}


def hand_off(at: datetime) -> Update:
    return {"$set": {"handoffAt": at}}


def terminal_fields(state: QueueState, now: datetime, keep: timedelta) -> dict[str, Any]:
    """What a message gets in the one update that makes it final; a held one gets no expiry."""
    if state in TERMINAL:
        return {"state": state.value, "finishedAt": now, "expireAt": now + keep}
    if state in HELD:
        return {"state": state.value, "finishedAt": None, "expireAt": None}
    raise ValueError(f"{state} is not an end")


def ended(state: QueueState, kind: str, message: str, now: datetime, keep: timedelta) -> Update:
    """A message that ends without being sent, and why."""
    return {
        "$set": {
            **terminal_fields(state, now, keep),
            "token": None,
            "lastError": {"type": kind, "message": message[:1000]},
        }
    }


def waiting_messages_of(source_id: str) -> Filter:
    return {"scheduledNotificationId": source_id, "state": {"$in": list(WAITING_STATES)}}


def cancelled(now: datetime, keep: timedelta) -> Update:
    return {"$set": {**terminal_fields(QueueState.CANCELLED, now, keep), "token": None}}


def sending_of_other_epochs(epoch: int) -> Filter:
    """What an earlier leader left in the act of sending; a missing epoch counts."""
    return {"state": QueueState.SENDING.value, "epoch": {"$ne": epoch}}


def abandoned(channel: Channel, epoch: int, held_tokens: Sequence[str]) -> Filter:
    """Messages that this epoch claimed and no sender of the channel holds any more."""
    return {
        "state": QueueState.SENDING.value,
        "epoch": epoch,
        "channel": channel.value,
        "token": {"$nin": list(held_tokens)},
    }


def unchanged(document: Mapping[str, Any]) -> Filter:
    """Holds while state and claim of `document` are as they were read, whatever its shape."""
    return {
        "_id": {"$eq": document["_id"]},
        "state": {"$eq": document.get("state")},
        "token": {"$eq": document.get("token")},
    }


def malformed_messages() -> tuple[Filter, ...]:
    """Documents that no notifier would ever find; each filter is served by an index and cheap when nothing matches."""
    return (
        {"state": {"$nin": KNOWN_STATES}},
        {"state": {"$in": LIVE_STATES}, "channel": {"$nin": KNOWN_CHANNELS}},
        {"state": {"$in": LIVE_STATES}, "channel": {"$in": KNOWN_CHANNELS}, "sendAfter": NOT_A_DATE},
    )


# --- deliveries -------------------------------------------------------------------------------------------------


def delivery_id(item_id: str, attempt: int) -> str:
    return f"{item_id}:{attempt}"


def started_delivery(item_id: str, attempt: int, token: str) -> Filter:
    """Holds while the outcome of this attempt is open."""
    return {"_id": delivery_id(item_id, attempt), "token": token, "state": DeliveryState.STARTED.value}


def finished_delivery(
    state: DeliveryState,
    now: datetime,
    keep: timedelta,
    *,
    provider_reference: str | None = None,
    error: Mapping[str, str] | None = None,
) -> Update:
    return {
        "$set": {
            "state": state.value,
            "finishedAt": now,
            "expireAt": now + keep,
            "providerReference": provider_reference,
            "error": dict(error) if error else None,
        }
    }
