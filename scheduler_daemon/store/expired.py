"""What of this system's own documents has been kept long enough: expired ones, and tokens that are of no use any more.

MongoDB removes expired documents by itself, about once a minute; this does the same at once.
"""

from datetime import datetime
from typing import Any

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import API_TOKENS
from shared.indexes import INDEXES
from shared.queries import retention as queries

EXPIRING = tuple(spec.collection for spec in INDEXES if spec.expire_after_seconds is not None)
MOST_TOKENS = 10_000


class ExpiredStore:
    """Counts and deletes in batches, by the index `expiry`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, collection: str, now: datetime) -> int:
        """How many documents have expired and are still there."""
        with translated():
            return await self._database[collection].count_documents(queries.expired(now), hint="expiry")

    async def delete(self, collection: str, now: datetime, most: int) -> int:
        """Deletes at most so many of them. How many; fewer than `most`: there are no more."""
        expired = queries.expired(now)
        with translated():
            found = await self._database[collection].find(expired, {"_id": 1}, hint="expiry").limit(most).to_list()
            if not found:
                return 0
            ids = [document["_id"] for document in found]
            await self._database[collection].delete_many({"_id": {"$in": ids}, **expired})
        return len(found)

    async def useless_tokens(self, until: datetime) -> list[Any]:
        """Identities of tokens that expired or were revoked before `until`. There are few tokens: it reads them all."""
        with translated():
            found = (
                await self._database[API_TOKENS].find(queries.useless_tokens(until), {"_id": 1}).to_list(MOST_TOKENS)
            )
        return [token["_id"] for token in found]

    async def delete_tokens(self, ids: list[Any], until: datetime) -> int:
        """Deletes those of them that are still useless. How many."""
        with translated():
            result = await self._database[API_TOKENS].delete_many(
                {"_id": {"$in": ids}, **queries.useless_tokens(until)}
            )
        return result.deleted_count
