"""`controls`: the one document that says whether maintenance mode is on."""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from api.store import journal
from api.store.actor import Actor
from api.store.connection import Connection
from api.store.errors import RevisionMismatch, translated
from shared.clock import Clock
from shared.collections import CONTROLS
from shared.errors import DuplicateDocument, TransactionConflict
from shared.models.maintenance import MAINTENANCE_ID
from shared.queries.revisions import etag, etag_matches, next_revision

MOST_TRIES = 5

Decision = Callable[[Mapping[str, Any] | None], Mapping[str, Any] | None]
"""From the stored document (None: there never was one) to the fields to set; None: it stays as it is."""


class MaintenanceStore:
    """Every change is a compare-and-set on the revision, with its entry in the audit log."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    @translated()
    def find(self) -> dict[str, Any] | None:
        """The document as stored; None: nobody ever started maintenance."""
        return self._connection.collection(CONTROLS).find_one({"_id": MAINTENANCE_ID})

    def change(self, decide: Decision, if_match: str | None, actor: Actor, action: str) -> dict[str, Any] | None:
        """The document after the change. Without If-Match a change that lost a race is decided again."""
        for _ in range(MOST_TRIES):
            seen = self.find()
            stored = None if seen is None else seen.get("revision")
            if not etag_matches(if_match, stored):
                raise RevisionMismatch(etag(stored))
            fields = decide(seen)
            if fields is None:
                return seen
            changed = self._write(seen, fields, actor, action)
            if changed is not None:
                return changed
        raise TransactionConflict("the maintenance mode keeps being changed by others")

    def _write(
        self, seen: dict[str, Any] | None, fields: Mapping[str, Any], actor: Actor, action: str
    ) -> dict[str, Any] | None:
        now = self._clock.now()
        after = {
            "_id": MAINTENANCE_ID,
            **fields,
            "revision": next_revision(None if seen is None else seen.get("revision")),
            "updatedAt": now,
            "updatedBy": actor.name,
        }
        entry = journal.entry(actor, now, f"maintenance.{action}", CONTROLS, seen, {**(seen or {}), **after})

        def work(session: ClientSession) -> dict[str, Any] | None:
            controls = self._connection.collection(CONTROLS)
            if seen is None:
                controls.insert_one(dict(after), session=session)
                changed: dict[str, Any] | None = after
            else:
                changed = controls.find_one_and_update(
                    {"_id": MAINTENANCE_ID, "revision": {"$eq": seen.get("revision")}},
                    {"$set": {name: value for name, value in after.items() if name != "_id"}},
                    return_document=ReturnDocument.AFTER,
                    session=session,
                )
            if changed is not None:
                journal.write(self._connection, session, entry)
            return changed

        try:
            with translated():
                return self._connection.transaction(work)
        except DuplicateDocument:
            return None  # another request was first: decide anew on what it wrote
