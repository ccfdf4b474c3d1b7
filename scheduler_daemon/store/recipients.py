"""`recipients` and `recipient_groups`: who a notification goes to. Only the API writes them."""

from collections.abc import Sequence
from typing import Any

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import RECIPIENT_GROUPS, RECIPIENTS

_FIELDS = {"name": 1, "email": 1, "phone": 1, "locale": 1, "timezone": 1, "variables": 1, "optOuts": 1}


class RecipientStore:
    """Reads people in batches; a batch is as large as the caller's list of ids."""

    def __init__(self, database: Database) -> None:
        self._people = database[RECIPIENTS]
        self._groups = database[RECIPIENT_GROUPS]

    async def people(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """The raw documents that exist, in the order of `ids`."""
        with translated():
            found = await self._people.find({"_id": {"$in": list(ids)}}, _FIELDS).to_list()
        by_id = {each["_id"]: each for each in found}
        return [by_id[identity] for identity in ids if identity in by_id]

    async def members(self, group_id: str) -> list[str] | None:
        """Ids of the people in a group; None if there is no such group, or it is malformed."""
        with translated():
            group = await self._groups.find_one({"_id": group_id}, {"members": 1})
        members = None if group is None else group.get("members", [])
        if not isinstance(members, list):
            return None
        return [member for member in members if isinstance(member, str)]

    async def count_members(self, group_ids: Sequence[str]) -> int:
        """How many people are in these groups; whoever is in two counts twice."""
        size = {"$cond": [{"$isArray": "$members"}, {"$size": "$members"}, 0]}
        with translated():
            cursor = await self._groups.aggregate(
                [
                    {"$match": {"_id": {"$in": list(group_ids)}}},
                    {"$group": {"_id": None, "count": {"$sum": size}}},
                ]
            )
            found = await cursor.to_list()
        return found[0]["count"] if found else 0
