"""ticket_cleanup: a ticket is always in exactly one of both collections, whatever happens in between."""

import asyncio
import json
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pydantic import ValidationError

from scheduler_daemon.job_templates.ticket_cleanup_template import TicketCleanupTemplate
from scheduler_daemon.store import host_data
from tests.integration.templates.conftest import OpenWorkplace, Workplace
from tests.support.documents import MONDAY
from tests.support.environment import ROOT

CLEANUP = TicketCleanupTemplate()
QUICK = {"pause": "0s"}


def ticket(identity: Any, days: float = 100, **fields: Any) -> dict[str, Any]:
    return {"_id": identity, "status": "closed", "updatedAt": MONDAY - timedelta(days=days), "text": "?", **fields}


@pytest.fixture
async def place(open_workplace: OpenWorkplace) -> Workplace:
    return await open_workplace()


async def stored(place: Workplace, name: str) -> list[Any]:
    return [each["_id"] for each in await place.db[name].find({}, {"_id": 1}).sort("_id", 1).to_list()]


async def test_old_closed_tickets_move_to_the_archive_unchanged(place: Workplace) -> None:
    codec: bson.CodecOptions[RawBSONDocument] = bson.CodecOptions(document_class=RawBSONDocument)
    await place.db.tickets.insert_many(
        [
            ticket("a", note={"deep": [1, 2.0, None]}, z=bson.Decimal128("1.10")),
            ticket("b", status="resolved"),
            ticket("c", status="open"),
            ticket("d", days=89),
            ticket("e", updatedAt="long ago"),
        ]
    )
    before = await place.db.get_collection("tickets", codec_options=codec).find_one({"_id": "a"})
    result = await place.execute(CLEANUP, **QUICK)
    assert (result.outcome, result.summary) == ("success", "2 tickets were archived")
    assert result.metrics["matched"] == result.metrics["archived"] == 2
    assert await stored(place, "tickets") == ["c", "d", "e"]
    assert await stored(place, "tickets_archive") == ["a", "b"]
    after = await place.db.get_collection("tickets_archive", codec_options=codec).find_one({"_id": "a"})
    assert before is not None
    assert after is not None
    assert after.raw == before.raw


async def test_deleting_leaves_no_archive(place: Workplace) -> None:
    await place.db.tickets.insert_many([ticket("a"), ticket("b", status="open")])
    result = await place.execute(CLEANUP, **QUICK, action="delete")
    assert (result.summary, result.metrics["deleted"]) == ("1 tickets were deleted", 1)
    assert await stored(place, "tickets") == ["b"]
    assert "tickets_archive" not in await place.db.list_collection_names()


async def test_a_dry_run_moves_nothing(place: Workplace) -> None:
    await place.db.tickets.insert_one(ticket("a"))
    result = await place.execute(CLEANUP, **QUICK, dryRun=True)
    assert result.summary == "1 tickets would be archived"
    assert await stored(place, "tickets") == ["a"]


async def test_field_names_and_statuses_are_parameters(open_workplace: OpenWorkplace) -> None:
    place = await open_workplace(ticket_collections=["cases"])
    await place.db.cases.insert_many(
        [{"_id": n, "meta": {"state": state, "seen": MONDAY - timedelta(days=2)}} for n, state in enumerate("xyz")]
    )
    await place.execute(
        CLEANUP, **QUICK, collection="cases", statusField="meta.state", dateField="meta.seen", statuses=["x", "z"],
        olderThan="1d", batchSize=1,
    )  # fmt: skip
    assert await stored(place, "cases") == [1]
    assert await stored(place, "cases_archive") == [0, 2]


