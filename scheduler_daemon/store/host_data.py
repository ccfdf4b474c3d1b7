"""The host application's collections, as far as the settings allow; the store behind scheduler_daemon.host_data."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Any, cast

import bson
import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from scheduler_daemon.host_data import Archived, Filter, Placed
from scheduler_daemon.store.mongo import Database, translated
from scheduler_daemon.store.transactions import MOST_BYTES, TransactionSession
from shared.collections import CODEC_OPTIONS
from shared.errors import InvalidDefinition
from shared.queries import filters
from shared.settings import Settings

ARCHIVE_SUFFIX = "_archive"
READ_AT_ONCE = 2_000
"""Documents in one answer of the server when whole ones are read; it is at most 16 MiB all the same."""

_RAW: bson.CodecOptions[RawBSONDocument] = bson.CodecOptions(document_class=RawBSONDocument)


class HostCollections:
    """The collections of the settings' lists; everything else is refused."""

    def __init__(self, database: Database, session: TransactionSession, settings: Settings) -> None:
        """session: moves tickets. Its owner closes it, and names it to a successor."""
        self._database = database
        self._session = session
        self._settings = settings

    def cleanable(self, name: str) -> "CleanedCollection":
        self._require(name, self._settings.cleanup_collections, "CLEANUP_COLLECTIONS")
        return CleanedCollection(self._database, name)

    def tickets(self, name: str) -> "ArchivedCollection":
        self._require(name, self._settings.ticket_collections, "TICKET_COLLECTIONS")
        return ArchivedCollection(self._database, name, self._session)

    def exportable(self, name: str) -> "ExportedCollection":
        self._require(name, self._settings.export_collections, "EXPORT_COLLECTIONS")
        return ExportedCollection(self._database, name)

    @staticmethod
    def _require(name: str, allowed: Collection[str], setting: str) -> None:
        if name not in allowed:
            raise InvalidDefinition("collection", f"the setting {setting} does not list {name!r}", "not_allowed")


class _HostCollection:
    def __init__(self, database: Database, name: str) -> None:
        self.name = name
        self._database = database
        self._collection = database[name]

    async def count(self, criteria: Filter, most: int) -> int:
        with translated(), pymongo.timeout(0):  # as long as the run may take
            if not criteria:
                return min(most, await self._collection.estimated_document_count())  # at once, however many there are
            return await self._collection.count_documents(criteria, limit=most)


class CleanedCollection(_HostCollection):
    """Reads identities only, and deletes by identity and criteria."""

    async def walks_everything(self, criteria: Filter, by: str | None) -> bool:
        find: dict[str, Any] = {"find": self.name, "filter": criteria, "projection": {"_id": 1}}
        if by is not None:
            find["sort"] = {by: 1}
        with translated():
            plan = await self._database.command({"explain": find, "verbosity": "queryPlanner"})
        return filters.walks_everything(plan.get("queryPlanner"))

    async def newest(self, criteria: Filter, field: str, rank: int) -> Placed | None:
        cursor = self._collection.find(criteria, {"_id": 1, field: 1}).sort([(field, -1), ("_id", -1)])
        with translated(), pymongo.timeout(0):
            found = await cursor.skip(rank - 1).limit(1).to_list()
        return Placed(_at(found[0], field), found[0]["_id"]) if found else None

    async def ids(self, criteria: Filter, by: str | None, size: int) -> AsyncGenerator[list[Any], None]:
        cursor = self._collection.find(criteria, {"_id": 1}, batch_size=size)
        if by is not None:
            cursor = cursor.sort(by, 1)
        try:
            while True:
                with translated(), pymongo.timeout(0):  # the limit would hold for all batches together
                    found = await cursor.to_list(size)
                if not found:
                    return
                yield [document["_id"] for document in found]
        finally:
            await cursor.close()

    async def delete(self, ids: Sequence[Any], criteria: Filter) -> int:
        with translated():
            result = await self._collection.delete_many(_those(ids, criteria))
        return result.deleted_count


