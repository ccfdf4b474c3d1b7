"""The queue holds what was put into it."""

from datetime import datetime, timedelta

from shared.collections import NOTIFICATION_QUEUE, SCHEDULED_NOTIFICATIONS
from shared.queries.audit.check import Check, showing

LOOKED_AT = timedelta(hours=24)
"""Fan-outs of this time; messages that end are kept longer."""


def fan_out_checks(now: datetime) -> tuple[Check, ...]:
    """The newest fan-out of each scheduled notification."""
    shows = ("daemon.lastRun.scheduledFor", "daemon.lastRun.queued", "stored")
    return (
        Check(
            "scheduled_notification_queue_gap",
            SCHEDULED_NOTIFICATIONS,
            "the queue holds every message of an occurrence",
            (
                {"$match": {"daemon.lastRun.queuedAt": {"$gt": now - LOOKED_AT}, "daemon.lastRun.queued": {"$gt": 0}}},
                {
                    "$lookup": {
                        "from": NOTIFICATION_QUEUE,
                        "localField": "_id",
                        "foreignField": "scheduledNotificationId",
                        "let": {"at": "$daemon.lastRun.scheduledFor"},
                        "pipeline": [{"$match": {"$expr": {"$eq": ["$occurrence", "$$at"]}}}, {"$count": "count"}],
                        "as": "stored",
                    }
                },
                {"$set": {"stored": {"$ifNull": [{"$first": "$stored.count"}, 0]}}},
                {"$match": {"$expr": {"$lt": ["$stored", "$daemon.lastRun.queued"]}}},
                showing(shows),
            ),
            shows,
        ),
    )
