"""What jobs and scheduled notifications share: insert once, change by compare-and-set on the revision, tombstones.

Every change writes the definition only, raises `revision` and unsets `plannedRevision`, which hands it to the daemon.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from api.store import journal
from api.store.actor import Actor
from api.store.bounded import in_time
from api.store.connection import Connection
from api.store.definition_filter import DefinitionFilter, DefinitionSort
from api.store.errors import NoSuchDocument, RevisionMismatch, translated
from api.store.ids import by_id
from api.store.insertion import insert_once
from api.store.managed import mark_fields, refuse_foreign_change
from api.store.pages import Page, read_page
from shared.clock import Clock
from shared.errors import TransactionConflict
from shared.models.base import Document
from shared.queries.keyset import Position
from shared.queries.revisions import etag, etag_matches, next_revision

TOMBSTONE_KEPT = timedelta(days=30)
MOST_TRIES = 5
COUNT_SECONDS = 0.5
DEFINING = ("update", "delete")
"""What changes a definition itself. Pausing one and the like is open to everybody, whoever keeps it."""
NOT_DELETED: dict[str, Any] = {"deletedAt": {"$not": {"$type": "date"}}}
"""Not `null`: a wrong type put there by hand must not hide the document."""


@dataclass(frozen=True, slots=True)
class Change:
    """Fields to set; schedule_since: from when the new rule is in force (None: the rule is as before)."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    schedule_since: datetime | None = None
    nothing: bool = False
    """True: the document is already as asked, and stays as it is."""


Mutation = Callable[[dict[str, Any]], Change]
"""From the stored document to what shall be changed; may run again if another writer was first."""


class DefinitionStore:
    """One collection of definitions."""

    collection: ClassVar[str]
    noun: ClassVar[str]

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    @translated()
    def find(self, document_id: str) -> dict[str, Any]:
        """The document as stored; NoSuchDocument if there is none or it was deleted."""
        found = list(self._connection.collection(self.collection).find({**by_id(document_id), **NOT_DELETED}).limit(3))
        if not found:
            raise NoSuchDocument(document_id)
        return next((document for document in found if document["_id"] == document_id), found[0])

    @translated()
    def by_ids(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Those that exist."""
        wanted = {"_id": {"$in": list(ids)}, **NOT_DELETED}
        return list(self._connection.collection(self.collection).find(wanted))

    def search(
        self, which: DefinitionFilter, sort: DefinitionSort | None, limit: int, position: Position | None
    ) -> Page:
        """A page of these, in that order; without the deleted unless the filter says which of them."""
        return read_page(self._connection, self.collection, self._conditions(which), which.order(sort), limit, position)

    @translated()
    def count(self, which: DefinitionFilter, most: int) -> int | None:
        """How many these are, at most `most`; None: it takes too long to count them."""
        documents, conditions = self._connection.collection(self.collection), self._conditions(which)
        return in_time(lambda: documents.count_documents(conditions, limit=most), COUNT_SECONDS)

    def _conditions(self, which: DefinitionFilter) -> dict[str, Any]:
        return {**NOT_DELETED, **which.conditions(self._clock.now())}

    def _hide(self) -> journal.Hide:
        """What the audit log must not show of these documents is taken out by it."""
        return lambda document: document

    def insert(self, document: Document, actor: Actor, request_hash: str | None = None) -> dict[str, Any]:
        """The inserted document, or the one that the same request made before."""
        stored = document.to_document()
        for of_the_daemon in ("plannedRevision", "daemon"):
            stored.pop(of_the_daemon, None)
        stored |= mark_fields(actor)
        entry = journal.entry(
            actor, self._clock.now(), f"{self.noun}.create", self.collection, None, stored, self._hide()
        )
        return insert_once(self._connection, self.collection, stored, entry, request_hash)

    def change(
        self, document_id: str, if_match: str | None, mutation: Mutation, actor: Actor, action: str
    ) -> dict[str, Any]:
        """The changed document. Without If-Match a change that lost a race is made again on the newer document."""
        for _ in range(MOST_TRIES):
            seen = self.find(document_id)
            if not etag_matches(if_match, seen.get("revision")):
                raise RevisionMismatch(etag(seen.get("revision")))
            self.check_change(seen, action, actor)
            change = mutation(seen)
            if change.nothing:
                return seen
            changed = self._compare_and_set(seen, change, actor, action)
            if changed is not None:
                return changed
        raise TransactionConflict(f"{document_id} keeps being changed by others")

    def check_change(self, seen: Mapping[str, Any], action: str, actor: Actor) -> None:
        """ManagedByFiles if files keep the document, and this is about what they say."""
        if action in DEFINING:
            refuse_foreign_change(seen, actor)

    def delete(self, document_id: str, if_match: str | None, actor: Actor) -> None:
        """Leaves a tombstone for the daemon; it disappears after 30 days."""
        now = self._clock.now()
        tombstone = Change({"deletedAt": now, "expireAt": now + TOMBSTONE_KEPT})
        self.change(document_id, if_match, lambda _seen: tombstone, actor, "delete")

    @translated()
    def _compare_and_set(
        self, seen: dict[str, Any], change: Change, actor: Actor, action: str
    ) -> dict[str, Any] | None:
        now = self._clock.now()
        fields = {
            **change.fields,
            **(mark_fields(actor, seen) if action in DEFINING else {}),
            "revision": next_revision(seen.get("revision")),
            "updatedAt": now,
            "updatedBy": actor.name,
        }
        if change.schedule_since is not None:
            fields["scheduleSince"] = change.schedule_since
        entry = journal.entry(
            actor, now, f"{self.noun}.{action}", self.collection, seen, {**seen, **fields}, self._hide()
        )

        def work(session: ClientSession) -> dict[str, Any] | None:
            changed = self._connection.collection(self.collection).find_one_and_update(
                {"_id": seen["_id"], "revision": {"$eq": seen.get("revision")}, **NOT_DELETED},
                {"$set": fields, "$unset": {"plannedRevision": ""}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if changed is not None:
                journal.write(self._connection, session, entry)
            return changed

        return self._connection.transaction(work)
