"""Invariants of the notification queue and of its deliveries."""

from shared.collections import DELIVERIES, NOTIFICATION_QUEUE
from shared.models.queue import HELD, LIVE, TERMINAL, DeliveryState, QueueState
from shared.queries.audit.check import (
    GIVEN,
    NOT_A_DATE,
    NOT_A_NUMBER,
    NOT_TEXT,
    Check,
    Expression,
    Filter,
    Stage,
    no_document,
    nothing_twice,
    showing,
)

ALL = [state.value for state in QueueState]
WAITING_STATES = [QueueState.PENDING.value, QueueState.RETRY_WAIT.value]
UNENDED_STATES = [state.value for state in LIVE + HELD]
TERMINAL_STATES = [state.value for state in TERMINAL]
DELIVERY_STATES = [state.value for state in DeliveryState]
ENDED_DELIVERIES = [state.value for state in DeliveryState if state is not DeliveryState.STARTED]


def _no_message(name: str, promise: str, criteria: Filter, *shows: str) -> Check:
    return no_document(name, NOTIFICATION_QUEUE, promise, criteria, ("state", *shows))


def _no_delivery(name: str, promise: str, criteria: Filter, *shows: str) -> Check:
    return no_document(name, DELIVERIES, promise, criteria, ("state", *shows))


_ITS_DELIVERIES: Stage = {
    "$lookup": {
        "from": DELIVERIES,
        "localField": "_id",
        "foreignField": "itemId",
        "as": "proofs",
        "pipeline": [{"$project": {"_id": 0, "state": 1}}],
    }
}
# A held message that a person declared sent has the delivery whose answer was lost, and is marked ambiguous.
_UNPROVEN: Expression = {
    "$not": [
        {
            "$or": [
                {"$in": [DeliveryState.SENT.value, "$proofs.state"]},
                {"$and": [{"$eq": ["$ambiguous", True]}, {"$in": [DeliveryState.UNKNOWN.value, "$proofs.state"]}]},
            ]
        }
    ]
}

MESSAGE_CHECKS: tuple[Check, ...] = (
    _no_message("message_state_unknown", "a message is in a state of the table", {"state": {"$nin": ALL}}),
    _no_message(
        "message_sending_unclaimed",
        "a message that is being sent has token, epoch and an attempt",
        {
            "state": QueueState.SENDING.value,
            "$or": [{"token": NOT_TEXT}, {"epoch": NOT_A_NUMBER}, {"attempt": {"$not": {"$gte": 1}}}],
        },
        "token", "epoch", "attempt",
    ),
    _no_message(
        "message_waiting_claimed",
        "nobody holds a message that waits",
        {"state": {"$in": WAITING_STATES}, "token": GIVEN},
        "token",
    ),
    _no_message(
        "message_ended_without_dates",
        "a message that has ended has finishedAt and expireAt",
        {"state": {"$in": TERMINAL_STATES}, "$or": [{"finishedAt": NOT_A_DATE}, {"expireAt": NOT_A_DATE}]},
        "finishedAt", "expireAt",
    ),
    _no_message(
        "message_live_with_end",
        "a message that has not ended has neither finishedAt nor expireAt",
        {"state": {"$in": UNENDED_STATES}, "$or": [{"finishedAt": GIVEN}, {"expireAt": GIVEN}]},
        "finishedAt", "expireAt",
    ),
    Check(
        "message_sent_unproven",
        NOTIFICATION_QUEUE,
        "a sent message has a delivery that says so",
        (
            {"$match": {"state": QueueState.SENT.value}},
            _ITS_DELIVERIES,
            {"$match": {"$expr": _UNPROVEN}},
            showing(("attempt", "ambiguous", "proofs")),
        ),
        ("attempt", "ambiguous", "proofs"),
    ),
    nothing_twice(
        "message_twice",
        NOTIFICATION_QUEUE,
        "one recipient gets one message of an occurrence on one channel",
        {"scheduledNotificationId": {"$type": "string"}, "recipient.address": {"$type": "string"}},
        {
            "source": "$scheduledNotificationId",
            "occurrence": "$occurrence",
            "channel": "$channel",
            "address": {"$toLower": "$recipient.address"},
        },
    ),
    _no_delivery(
        "delivery_state_unknown", "a delivery is in a state of the table", {"state": {"$nin": DELIVERY_STATES}}
    ),
    _no_delivery(
        "delivery_ended_without_dates",
        "a delivery that has ended has finishedAt and expireAt",
        {"state": {"$in": ENDED_DELIVERIES}, "$or": [{"finishedAt": NOT_A_DATE}, {"expireAt": NOT_A_DATE}]},
        "finishedAt", "expireAt",
    ),
    _no_delivery(
        "delivery_open_with_end",
        "a delivery that has not ended has neither finishedAt nor expireAt",
        {"state": DeliveryState.STARTED.value, "$or": [{"finishedAt": GIVEN}, {"expireAt": GIVEN}]},
        "finishedAt", "expireAt",
    ),
    Check(
        "delivery_left_open",
        DELIVERIES,
        "a delivery stays open only while its claim sends the message",
        (
            {"$match": {"state": DeliveryState.STARTED.value}},
            {
                "$lookup": {
                    "from": NOTIFICATION_QUEUE,
                    "localField": "itemId",
                    "foreignField": "_id",
                    "as": "item",
                    "pipeline": [{"$project": {"_id": 0, "state": 1, "token": 1}}],
                }
            },
            {"$set": {"item": {"$first": "$item"}}},
            {
                "$match": {
                    "item": {"$type": "object"},
                    "$expr": {
                        "$or": [
                            {"$ne": ["$item.state", QueueState.SENDING.value]},
                            {"$ne": ["$item.token", "$token"]},
                        ]
                    },
                }
            },
            showing(("itemId", "item.state")),
        ),
        ("itemId", "item.state"),
    ),
)  # fmt: skip