async def test_a_ticket_that_is_reopened_while_it_moves_stays(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was read as closed, in the same transaction, when somebody reopened it."""
    await place.db.tickets.insert_many([ticket("a"), ticket("b")])
    read = host_data.ArchivedCollection._read
    reopened = asyncio.Event()

    async def and_reopen(self: Any, *arguments: Any) -> Any:
        found = await read(self, *arguments)
        if not reopened.is_set():
            reopened.set()
            await place.db.tickets.update_one({"_id": "a"}, {"$set": {"status": "open"}})
        return found

    monkeypatch.setattr(host_data.ArchivedCollection, "_read", and_reopen)
    result = await place.execute(CLEANUP, **QUICK)
    assert (result.metrics["matched"], result.metrics["archived"]) == (2, 1)
    assert await stored(place, "tickets") == ["a"]
    assert await stored(place, "tickets_archive") == ["b"]


async def test_another_ticket_of_the_same_identity_in_the_archive_is_not_overwritten(place: Workplace) -> None:
    await place.db.tickets_archive.insert_many([ticket(1, text="the earlier"), ticket(2)])
    await place.db.tickets.insert_many([ticket(1, text="the later"), ticket(2), ticket(3)])
    result = await place.execute(CLEANUP, **QUICK)
    assert (result.outcome, result.retryable) == ("failure", False)
    assert "1 tickets stay: tickets_archive has other tickets of the same _id; 2 were archived" in result.summary
    assert await stored(place, "tickets") == [1]
    archived = await place.db.tickets_archive.find_one({"_id": 1})
    assert archived is not None
    assert archived["text"] == "the earlier"


async def test_identities_of_any_type_move(place: Workplace) -> None:
    identities: list[Any] = [1, 1.5, "1", bson.ObjectId(), {"a": 1, "b": 2}, MONDAY, bson.Binary(b"x", 4), None]
    await place.db.tickets.insert_many([ticket(each) for each in identities])
    result = await place.execute(CLEANUP, **QUICK, batchSize=3)
    assert result.metrics["archived"] == len(identities)
    assert await place.db.tickets_archive.count_documents({}) == len(identities)


async def test_large_tickets_move_in_several_transactions(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_data, "MOST_BYTES", 2500)
    await place.db.tickets.insert_many([ticket(n, text="x" * 1000) for n in range(10)])
    result = await place.execute(CLEANUP, **QUICK)
    assert result.metrics["archived"] == 10
    assert await stored(place, "tickets_archive") == list(range(10))


KILLED_IN_BETWEEN = """
import asyncio, json, os, signal, sys
from pymongo.asynchronous.collection import AsyncCollection
from scheduler_daemon.store.host_data import HostCollections
from scheduler_daemon.store.mongo import connect
from scheduler_daemon.store.transactions import TransactionSession
from shared.settings import Settings

async def killed(*_arguments, **_options):
    sys.stdout.write(json.dumps(session.lsid["id"].hex()))
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    global session
    settings = Settings(_env_file=None)
    client, database = connect(settings)
    session = TransactionSession(client)
    AsyncCollection.delete_many = killed
    await HostCollections(database, session, settings).tickets("tickets").archive(list(range(5)), {"status": "closed"})

asyncio.run(main())
"""


async def test_a_kill_between_archiving_and_deleting_loses_and_doubles_nothing(
    place: Workplace, mongodb_uri: str, database_name: str
) -> None:
    await place.db.tickets.insert_many([ticket(n) for n in range(5)])
    environment = {"MONGODB_URI": mongodb_uri, "MONGODB_DATABASE": database_name, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED_IN_BETWEEN, env=environment, stdout=subprocess.PIPE
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == -signal.SIGKILL
    lsid = bson.Binary(bytes.fromhex(json.loads(printed)), 4)
    await place.db.client.admin.command({"killSessions": [{"id": lsid}]})  # as the successor does
    assert await stored(place, "tickets") == list(range(5))
    assert await stored(place, "tickets_archive") == []
    result = await place.execute(CLEANUP, **QUICK)
    assert result.metrics["archived"] == 5
    assert await stored(place, "tickets") == []
    assert await stored(place, "tickets_archive") == list(range(5))


async def test_a_cancelled_run_ends_within_a_second(place: Workplace) -> None:
    await place.db.tickets.insert_many([ticket(n) for n in range(4)])
    await place.cancelled_within_a_second(CLEANUP, batchSize=1, pause="10s")
    assert len(await stored(place, "tickets")) + len(await stored(place, "tickets_archive")) == 4


async def test_only_collections_of_the_settings_are_touched(place: Workplace) -> None:
    result = await place.execute(CLEANUP, **QUICK, collection="tickets_archive")
    assert (result.outcome, result.retryable) == ("failure", False)
    assert result.summary == "collection: the setting TICKET_COLLECTIONS does not list 'tickets_archive'"


@pytest.mark.parametrize(
    "wrong", [{"statuses": []}, {"statuses": [1]}, {"statusField": "updatedAt"}, {"action": "drop"}], ids=str
)
def test_parameters_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CLEANUP.Parameters.model_validate(wrong)
