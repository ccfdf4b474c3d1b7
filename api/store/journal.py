"""`audit_log`: one entry per change, written in the transaction of the change. Only what changed, without secrets."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from api.store.actor import Actor
from api.store.connection import Connection
from api.store.ids import text_of
from shared.collections import AUDIT_LOG
from shared.logging import MASK, SECRET_WORDS
from shared.models.access import AuditEntry

Hide = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""A copy of a document without what must not be shown."""

_NOT_OURS = ("daemon", "plannedRevision", "requestHash", "_id")


def entry(
    actor: Actor,
    at: datetime,
    action: str,
    collection: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    hide: Hide = lambda document: document,
) -> AuditEntry:
    """What is written of a change from `before` (None: it did not exist) to `after`; each goes through `hide`."""
    old = before or {}
    changed = [name for name in {**old, **after} if name not in _NOT_OURS and old.get(name) != after.get(name)]
    old, new = hide(old), hide(after)
    return AuditEntry(
        id=uuid.uuid4().hex,
        at=at,
        by=actor.name,
        by_id=actor.id,
        action=action,
        collection=collection,
        document_id=text_of(after["_id"]),
        request_id=actor.request_id,
        before=None if before is None else {name: masked(name, old[name]) for name in changed if name in old},
        after={name: masked(name, new[name]) for name in changed if name in new},
    )


def write(connection: Connection, session: ClientSession, audit_entry: AuditEntry) -> None:
    """Inside the transaction of the change."""
    connection.collection(AUDIT_LOG).insert_one(audit_entry.to_document(), session=session)


def write_all(connection: Connection, session: ClientSession, entries: Sequence[AuditEntry]) -> None:
    """The same for many changes at once."""
    connection.collection(AUDIT_LOG).insert_many([each.to_document() for each in entries], session=session)


def masked(name: str, value: Any) -> Any:
    """`value`, with whatever is called like a secret replaced at any depth."""
    if isinstance(value, Mapping):
        return {key: masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(name, inner) for inner in value]
    lowered = name.lower()
    return MASK if value and isinstance(value, str) and any(word in lowered for word in SECRET_WORDS) else value
