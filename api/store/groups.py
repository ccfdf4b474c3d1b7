"""`recipient_groups`: named sets of people."""

from collections.abc import Sequence

from pymongo.client_session import ClientSession

from api.store import journal
from api.store.actor import Actor
from api.store.errors import translated
from api.store.ids import by_id
from api.store.owned import OwnedStore
from shared.collections import RECIPIENT_GROUPS
from shared.errors import InvalidDefinition
from shared.models.recipients import MOST_MEMBERS
from shared.queries.revisions import next_revision


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

    def join(self, group_id: str, people: Sequence[str], actor: Actor, session: ClientSession, *, dry_run: bool) -> int:
        """Makes these people members in the caller's transaction; how many were not. InvalidDefinition: groupId."""
        groups = self._connection.collection(self.collection)
        seen = groups.find_one(by_id(group_id), session=session)
        members = None if seen is None else seen.get("members")
        if seen is None or not isinstance(members, list):
            raise InvalidDefinition("groupId", "there is no such group, or it is malformed", "unknown_group")
        there = {each for each in members if isinstance(each, str)}
        new = [each for each in dict.fromkeys(people) if each not in there]
        if len(members) + len(new) > MOST_MEMBERS:
            raise InvalidDefinition("groupId", f"a group has at most {MOST_MEMBERS:,} members", "too_long")
        if new and not dry_run:
            now = self._clock.now()
            record = {"revision": next_revision(seen.get("revision")), "updatedAt": now, "updatedBy": actor.name}
            update = {"$set": {"members": [*members, *new], **record}}
            groups.update_one({"_id": seen["_id"]}, update, session=session)
            counts = {"_id": seen["_id"], "joined": len(new)}
            journal.write(
                self._connection,
                session,
                journal.entry(actor, now, f"{self.noun}.join", self.collection, None, counts),
            )
        return len(new)
