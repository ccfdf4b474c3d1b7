"""`scheduled_notifications`: the daemon plans, advances and quarantines them, each by compare-and-set."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import SCHEDULED_NOTIFICATIONS
from shared.queries import notifications as queries

Document = dict[str, Any]


class ScheduledNotificationStore:
    """Reads raw documents, because any of them may be malformed; writes only the daemon's own fields."""

    def __init__(self, database: Database) -> None:
        self._collection = database[SCHEDULED_NOTIFICATIONS]

    async def unplanned(self, limit: int) -> list[Document]:
        """New and changed ones."""
        with translated():
            return await self._collection.find(queries.unplanned()).limit(limit).to_list()

    async def due(self, now: datetime, limit: int) -> list[Document]:
        """Those whose moment has come, in the order of the index `due`."""
        with translated():
            return await self._collection.find(queries.due_schedules(now)).limit(limit).to_list()

    async def with_bad_next_run(self, limit: int) -> list[Document]:
        """Planned ones that can never fall due, because their moment is not a date."""
        with translated():
            return await self._collection.find(queries.schedules_with_bad_next_run()).limit(limit).to_list()

    async def unchecked(self, queued_until: datetime, limit: int) -> list[Document]:
        """Those whose newest occurrence was queued by then, and whose queue nobody has looked at since."""
        with translated():
            return await self._collection.find(queries.unchecked_queues(queued_until)).limit(limit).to_list()

    async def mark_checked(self, document: Document) -> bool:
        """The queue of its newest occurrence was looked at. False: a newer one was queued meanwhile."""
        return await self._update(queries.still_unchecked(document), queries.queue_checked())

    async def plan(self, document: Document, progress: Mapping[str, Any]) -> bool:
        """Writes the plan of this revision. False: it was changed, or another processor planned it."""
        return await self._update(queries.still_unplanned(document), queries.planned(document, progress))

    async def advance(self, document: Document, progress: Mapping[str, Any]) -> bool:
        """Writes what follows the moment that was due. False: it was changed, or another processor was first."""
        return await self._update(queries.still_due(document), queries.progressed(progress))

    async def revision(self, identity: str) -> tuple[Any, bool] | None:
        """The revision in force and whether it is deleted; None if the document is gone."""
        with translated():
            found = await self._collection.find_one({"_id": identity}, {"revision": 1, "deletedAt": 1})
        return None if found is None else (found.get("revision"), found.get("deletedAt") is not None)

    async def _update(self, criteria: queries.Filter, update: queries.Update) -> bool:
        with translated():
            result = await self._collection.update_one(criteria, update)
        return result.matched_count == 1
