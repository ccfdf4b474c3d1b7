"""`recipients`: people who can be notified."""

from collections.abc import Sequence
from typing import Any

from api.store.errors import translated
from api.store.owned import OwnedStore
from shared.collections import RECIPIENTS

_KNOWN = ("name", "email", "phone", "locale", "timezone")  # variables that are fields of the person


class RecipientStore(OwnedStore):
    """People."""

    collection = RECIPIENTS
    noun = "recipient"

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
