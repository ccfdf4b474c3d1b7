"""What the daemon makes sure of at start: a replica set, the indexes, the published catalogue."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

import structlog
from pymongo import IndexModel, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

from scheduler_daemon.store.mongo import Client, Database, translated
from shared.collections import AUDIT_LOG, JOB_TEMPLATES
from shared.errors import SettingsError, StoreUnavailable
from shared.indexes import AUDIT_RETENTION, INDEXES, RETIRED_INDEXES, IndexSpec, audit_retention
from shared.models.catalogue import PublishedTemplate

log = structlog.get_logger(__name__)

_OTHER_SHAPE = (85, 86)  # IndexOptionsConflict, IndexKeySpecsConflict: made by an earlier version


async def require_replica_set(client: Client) -> None:
    """SettingsError if the server is a standalone: it has no transactions and no change streams."""
    with translated():
        answer = await client.admin.command("hello")
    if answer.get("isreplicaset"):
        raise StoreUnavailable("the replica set is not initiated, or is still starting: run rs.initiate() once")
    if "setName" not in answer and answer.get("msg") != "isdbgrid":
        raise SettingsError(
            "MONGODB_URI: this MongoDB is a standalone server; a replica set is required (one node is enough): "
            "start mongod with --replSet rs0 and run rs.initiate() once"
        )


async def create_indexes(database: Database) -> None:
    """Creates every index of shared.indexes; those that exist are left alone, those of another shape are replaced."""
    with translated():
        for name, specs in groupby(sorted(INDEXES, key=lambda spec: spec.collection), lambda s: s.collection):
            await _ensure_indexes(database[name], [_model(spec) for spec in specs])
        for name, index in RETIRED_INDEXES:
            await _drop_index(database[name], index)


async def keep_audit_log(database: Database, keep: timedelta) -> None:
    """Has MongoDB remove entries that are older; zero: nothing is ever removed. What is there is treated alike."""
    with translated():
        if keep:
            await _ensure_indexes(database[AUDIT_LOG], [_model(audit_retention(keep))])
        else:
            await _drop_index(database[AUDIT_LOG], AUDIT_RETENTION)


async def _ensure_indexes(collection: AsyncCollection[dict[str, Any]], models: Sequence[IndexModel]) -> None:
    try:
        await collection.create_indexes(models)
    except OperationFailure as fault:
        if fault.code not in _OTHER_SHAPE:
            raise
        await _replace_indexes(collection, models)


async def _drop_index(collection: AsyncCollection[dict[str, Any]], name: str) -> None:
    if name in await collection.index_information():
        await collection.drop_index(name)


async def _replace_indexes(collection: AsyncCollection[dict[str, Any]], models: Sequence[IndexModel]) -> None:
    for model in models:
        try:
            await collection.create_indexes([model])
        except OperationFailure as fault:
            if fault.code not in _OTHER_SHAPE:
                raise
            name = model.document["name"]
            log.warning("index_replaced", collection=collection.name, index=name)
            await collection.drop_index(name)
            await collection.create_indexes([model])


async def publish_catalogue(database: Database, templates: Sequence[PublishedTemplate]) -> None:
    """Writes the job templates that this daemon has; others are marked as no longer available."""
    published = [template.to_document() for template in templates]
    with translated():
        await database[JOB_TEMPLATES].bulk_write(
            [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in published]
        )
        await database[JOB_TEMPLATES].update_many(
            {"_id": {"$nin": [document["_id"] for document in published]}}, {"$set": {"available": False}}
        )


def _model(spec: IndexSpec) -> IndexModel:
    options: dict[str, Any] = {"name": spec.name}
    if spec.unique:
        options["unique"] = True
    if spec.partial is not None:
        options["partialFilterExpression"] = spec.partial
    if spec.expire_after_seconds is not None:
        options["expireAfterSeconds"] = spec.expire_after_seconds
    return IndexModel(list(spec.keys), **options)
