"""Looks into the collections that job templates declare as due sources."""

from datetime import datetime
from typing import Any, NamedTuple

from scheduler_daemon.due_source import DueSource
from scheduler_daemon.store.mongo import Database, translated
from shared.clock import EPOCH, LAST_MOMENT


class DueHead(NamedTuple):
    """The earliest due document of a source. at None: due whatever its date."""

    identity: Any
    at: datetime | None


class DueSourceStore:
    """Reads the head of a due source; never more than one document of each collection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def head(self, source: DueSource) -> DueHead | None:
        """The earliest document of the source and of those beside it."""
        own = await self._own_head(source)
        if source.beside is None or (own is not None and own.at is None):
            return own
        heads = [each for each in (own, await self.head(source.beside)) if each is not None]
        return min(heads, key=lambda head: head.at or EPOCH, default=None)

    async def _own_head(self, source: DueSource) -> DueHead | None:
        collection = self._database[source.collection]
        with translated():
            if source.at_once is not None:
                found = await collection.find_one(dict(source.at_once), {"_id": 1})
                if found is not None:
                    return DueHead(found["_id"], None)
            found = await collection.find_one(
                {**source.filter, source.due_field: {"$gte": EPOCH, "$lte": LAST_MOMENT}},
                {source.due_field: 1},
                sort=[(source.due_field, 1)],
            )
        if found is None:
            return None
        value: Any = found
        for part in source.due_field.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return DueHead(found["_id"], value if isinstance(value, datetime) else None)
