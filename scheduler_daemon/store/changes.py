"""The change stream that wakes the loop. It carries no truth: a lost event costs latency, never work."""

from collections.abc import AsyncIterator
from typing import Any

import pymongo

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import COMMANDS, DYNAMIC_JOBS, SCHEDULED_NOTIFICATIONS

_DEFINITIONS = [DYNAMIC_JOBS, SCHEDULED_NOTIFICATIONS]
_PIPELINE: list[dict[str, Any]] = [
    {
        "$match": {
            "$or": [
                {"operationType": {"$in": ["insert", "replace"]}, "ns.coll": {"$in": [*_DEFINITIONS, COMMANDS]}},
                {
                    "operationType": "update",
                    "ns.coll": {"$in": _DEFINITIONS},
                    "updateDescription.removedFields": "plannedRevision",
                },
            ]
        }
    },
    {"$project": {"_id": 1}},
]


class ChangeStore:
    """Opens the stream of what the API writes. The daemon's own writes are not in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self) -> AsyncIterator[bool]:
        """True for an event, False when a while passed without one; ends when the stream is dead."""
        with translated(), pymongo.timeout(None):
            stream = await self._database.watch(_PIPELINE, max_await_time_ms=1000)
            async with stream:
                yield True
                while stream.alive:
                    yield await stream.try_next() is not None
