"""`suppressions`: which messages are kept back. The daemon inserts hard bounces, in the commit of their outcome."""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import SUPPRESSIONS
from shared.queries import suppressions as queries
from shared.queries.suppressions import Subject

_SHOWN = {"reason": 1, "category": 1}


class SuppressionList:
    """Answers for many messages in one read."""

    def __init__(self, database: Database) -> None:
        self._suppressions = database[SUPPRESSIONS]

    async def keeping_back(
        self, subjects: Iterable[Subject], session: AsyncClientSession | None = None
    ) -> dict[Subject, str]:
        """Those that are kept back, each with the reason in words."""
        asked = set(subjects)
        if not asked:
            return {}
        with translated():
            found = await self._suppressions.find(queries.keeping_back(asked), _SHOWN, session=session).to_list()
        reasons = {each["_id"]: queries.reason_shown(each) for each in found}
        if not reasons:
            return {}
        return {
            subject: next(reasons[identity] for identity in sorted(subject.identities()) if identity in reasons)
            for subject in asked
            if not reasons.keys().isdisjoint(subject.identities())
        }


def inserted_once(entry: Mapping[str, Any]) -> UpdateOne:
    """Puts an entry on the list unless it is there: the first reason stays."""
    fields = {name: value for name, value in entry.items() if name != "_id"}
    return UpdateOne({"_id": entry["_id"]}, {"$setOnInsert": fields}, upsert=True)
