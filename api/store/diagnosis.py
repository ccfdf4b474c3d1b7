"""What `unified-scheduler doctor` wants to know of the MongoDB server. Read-only."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import pymongo

from api.store.connection import PING_SECONDS, Connection
from api.store.definitions import NOT_DELETED
from api.store.errors import translated
from shared.clock import Clock
from shared.collections import CODEC_OPTIONS, DYNAMIC_JOBS
from shared.indexes import INDEXES
from shared.secret_params import Schema, with_secrets
from shared.secrets_vault import fingerprint_of, is_sealed


class ServerFacts(NamedTuple):
    """hello: the server's own words; ahead: how far its clock is ahead of ours; the answer took `took`."""

    version: tuple[int, ...]
    hello: dict[str, Any]
    ahead: timedelta
    took: timedelta


class HeldSecrets(NamedTuple):
    """How many jobs hold secrets: in plain text, and encrypted, by the fingerprint of the key."""

    plain: int
    encrypted: Counter[str]


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

    @translated()
    def held_secrets(self, schemas: Mapping[str, Schema]) -> HeldSecrets:
        """Of all jobs. schemas: of the parameters, by the template's type."""
        plain, encrypted = 0, Counter[str]()
        wanted = {"template": {"$in": list(schemas)}, **NOT_DELETED}
        for job in self._connection.collection(DYNAMIC_JOBS).find(wanted, {"template": 1, "params": 1}):
            schema = schemas.get(job["template"]) if isinstance(job["template"], str) else None
            secrets = [] if schema is None else _secrets_in(job.get("params"), schema)
            encrypted.update({fingerprint_of(secret) for secret in secrets if is_sealed(secret)})
            plain += any(secret and not is_sealed(secret) for secret in secrets)
        return HeldSecrets(plain, encrypted)


def _secrets_in(params: Any, schema: Schema) -> list[Any]:
    found: list[Any] = []
    with_secrets(params, schema, lambda value, _path: found.append(value))
    return found