class ArchivedCollection(CleanedCollection):
    """Tickets move in transactions, byte by byte as they are, so no crash finds one in both places or in none."""

    def __init__(self, database: Database, name: str, session: TransactionSession) -> None:
        super().__init__(database, name)
        self._session = session
        self._tickets = self._collection.with_options(codec_options=_RAW)
        self._archive = database[name + ARCHIVE_SUFFIX].with_options(codec_options=_RAW)

    async def archive(self, ids: Sequence[Any], criteria: Filter) -> Archived:
        moved = refused = 0
        rest = list(ids)
        while rest:
            batch = rest
            done, rest = await self._session.run(lambda session: self._move(batch, criteria, session))  # noqa: B023
            moved, refused = moved + done.moved, refused + done.refused
        return Archived(moved, refused)

    async def _move(
        self, ids: Sequence[Any], criteria: Filter, session: AsyncClientSession
    ) -> tuple[Archived, list[Any]]:
        """What was done with as many as fit into one transaction, and the others."""
        tickets, rest = await self._read(ids, criteria, session)
        if not tickets:
            return Archived(0, 0), []
        there = {
            _key(copy["_id"]): copy.raw
            async for copy in self._archive.find({"_id": {"$in": [each["_id"] for each in tickets]}}, session=session)
        }
        fresh = [each for each in tickets if _key(each["_id"]) not in there]
        # An equal copy: somebody put an archived ticket back. A different one is another ticket: nothing overwrites it.
        movable = [each for each in tickets if there.get(_key(each["_id"]), each.raw) == each.raw]
        if fresh:
            await self._archive.insert_many(fresh, session=session)
        if movable:
            await self._tickets.delete_many(_those([each["_id"] for each in movable], criteria), session=session)
        return Archived(len(movable), len(tickets) - len(movable)), rest

    async def _read(
        self, ids: Sequence[Any], criteria: Filter, session: AsyncClientSession
    ) -> tuple[list[RawBSONDocument], list[Any]]:
        tickets: list[RawBSONDocument] = []
        size = 0
        async with self._tickets.find(_those(ids, criteria), session=session) as cursor:
            async for ticket in cursor:
                tickets.append(ticket)
                size += len(ticket.raw)
                if size >= MOST_BYTES:
                    seen = {_key(each["_id"]) for each in tickets}
                    return tickets, [identity for identity in ids if _key(identity) not in seen]
        return tickets, []


class ExportedCollection(_HostCollection):
    """Reads documents as the server sends them; who wants them decodes them elsewhere."""

    async def shape(self, criteria: Filter) -> dict[str, set[str]]:
        pipeline: list[Mapping[str, Any]] = [
            {"$match": criteria},
            {"$project": {"_id": 0, "field": {"$objectToArray": "$$ROOT"}}},
            {"$unwind": "$field"},
            {"$group": {"_id": {"name": "$field.k", "type": {"$type": "$field.v"}}}},
        ]
        fields: dict[str, set[str]] = {}
        with translated(), pymongo.timeout(0):
            async for found in await self._collection.aggregate(pipeline, allowDiskUse=True):
                fields.setdefault(found["_id"]["name"], set()).add(found["_id"]["type"])
        return fields

    async def raw_batches(
        self, criteria: Filter, projection: Sequence[str], sort: Sequence[tuple[str, int]], limit: int
    ) -> AsyncGenerator[bytes, None]:
        shown = _shown(projection) if projection else None
        cursor = self._collection.find_raw_batches(criteria, shown, batch_size=READ_AT_ONCE, limit=limit)
        if sort:
            cursor = cursor.sort(list(sort)).allow_disk_use(True)
        try:
            while True:
                with translated(), pymongo.timeout(0):
                    batch = await anext(cursor, None)
                if batch is None:
                    return
                yield cast(bytes, batch)
        finally:
            await cursor.close()


def _shown(fields: Sequence[str]) -> dict[str, int]:
    """Exactly these: the identity only if it, or a part of it, is among them."""
    shown = dict.fromkeys(fields, 1)
    return shown if any(name.split(".")[0] == "_id" for name in fields) else {"_id": 0, **shown}


def _those(ids: Sequence[Any], criteria: Filter) -> filters.Filter:
    return filters.together({"_id": {"$in": list(ids)}}, dict(criteria))


def _key(identity: Any) -> bytes:
    """Identities of any type, compared as MongoDB stores them."""
    return bson.encode({"_id": identity}, codec_options=CODEC_OPTIONS)


def _at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value[part]
    return value
