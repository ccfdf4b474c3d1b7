"""`provider_events`: what providers report of messages, and its effect on message, delivery and suppression list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from scheduler_daemon.store.mongo import Database, translated
from scheduler_daemon.store.suppressions import inserted_once
from scheduler_daemon.store.transactions import TransactionSession
from shared.collections import DELIVERIES, NOTIFICATION_QUEUE, PROVIDER_EVENTS, SUPPRESSIONS
from shared.queries import provider_events as queries

Document = dict[str, Any]
Update = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a report changes: the message (criteria, update), its delivery (id, update), and the suppression list."""

    message: tuple[Mapping[str, Any], Update]
    delivery: tuple[str, Update]
    suppression: Mapping[str, Any] | None = None


class _Overtaken(Exception):
    """The transaction is rolled back: somebody else was first."""


class ProviderEventStore:
    """Each report is handled once, in one transaction with its effect."""

    def __init__(self, database: Database, session: TransactionSession) -> None:
        self._events = database[PROVIDER_EVENTS]
        self._queue = database[NOTIFICATION_QUEUE]
        self._deliveries = database[DELIVERIES]
        self._suppressions = database[SUPPRESSIONS]
        self._session = session

    async def open(self, now: datetime, limit: int) -> list[Document]:
        """The first reports to look at now, as stored."""
        with translated():
            return await self._events.find(queries.open_events(now)).sort("lookAt", 1).limit(limit).to_list()

    async def message(self, item_id: str) -> Document | None:
        with translated():
            return await self._queue.find_one({"_id": item_id})

    async def change(self, event_id: Any, update: Update) -> bool:
        """Only the report itself. False: it was handled meanwhile."""
        with translated():
            result = await self._events.update_one(queries.still_open(event_id), dict(update))
        return result.matched_count == 1

    async def apply(self, event_id: Any, update: Update, effect: Effect) -> bool:
        """The report and its effect, whole or not at all. False: the message or the report has changed meanwhile."""

        async def work(session: AsyncClientSession) -> None:
            report = await self._events.update_one(queries.still_open(event_id), dict(update), session=session)
            if report.matched_count == 0:
                raise _Overtaken
            criteria, change = effect.message
            message = await self._queue.update_one(dict(criteria), dict(change), session=session)
            if message.matched_count == 0:
                raise _Overtaken
            delivery_id, record = effect.delivery
            await self._deliveries.update_one({"_id": delivery_id}, dict(record), session=session)
            if effect.suppression is not None:
                await self._suppressions.bulk_write([inserted_once(effect.suppression)], session=session)

        try:
            await self._session.run(work)
        except _Overtaken:
            return False
        return True
