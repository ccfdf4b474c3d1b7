"""`audit_log`, read. Its entries are written by journal.py, in the transaction of each change."""

from collections.abc import Mapping
from typing import Any

from api.store.bounded import in_time
from api.store.connection import Connection
from api.store.errors import NoSuchDocument, translated
from api.store.pages import Page, read_page
from shared.collections import AUDIT_LOG
from shared.queries.audit_log import ORDER_FIELD
from shared.queries.keyset import Position

MOST_WORDS = 500


class AuditLogStore:
    """Who did what."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, conditions: Mapping[str, Any], limit: int, position: Position | None) -> Page:
        """The newest first."""
        return read_page(self._connection, AUDIT_LOG, conditions, ORDER_FIELD, limit, position)

    def of_document(self, collection: str, document_id: str, limit: int, position: Position | None) -> Page:
        """Changes of one document, the newest first. Walks the index `history`."""
        conditions = {"documentId": document_id, "collection": collection}
        return read_page(self._connection, AUDIT_LOG, conditions, ORDER_FIELD, limit, position)

    @translated()
    def find(self, entry_id: str) -> dict[str, Any]:
        """One entry; NoSuchDocument if there is none."""
        found = self._connection.collection(AUDIT_LOG).find_one({"_id": entry_id})
        if found is None:
            raise NoSuchDocument(entry_id)
        return found

    @translated()
    def words(self, field: str) -> list[str]:
        """The values of `by` or `action`, in order; none if that takes too long. Steps through their index."""
        each: list[dict[str, Any]] = [{"$group": {"_id": f"${field}"}}, {"$limit": MOST_WORDS}]
        found = in_time(lambda: self._connection.collection(AUDIT_LOG).aggregate(each).to_list()) or []
        return sorted(word["_id"] for word in found if isinstance(word["_id"], str))
