"""What the daemon makes sure of at start: a replica set, the indexes, the published catalogue."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from pymongo import IndexModel, ReplaceOne

from scheduler_daemon.store.mongo import Client, Database, translated
from shared.collections import JOB_TEMPLATES
from shared.errors import SettingsError, StoreUnavailable
from shared.indexes import INDEXES, IndexSpec
from shared.models.catalogue import PublishedTemplate


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
    """Creates every index of shared.indexes; those that exist are left alone."""
    with translated():
        for collection, specs in groupby(sorted(INDEXES, key=lambda spec: spec.collection), lambda s: s.collection):
            await database[collection].create_indexes([_model(spec) for spec in specs])


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
