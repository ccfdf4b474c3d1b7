"""What `unified-scheduler doctor` wants to know of the MongoDB server. Read-only."""

from datetime import timedelta
from typing import Any, NamedTuple

import pymongo

from api.store.connection import PING_SECONDS, Connection
from api.store.errors import translated
from shared.clock import Clock
from shared.collections import CODEC_OPTIONS
from shared.indexes import INDEXES


class ServerFacts(NamedTuple):
    """hello: the server's own words; ahead: how far its clock is ahead of ours; the answer took `took`."""

    version: tuple[int, ...]
    hello: dict[str, Any]
    ahead: timedelta
    took: timedelta


class DiagnosisStore:
    """Every call may raise StoreError."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    @translated()
    def server(self) -> ServerFacts:
        """Version, kind and clock of the server."""
        admin = self._connection.client.admin
        with pymongo.timeout(PING_SECONDS * 2):
            version = admin.command("buildInfo")["versionArray"]
            asked = self._clock.now()
            hello = admin.command("hello", codec_options=CODEC_OPTIONS)
            answered = self._clock.now()
        told: Any = hello["localTime"]
        middle = asked + (answered - asked) / 2
        return ServerFacts(tuple(version[:3]), hello, told - middle, answered - asked)

    @translated()
    def missing_indexes(self) -> list[str]:
        """`collection.index` of those that do not exist, or have other keys than they should."""
        existing: dict[str, dict[str, Any]] = {}
        missing = []
        for spec in INDEXES:
            if spec.collection not in existing:
                existing[spec.collection] = dict(self._connection.collection(spec.collection).index_information())
            found = existing[spec.collection].get(spec.name)
            if found is None or [tuple(key) for key in found["key"]] != list(spec.keys):
                missing.append(f"{spec.collection}.{spec.name}")
        return missing
