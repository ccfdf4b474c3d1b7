"""`scheduled_notifications`, and what became of their messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api.store.definitions import NOT_DELETED, DefinitionStore
from api.store.errors import translated
from api.store.ids import text_of
from api.store.scheduled_notification_filter import NOT_A_TEST
from shared.collections import NOTIFICATION_QUEUE, SCHEDULED_NOTIFICATIONS


class ScheduledNotificationStore(DefinitionStore):
    """Scheduled notifications."""

    collection = SCHEDULED_NOTIFICATIONS
    noun = "scheduled_notification"

    @translated()
    def due_before(self, moment: datetime, limit: int) -> list[dict[str, Any]]:
        """Those whose next occurrence comes before the moment, the next first. Walks the index `due`."""
        wanted = {"daemon.nextRun": {"$type": "date", "$lt": moment}, **NOT_DELETED, **NOT_A_TEST}
        collection = self._connection.collection(self.collection)
        return list(collection.find(wanted).sort("daemon.nextRun", 1).limit(limit))

    @translated()
    def message_counts(self, documents: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]]:
        """For each document's id: how many messages are in which state. Counted in the index by_occurrence."""
        ids = [text_of(document["_id"]) for document in documents]
        counts: dict[str, dict[str, int]] = {document_id: {} for document_id in ids}
        rows = self._connection.collection(NOTIFICATION_QUEUE).aggregate(
            [
                {"$match": {"scheduledNotificationId": {"$in": ids}}},
                {
                    "$group": {
                        "_id": {"source": "$scheduledNotificationId", "state": "$state"},
                        "count": {"$sum": 1},
                    }
                },
            ]
        )
        for row in rows:
            counts[row["_id"]["source"]][str(row["_id"].get("state"))] = row["count"]
        return counts

    @translated()
    def counts_of_template(self, template_id: str) -> tuple[int, dict[str, int]]:
        """How many scheduled notifications use the template, and how many of their messages are in which state."""
        sources = [
            text_of(each["_id"])
            for each in self._connection.collection(self.collection).find(
                {"templateId": template_id, **NOT_A_TEST}, {"_id": 1}
            )
        ]
        rows = self._connection.collection(NOTIFICATION_QUEUE).aggregate(
            [
                {"$match": {"scheduledNotificationId": {"$in": sources}}},
                {"$group": {"_id": "$state", "count": {"$sum": 1}}},
            ]
        )
        return len(sources), {str(row["_id"]): row["count"] for row in rows}

    @translated()
    def any_exists(self) -> bool:
        """Whether there is at least one that was not deleted."""
        collection = self._connection.collection(self.collection)
        return collection.find_one({**NOT_DELETED}, {"_id": 1}) is not None
