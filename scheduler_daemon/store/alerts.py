"""Alerts in the database: what is known of the jobs that they are about, and queuing them within a transaction."""

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import DYNAMIC_JOBS

Document = dict[str, Any]

_FIELDS = {
    "name": 1,
    "schedule.timezone": 1,
    "policies.alerts": 1,
    "daemon.trouble": 1,
    "daemon.lastRun": 1,
    "daemon.consecutiveFailures": 1,
}
"""Not the parameters: they may hold secrets, and a notice leaves the system."""


class AlertStore:
    """Reads jobs as far as alerts need them."""

    def __init__(self, database: Database) -> None:
        self._jobs = database[DYNAMIC_JOBS]

    async def jobs(self, ids: Sequence[str]) -> dict[str, Document]:
        """The raw documents by id; a job that does not exist is absent."""
        with translated():
            found = await self._jobs.find({"_id": {"$in": list(ids)}}, _FIELDS).to_list()
        return {each["_id"]: each for each in found}


async def insert_notices(
    queue: AsyncCollection[Document], rows: Sequence[Document], session: AsyncClientSession
) -> None:
    """Queues messages in the caller's transaction; those that are there already stay as they are."""
    await queue.bulk_write(
        [UpdateOne({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True) for row in rows],
        ordered=False,
        session=session,
    )
