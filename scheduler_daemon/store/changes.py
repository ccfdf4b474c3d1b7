"""The change stream that wakes the loop. It carries no truth: a lost event costs latency, never work."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pymongo

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import CALENDARS, COMMANDS, CONTROLS, DYNAMIC_JOBS, PROVIDER_EVENTS, SCHEDULED_NOTIFICATIONS

_DEFINITIONS = [DYNAMIC_JOBS, SCHEDULED_NOTIFICATIONS]
_ARRIVALS = [*_DEFINITIONS, COMMANDS, PROVIDER_EVENTS]
_STANDING = [CALENDARS, CONTROLS]
_PIPELINE: list[dict[str, Any]] = [
    {
        "$match": {
            "$or": [
                {"operationType": {"$in": ["insert", "replace"]}, "ns.coll": {"$in": _ARRIVALS}},
                {
                    "operationType": "update",
                    "ns.coll": {"$in": _DEFINITIONS},
                    "updateDescription.removedFields": "plannedRevision",
                },
                {"operationType": {"$in": ["insert", "replace", "update", "delete"]}, "ns.coll": {"$in": _STANDING}},
            ]
        }
    },
    {"$project": {"ns.coll": 1}},
]


class Heard(NamedTuple):
    """changed: something did, or may have; rules: calendars or maintenance mode did, or may have."""

    changed: bool
    rules: bool


class ChangeStore:
    """Opens the stream of what the API writes. The daemon's own writes are not in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self) -> AsyncIterator[Heard]:
        """Both at first; then what each event says, nothing when a while passed without one; ends with the stream."""
        with translated(), pymongo.timeout(None):
            stream = await self._database.watch(_PIPELINE, max_await_time_ms=1000)
            async with stream:
                yield Heard(True, True)
                while stream.alive:
                    event = await stream.try_next()
                    yield Heard(event is not None, event is not None and event["ns"]["coll"] in _STANDING)
