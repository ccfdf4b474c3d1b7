"""`recipient_groups`: named sets of people."""

from collections.abc import Sequence

from api.store.errors import translated
from api.store.owned import OwnedStore
from shared.collections import RECIPIENT_GROUPS


class GroupStore(OwnedStore):
    """Groups of people."""

    collection = RECIPIENT_GROUPS
    noun = "recipient_group"

    @translated()
    def members(self, ids: Sequence[str]) -> list[str]:
        """The ids of all people in these groups, each once."""
        found = self._connection.collection(self.collection).find({"_id": {"$in": list(ids)}}, {"members": 1})
        return list(
            dict.fromkeys(
                member
                for group in found
                if isinstance(group.get("members"), list)
                for member in group["members"]
                if isinstance(member, str)
            )
        )

    @translated()
    def count_members(self, ids: Sequence[str]) -> int:
        """How many people are in these groups; whoever is in two counts twice."""
        size = {"$cond": [{"$isArray": "$members"}, {"$size": "$members"}, 0]}
        found = self._connection.collection(self.collection).aggregate(
            [{"$match": {"_id": {"$in": list(ids)}}}, {"$group": {"_id": None, "count": {"$sum": size}}}]
        )
        return sum(each["count"] for each in found)
