"""Inserting once: the document and its audit entry together, and the first document again for a repeated request."""

from typing import Any

from pymongo.client_session import ClientSession

from api.store import journal
from api.store.connection import Connection
from api.store.errors import IdempotencyKeyReused, translated
from shared.errors import DuplicateDocument
from shared.models.access import AuditEntry

REQUEST_HASH = "requestHash"


@translated()
def insert_once(
    connection: Connection, collection: str, document: dict[str, Any], entry: AuditEntry, request_hash: str | None
) -> dict[str, Any]:
    """The inserted document, or the one that the same request made before.

    request_hash None: nothing can repeat this request, so an existing id is DuplicateDocument. IdempotencyKeyReused:
    the id was made by another request.
    """
    stored = document if request_hash is None else {**document, REQUEST_HASH: request_hash}

    def work(session: ClientSession) -> None:
        connection.collection(collection).insert_one(stored, session=session)
        journal.write(connection, session, entry)

    try:
        with translated():
            connection.transaction(work)
    except DuplicateDocument:
        existing = connection.collection(collection).find_one({"_id": document["_id"]})
        if existing is None or request_hash is None:
            raise
        if existing.get(REQUEST_HASH) != request_hash:
            raise IdempotencyKeyReused("another request came with this key") from None
        return existing
    return stored
