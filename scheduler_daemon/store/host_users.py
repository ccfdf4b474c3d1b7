"""The host application's collection of users, as the setting HOST_USERS describes it. Only read."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pymongo

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import HOST_USER_PREFERENCES
from shared.errors import InvalidDefinition, StoreError, StoreUnavailable
from shared.models.host_users import HostSelection, HostUsers
from shared.queries.host_users import FIELD, person_of, projection, selected

Document = dict[str, Any]


class HostUserStore:
    """Answers with people in the form of `recipients`."""

    def __init__(self, database: Database, users: HostUsers | None) -> None:
        self._database = database
        self._users = users
        self._preferences = database[HOST_USER_PREFERENCES]

    async def batches(self, selection: HostSelection, size: int) -> AsyncIterator[list[Document]]:
        """In the order of `_id`, whatever its types; each batch is a query of its own, so that none lives long.

        InvalidDefinition if HOST_USERS does not say how to find them, or MongoDB refuses to read the collection.
        """
        criteria, users = selected(self._users, selection), self._users
        if users is None:
            return
        last: Any = None
        while True:
            cursor = self._database[users.collection].find(criteria, projection(users)).sort("_id", 1)
            if last is not None:
                # A bound of the index: `$gt` would stop at the end of the type of `last`.
                cursor = cursor.min([("_id", last)]).hint([("_id", 1)])
            with _readable(users), pymongo.timeout(0):  # as long as the run may take
                found = await cursor.limit(size + 1).to_list()
            fresh = [document for document in found if last is None or document["_id"] != last]
            if fresh:
                yield await self._with_preferences([person_of(users, document) for document in fresh])
            if len(found) <= size:
                return
            last = found[-1]["_id"]

    async def _with_preferences(self, people: list[Document]) -> list[Document]:
        """With what they do not want, which is kept in a collection of this system."""
        ids = [each["_id"] for each in people]
        with translated():
            found = await self._preferences.find({"_id": {"$in": ids}}, {"optOuts": 1}).to_list()
        refused = {each["_id"]: each.get("optOuts") for each in found}
        return [{**each, "optOuts": refused.get(each["_id"])} for each in people]

    async def count(self, selection: HostSelection) -> int:
        """How many are meant."""
        criteria, users = selected(self._users, selection), self._users
        if users is None:
            return 0
        with _readable(users), pymongo.timeout(0):
            return await self._database[users.collection].count_documents(criteria)


@contextmanager
def _readable(users: HostUsers) -> Iterator[None]:
    """A refusal concerns only those who name users: it is InvalidDefinition. An outage is StoreUnavailable."""
    try:
        with translated():
            yield
    except StoreUnavailable:
        raise
    except StoreError as fault:
        raise InvalidDefinition(
            FIELD, f"the collection {users.collection} of HOST_USERS cannot be read: {fault}", "unreadable"
        ) from fault
