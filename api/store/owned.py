"""What recipients and groups share: plain documents with a revision; deleting removes them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from api.store import journal
from api.store.actor import Actor
from api.store.connection import Connection
from api.store.errors import NoSuchDocument, RevisionMismatch, translated
from api.store.ids import by_id
from api.store.insertion import insert_once
from api.store.managed import mark_fields, refuse_foreign_change
from api.store.pages import Page, contains, read_page
from shared.clock import Clock
from shared.errors import TransactionConflict
from shared.queries.keyset import Position
from shared.queries.revisions import etag, etag_matches, next_revision

MOST_TRIES = 5


class OwnedStore:
    """One collection that only the API writes."""

    collection: ClassVar[str]
    noun: ClassVar[str]

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    @translated()
    def find(self, document_id: str) -> dict[str, Any]:
        """The document as stored; NoSuchDocument if there is none."""
        found = self._connection.collection(self.collection).find_one(by_id(document_id))
        if found is None:
            raise NoSuchDocument(document_id)
        return found

    @translated()
    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those ids that no document has."""
        found = self._connection.collection(self.collection).find({"_id": {"$in": list(ids)}}, {"_id": 1})
        existing = {document["_id"] for document in found}
        return [each for each in ids if each not in existing]

    def page(self, limit: int, position: Position | None, q: str | None = None) -> Page:
        """The newest first. q: only what is found by it."""
        conditions = {} if q is None else self._found_by(q)
        return read_page(self._connection, self.collection, conditions, "createdAt", limit, position)

    def _found_by(self, q: str) -> dict[str, Any]:
        """By default: whose name contains it, in any case."""
        return {"name": contains(q)}

    def _derived(self, fields: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - others need it
        """What is stored beside the fields that a person wrote."""
        return {}

    def insert(
        self, document_id: str, fields: Mapping[str, Any], actor: Actor, request_hash: str | None = None
    ) -> dict[str, Any]:
        """The inserted document, or the one that the same request made before."""
        now = self._clock.now()
        stored = {
            "_id": document_id,
            **fields,
            **self._derived(fields),
            **mark_fields(actor),
            "revision": 1,
            "createdAt": now,
            "createdBy": actor.name,
            "updatedAt": now,
            "updatedBy": actor.name,
        }
        entry = journal.entry(actor, now, f"{self.noun}.create", self.collection, None, stored)
        return insert_once(self._connection, self.collection, stored, entry, request_hash)

    def replace(
        self, document_id: str, if_match: str | None, fields: Mapping[str, Any], actor: Actor
    ) -> dict[str, Any]:
        """The changed document. Without If-Match the last writer wins."""
        for _ in range(MOST_TRIES):
            seen = self._checked(document_id, if_match, actor)
            changed = self._compare_and_set(seen, fields, actor)
            if changed is not None:
                return changed
        raise TransactionConflict(f"{document_id} keeps being changed by others")

    def _checked(self, document_id: str, if_match: str | None, actor: Actor) -> dict[str, Any]:
        seen = self.find(document_id)
        if not etag_matches(if_match, seen.get("revision")):
            raise RevisionMismatch(etag(seen.get("revision")))
        refuse_foreign_change(seen, actor)
        return seen

    @translated()
    def _compare_and_set(self, seen: dict[str, Any], fields: Mapping[str, Any], actor: Actor) -> dict[str, Any] | None:
        now = self._clock.now()
        changes: dict[str, Any] = {
            "createdAt": seen.get("createdAt", now),
            "createdBy": seen.get("createdBy", actor.name),
            **fields,
            **self._derived(fields),
            **mark_fields(actor, seen),
            "revision": next_revision(seen.get("revision")),
            "updatedAt": now,
            "updatedBy": actor.name,
        }
        entry = journal.entry(actor, now, f"{self.noun}.update", self.collection, seen, {**seen, **changes})

        def work(session: ClientSession) -> dict[str, Any] | None:
            changed = self._connection.collection(self.collection).find_one_and_update(
                {"_id": seen["_id"], "revision": {"$eq": seen.get("revision")}},
                {"$set": changes},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if changed is not None:
                journal.write(self._connection, session, entry)
            return changed

        return self._connection.transaction(work)

    @translated()
    def delete(self, document_id: str, if_match: str | None, actor: Actor) -> None:
        """Removes it; NoSuchDocument if another was first."""
        seen = self._checked(document_id, if_match, actor)
        entry = journal.entry(
            actor, self._clock.now(), f"{self.noun}.delete", self.collection, seen, {"_id": seen["_id"]}
        )

        def work(session: ClientSession) -> int:
            result = self._connection.collection(self.collection).delete_one({"_id": seen["_id"]}, session=session)
            if result.deleted_count:
                journal.write(self._connection, session, entry)
            return result.deleted_count

        if not self._connection.transaction(work):
            raise NoSuchDocument(document_id)
