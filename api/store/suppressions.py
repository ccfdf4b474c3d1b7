"""`suppressions`: addresses that get no messages any more. The daemon adds to it, too."""

from collections.abc import Mapping
from typing import Any

from api.store import journal
from api.store.actor import Actor
from api.store.insertion import insert_once
from api.store.owned import OwnedStore
from api.store.pages import Page, read_page
from shared.collections import SUPPRESSIONS
from shared.errors import DuplicateDocument
from shared.models.suppressions import SuppressionReason
from shared.queries.keyset import Position
from shared.queries.suppressions import Subject, new_entry


class SuppressionStore(OwnedStore):
    """Each combination of channel, address and category is there once; the first reason stays."""

    collection = SUPPRESSIONS
    noun = "suppression"

    def add(self, subject: Subject, reason: SuppressionReason, note: str, actor: Actor) -> tuple[dict[str, Any], bool]:
        """The entry, and whether it is new."""
        now = self._clock.now()
        stored = new_entry(subject, reason, now, actor.name, note=note)
        entry = journal.entry(actor, now, "suppression.create", self.collection, None, stored)
        try:
            return insert_once(self._connection, self.collection, stored, entry, None), True
        except DuplicateDocument:
            return self.find(stored["_id"]), False

    def page_where(self, equal: Mapping[str, str], limit: int, position: Position | None) -> Page:
        """The newest first. equal: values that fields must have."""
        return read_page(self._connection, self.collection, equal, "createdAt", limit, position)
