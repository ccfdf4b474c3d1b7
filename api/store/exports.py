"""`exports`, which only the daemon writes."""

from typing import Any

from api.store.connection import Connection
from api.store.errors import NoSuchDocument, translated
from api.store.ids import by_id
from api.store.pages import Page, read_page
from shared.collections import EXPORTS
from shared.queries.keyset import Position


class ExportStore:
    """Records of exported files."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def find(self, export_id: str) -> dict[str, Any]:
        """The record as stored; NoSuchDocument if there is none."""
        found = self._connection.collection(EXPORTS).find_one(by_id(export_id))
        if found is None:
            raise NoSuchDocument(export_id)
        return found

    def page(self, limit: int, position: Position | None) -> Page:
        """Records, the newest first."""
        return read_page(self._connection, EXPORTS, {}, "createdAt", limit, position)
