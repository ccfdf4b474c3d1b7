"""`provider_events`: what providers report of messages. The API inserts, the daemon handles."""

from api.store.connection import Connection
from api.store.errors import translated
from shared.collections import PROVIDER_EVENTS
from shared.models.provider_events import ProviderEvent


class ProviderEventStore:
    """Reports."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def insert_once(self, event: ProviderEvent) -> None:
        """A repeated report changes nothing."""
        document = event.to_document()
        identity = document.pop("_id")
        self._connection.collection(PROVIDER_EVENTS).update_one(
            {"_id": identity}, {"$setOnInsert": document}, upsert=True
        )
