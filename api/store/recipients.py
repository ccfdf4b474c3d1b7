"""`recipients`: people who can be notified."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from pymongo import InsertOne, UpdateOne
from pymongo.client_session import ClientSession

from api.store import journal
from api.store.actor import Actor
from api.store.errors import translated
from api.store.groups import GroupStore
from api.store.owned import OwnedStore
from shared.collections import RECIPIENTS
from shared.models.access import AuditEntry
from shared.queries.revisions import next_revision

_KNOWN = ("name", "email", "phone", "locale", "timezone")  # variables that are fields of the person

IMPORT_SECONDS = 30.0


class Import(Protocol):
    """What an import writes: people to insert, (stored, fields to set) of those to change, and all who join a group.

    joined: set by the store; how many of them were not in the group.
    """

    inserts: list[dict[str, Any]]
    updates: list[tuple[dict[str, Any], dict[str, Any]]]
    people: list[Any]
    joined: int


Plan = Callable[[list[dict[str, Any]]], Import]
"""From the people that it may be about to what is written; may be asked again if others write meanwhile."""


def search_words(person: Mapping[str, Any]) -> list[str]:
    """What a search compares with: small letters, each word of the name for itself."""
    texts = [person.get(field) for field in ("name", "email", "phone", "externalKey")]
    return sorted({word for text in texts if isinstance(text, str) for word in text.casefold().split()})


class RecipientStore(OwnedStore):
    """People."""

    collection = RECIPIENTS
    noun = "recipient"

    def _found_by(self, q: str) -> dict[str, Any]:
        """Whose name has a word that begins like this, or whose address, number or key does. Index `by_search`."""
        return {"$and": [{"search": {"$regex": f"^{re.escape(word)}"}} for word in q.casefold().split()]}

    def _derived(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {"search": search_words(fields)}

    @translated()
    def reached_by(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Name and addresses of these people, as far as they exist."""
        fields = {"_id": 0, "name": 1, "email": 1, "phone": 1}
        return list(self._connection.collection(self.collection).find({"_id": {"$in": list(ids)}}, fields))

    @translated()
    def one_without(self, ids: Sequence[str], variable: str) -> str | None:
        """The id of one of these people who has no value for the variable; None: all have one."""
        lacking: dict[str, Any] = {f"variables.{variable}": {"$in": ["", None]}}
        if variable in _KNOWN:
            lacking[variable] = {"$in": ["", None]}
        found = self._connection.collection(self.collection).find_one(
            {"_id": {"$in": list(ids)}, **lacking}, {"_id": 1}
        )
        return None if found is None else str(found["_id"])

    @translated()
    def import_all(
        self,
        keys: Sequence[str],
        emails: Sequence[str],
        plan: Plan,
        actor: Actor,
        *,
        group_id: str | None = None,
        dry_run: bool,
    ) -> Import:
        """What was written: all in one transaction, or nothing. keys, emails: of the people that it may be about.

        group_id: all people of the import become its members; InvalidDefinition if they cannot.
        """
        groups = GroupStore(self._connection, self._clock)
        people = self._connection.collection(self.collection)

        def work(session: ClientSession) -> Import:
            found = list(people.find({"externalKey": {"$in": list(keys)}}, session=session)) if keys else []
            known = {each["_id"] for each in found}
            if emails:
                by_email = people.find({"email": {"$in": list(emails)}}, session=session)
                found += [each for each in by_email if each["_id"] not in known]
            planned = plan(found)
            if not dry_run and (planned.inserts or planned.updates):
                self._write(planned, actor, session)
            if group_id is not None:
                planned.joined = groups.join(group_id, planned.people, actor, session, dry_run=dry_run)
            return planned

        with self._connection.patience(IMPORT_SECONDS):
            return self._connection.transaction(work)

    def _write(self, planned: Import, actor: Actor, session: ClientSession) -> None:
        now = self._clock.now()
        touched = {"updatedAt": now, "updatedBy": actor.name}
        made = {"revision": 1, "createdAt": now, "createdBy": actor.name, **touched}
        writes: list[InsertOne[dict[str, Any]] | UpdateOne] = []
        entries: list[AuditEntry] = []
        for person in planned.inserts:
            inserted = {**person, **self._derived(person), **made}
            writes.append(InsertOne(inserted))
            entries.append(journal.entry(actor, now, f"{self.noun}.create", self.collection, None, inserted))
        for stored, fields in planned.updates:
            derived = self._derived({**stored, **fields})
            changes = {**fields, **derived, "revision": next_revision(stored.get("revision")), **touched}
            writes.append(UpdateOne({"_id": stored["_id"]}, {"$set": changes}))
            after = {**stored, **changes}
            entries.append(journal.entry(actor, now, f"{self.noun}.update", self.collection, stored, after))
        self._connection.collection(self.collection).bulk_write(writes, ordered=False, session=session)
        journal.write_all(self._connection, session, entries)
