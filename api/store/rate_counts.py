"""`rate_counts`: the storage of the library `limits`, on the connection that the API has anyway."""

import hashlib
import time
from typing import Any

from limits import RateLimitItemPerMinute
from limits.storage import MongoDBStorageBase
from limits.strategies import FixedWindowRateLimiter
from pymongo import MongoClient, WriteConcern
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from api.store.connection import Connection
from api.store.errors import translated
from shared.collections import RATE_COUNTS

SCHEME = "unified-scheduler"


class RateCountStorage(MongoDBStorageBase):
    """Counts in one update each, unacknowledged by other nodes: after a failover a few counts may be lost."""

    STORAGE_SCHEME = [SCHEME]

    def __init__(self, uri: str = f"{SCHEME}://", *, connection: Connection, **options: Any) -> None:
        super().__init__(uri, counter_collection_name=RATE_COUNTS, **options)
        self._connection = connection

    def _init_mongo_client(self, uri: str | None, **options: Any) -> MongoClient[dict[str, Any]]:  # noqa: ARG002 - the names of the library
        return self._connection.client

    @property
    def storage(self) -> MongoClient[dict[str, Any]]:
        """Not kept: the connection knows whether this process was forked. The daemon makes the index."""
        return self._connection.client

    @property
    def _database(self) -> Database[dict[str, Any]]:
        return self._connection.database.with_options(
            read_concern=ReadConcern("local"), write_concern=WriteConcern(w=1)
        )


class FailedLoginStore:
    """How often a client failed to log in within a minute, and how often it was tried with tokens that look alike."""

    def __init__(self, connection: Connection, most_per_minute: int) -> None:
        self._limiter = FixedWindowRateLimiter(RateCountStorage(connection=connection))
        self._limit = RateLimitItemPerMinute(most_per_minute, namespace="failed_login")

    @translated()
    def count(self, address: str, part: str) -> int | None:
        """One more failure. part: of the token. The seconds to wait if there were too many, else None."""
        shortened = hashlib.sha256(part.encode()).hexdigest()[:16]  # nothing of a token is stored
        waits = [
            max(1, round(self._limiter.get_window_stats(self._limit, *key).reset_time - time.time()))
            for key in (("address", address), ("token", shortened))
            if not self._limiter.hit(self._limit, *key)
        ]
        return max(waits, default=None)
