"""Keeps messages back whose scheduled notification is paused or deleted by the time they are claimed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pymongo.asynchronous.client_session import AsyncClientSession

from scheduler_daemon.store.mongo import Database
from shared.collections import NOTIFICATION_QUEUE, SCHEDULED_NOTIFICATIONS
from shared.errors import TransactionConflict
from shared.models.queue import QueueItem, QueueState
from shared.queries import holds as queries
from shared.queries.notifications import cancelled, still_waiting


@dataclass(slots=True)
class KeptBack:
    """held: they wait for the end of the pause; cancelled: their scheduled notification is deleted."""

    held: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)


class RestingSources:
    """Asked in the transaction of each claim, so that no pause or deletion comes too late for a message."""

    def __init__(self, database: Database, keep: timedelta) -> None:
        self._queue = database[NOTIFICATION_QUEUE]
        self._sources = database[SCHEDULED_NOTIFICATIONS]
        self._keep = keep

    async def keep_back(self, items: Sequence[QueueItem], now: datetime, session: AsyncClientSession) -> KeptBack:
        """Puts aside what must not leave now."""
        by_source: dict[str, list[QueueItem]] = {}
        for item in items:
            if item.scheduled_notification_id is not None:
                by_source.setdefault(item.scheduled_notification_id, []).append(item)
        kept = KeptBack()
        if not by_source:
            return kept
        for source in await self._sources.find(
            queries.resting(list(by_source)), queries.SHOWN, session=session
        ).to_list():
            messages = by_source[source["_id"]]
            if source.get("deletedAt") is not None:
                # Those that waited were cancelled with it; what is pending now, a person sends again.
                late = [each.id for each in messages if each.state is QueueState.RETRY_WAIT]
                await self._queue.update_many(still_waiting(late), cancelled(now, self._keep), session=session)
                kept.cancelled += late
            elif (until := queries.held_until(source, now)) is not None:
                await self._mark(source, session)
                ids = [each.id for each in messages]
                await self._queue.update_many(still_waiting(ids), queries.held(until), session=session)
                kept.held += ids
        return kept

    async def _mark(self, source: dict[str, object], session: AsyncClientSession) -> None:
        """A write, so that this claim and a resume that does not see its messages exclude each other."""
        mark = queries.has_held(uuid.uuid4().hex)
        marked = await self._sources.update_one(queries.still_resting(source), mark, session=session)
        if marked.matched_count == 0:
            raise TransactionConflict("a scheduled notification changed while its messages were held")
