"""Judges a fan-out from the database alone: who should have a message, and who has one."""

from collections import Counter
from typing import Any

from pymongo.database import Database


def judge_messages(db: Database[dict[str, Any]]) -> tuple[int, list[tuple[str, str]]]:
    """(messages that must be there, kind and text of what is wrong) for all that were due once, to groups."""
    addressed, wrong = 0, list[tuple[str, str]]()
    for scheduled in db.scheduled_notifications.find(
        {"recipients.groups": {"$type": "array"}, "schedule.kind": "once"}
    ):
        name = scheduled["_id"]
        groups = db.recipient_groups.find({"_id": {"$in": scheduled["recipients"]["groups"]}})
        expected = Counter({member for group in groups for member in group["members"]})
        queued = db.notification_queue.find({"scheduledNotificationId": name}, {"recipient.recipientId": 1})
        found = Counter(message["recipient"]["recipientId"] for message in queued)
        addressed += len(expected)
        wrong += [("lost", f"{name}: no message to {each}") for each in expected - found]
        wrong += [("double", f"{name}: {found[each]} messages to {each}") for each in found - expected]
    return addressed, wrong
