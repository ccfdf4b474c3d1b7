"""The audit log is kept as long as the setting says, whatever it said before; that something was deleted, for ever."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database as SyncDatabase

from api.store import Actor, journal
from scheduler_daemon.store.mongo import Client, Database, connect
from scheduler_daemon.store.preparation import keep_audit_log
from shared.collections import AUDIT_LOG, DYNAMIC_JOBS
from shared.settings import Settings
from tests.support.mongod_server import MongodServer
from tests.support.waiting import wait_until

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
Db = SyncDatabase[dict[str, Any]]


@pytest.fixture
async def quick(settings: Callable[..., Settings]) -> AsyncIterator[tuple[Database, Db]]:
    """A database, as the daemon and as a test sees it, of a server that removes each second and not each minute."""
    server = MongodServer(ttlMonitorSleepSecs=1)
    client, database = connect(settings(mongodb_uri=server.uri))
    with MongoClient[dict[str, Any]](server.uri, tz_aware=True) as own:
        yield database, own[database.name]
    await client.close()
    server.stop()


def insert_entries(db: Db) -> None:
    for days in (3, 100, 1000):
        for action, change in (("update", {"name": "x"}), ("delete", {"deletedAt": NOW})):
            entry = journal.entry(
                Actor("ada"),
                NOW - days * DAY,
                f"job.{action}",
                DYNAMIC_JOBS,
                {"_id": "job-1"},
                {"_id": "job-1", **change},
            )
            db[AUDIT_LOG].insert_one({**entry.to_document(), "_id": f"{action} {days}"})


def updates_left(db: Db) -> set[Any]:
    return {entry["_id"] for entry in db[AUDIT_LOG].find({"action": "job.update"})}


async def test_a_changed_setting_applies_to_earlier_entries_and_deletions_stay(quick: tuple[Database, Db]) -> None:
    database, db = quick
    insert_entries(db)
    await keep_audit_log(database, 400 * DAY)
    wait_until(lambda: updates_left(db) == {"update 3", "update 100"}, 20)
    await keep_audit_log(database, 30 * DAY)
    wait_until(lambda: updates_left(db) == {"update 3"}, 20)
    assert db[AUDIT_LOG].count_documents({"action": "job.delete"}) == 3


@pytest.mark.parametrize(("keep", "seconds"), [(400 * DAY, 34_560_000), (36_500 * DAY, 2**31 - 1)])
async def test_zero_is_for_ever(mongo: tuple[Client, Database], db: Db, keep: timedelta, seconds: int) -> None:
    _, database = mongo
    for _ in range(2):
        await keep_audit_log(database, keep)
    assert db[AUDIT_LOG].index_information()["retention"]["expireAfterSeconds"] == seconds
    for _ in range(2):
        await keep_audit_log(database, timedelta(0))
    assert "retention" not in db[AUDIT_LOG].index_information()
