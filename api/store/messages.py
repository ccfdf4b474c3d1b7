"""`notification_queue` and `deliveries`, which only the daemon writes."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.store.connection import Connection
from api.store.errors import NoSuchDocument, translated
from api.store.ids import by_id
from api.store.pages import Page, read_page
from shared.collections import DELIVERIES, NOTIFICATION_QUEUE
from shared.queries.keyset import Position


class MessageStore:
    """Messages and the attempts to deliver them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def find(self, item_id: str) -> dict[str, Any]:
        """The queue item as stored; NoSuchDocument if there is none."""
        return self._one(NOTIFICATION_QUEUE, item_id)

    @translated()
    def find_delivery(self, delivery_id: str) -> dict[str, Any]:
        """The delivery as stored; NoSuchDocument if there is none."""
        return self._one(DELIVERIES, delivery_id)

    def _one(self, collection: str, document_id: str) -> dict[str, Any]:
        found = self._connection.collection(collection).find_one(by_id(document_id))
        if found is None:
            raise NoSuchDocument(document_id)
        return found

    @translated()
    def failed_of(self, source: str, states: Sequence[str], limit: int, *, expired_too: bool) -> list[dict[str, Any]]:
        """Messages of a scheduled notification in these states: `_id` and `attempt`. By the index by_occurrence."""
        criteria: dict[str, Any] = {"scheduledNotificationId": source, "state": {"$in": list(states)}}
        if not expired_too:
            criteria["lastError.type"] = {"$ne": "expired"}
        found = self._connection.collection(NOTIFICATION_QUEUE).find(criteria, {"attempt": 1}).limit(limit)
        return list(found)

    def page(self, equal: Mapping[str, str | None], limit: int, position: Position | None) -> Page:
        """Queue items, the newest first. equal: values that fields must have; None: whatever."""
        return read_page(
            self._connection, NOTIFICATION_QUEUE, _given(equal), "createdAt", limit, position, ("variables",)
        )

    def deliveries(self, equal: Mapping[str, str | None], limit: int, position: Position | None) -> Page:
        """Deliveries, the newest first."""
        return read_page(self._connection, DELIVERIES, _given(equal), "startedAt", limit, position)


def _given(equal: Mapping[str, str | None]) -> dict[str, Any]:
    return {name: value for name, value in equal.items() if value is not None}
