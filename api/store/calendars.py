"""`calendars`: days that many schedules leave out."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from api.store.actor import Actor
from api.store.definitions import NOT_DELETED
from api.store.errors import DocumentInUse, TooManyDocuments, translated
from api.store.ids import text_of
from api.store.owned import OwnedStore
from shared.collections import CALENDARS, DYNAMIC_JOBS, SCHEDULED_NOTIFICATIONS
from shared.models.calendars import MOST_STORED
from shared.queries.calendars import users_of

MOST_NAMED = 5
_USERS = ((DYNAMIC_JOBS, "job"), (SCHEDULED_NOTIFICATIONS, "scheduled notification"))


class CalendarStore(OwnedStore):
    """Calendars."""

    collection = CALENDARS
    noun = "calendar"

    @translated()
    def some(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """Those of these calendars that exist."""
        wanted = sorted(set(ids))
        if not wanted:
            return []
        return list(self._connection.collection(self.collection).find({"_id": {"$in": wanted}}))

    @translated()
    def check_room(self) -> None:
        """TooManyDocuments if there is no room for one more; the daemon keeps them all in mind."""
        if self._connection.collection(self.collection).count_documents({}, limit=MOST_STORED) >= MOST_STORED:
            raise TooManyDocuments(f"there are {MOST_STORED} calendars already; delete one that nothing uses")

    def delete(self, document_id: str, if_match: str | None, actor: Actor) -> None:
        """Removes it, unless something uses it: DocumentInUse names some of it.

        Something that begins to use it at the same moment is put aside by the daemon, with the reason.
        """
        seen = self._checked(document_id, if_match, actor)
        users = self._users(text_of(seen["_id"]))
        if users:
            raise DocumentInUse(users)
        super().delete(document_id, if_match, actor)

    @translated()
    def _users(self, calendar_id: str) -> list[str]:
        """Some of what names the calendar, in words; the last says if there is more."""
        found = [
            f"{noun} {str(each.get('name'))[:100]!r} ({text_of(each['_id'])})"
            for collection, noun in _USERS
            for each in self._connection.collection(collection)
            .find({**users_of(calendar_id), **NOT_DELETED}, {"name": 1})
            .limit(MOST_NAMED + 1)
        ]
        return [*islice(found, MOST_NAMED), *(["and more"] if len(found) > MOST_NAMED else [])]
