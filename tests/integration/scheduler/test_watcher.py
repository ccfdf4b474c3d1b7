"""The change stream: what the API writes wakes the loop, what the daemon writes does not."""

import asyncio
from typing import Any

import pytest

from scheduler_daemon.scheduling.watcher import Watcher
from scheduler_daemon.store.changes import ChangeStore
from tests.support.documents import MONDAY, command_document, job_document
from tests.support.waiting import eventually
from tests.support.workbench import Workbench


class Heard:
    def __init__(self) -> None:
        self.hints = 0
        self.rules = 0

    def hint(self) -> None:
        self.hints += 1

    def rules_changed(self) -> None:
        self.rules += 1


@pytest.fixture
async def heard(bench: Workbench):
    heard = Heard()
    watcher = Watcher(ChangeStore(bench.db), heard.hint, heard.rules_changed)
    running = asyncio.create_task(watcher.run())
    await eventually(lambda: heard.hints == 1, message="the stream opens with a look")
    yield heard
    watcher.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("collection", "document"),
    [
        ("dynamic_jobs", job_document()),
        ("scheduled_notifications", {"_id": "any"}),
        ("commands", command_document("cancel", runId="x")),
    ],
)
async def test_a_new_document_is_a_hint(bench: Workbench, heard: Heard, collection: str, document: dict[str, Any]):
    await bench.db[collection].insert_one(dict(document))
    await eventually(lambda: heard.hints == 2)


@pytest.mark.parametrize("collection", ["calendars", "controls"])
async def test_every_change_of_a_standing_rule_is_a_hint_that_says_so(bench: Workbench, heard: Heard, collection: str):
    await bench.db[collection].insert_one({"_id": "a"})
    await eventually(lambda: (heard.hints, heard.rules) == (2, 2))
    await bench.db[collection].update_one({"_id": "a"}, {"$set": {"name": "b"}})
    await eventually(lambda: (heard.hints, heard.rules) == (3, 3))
    await bench.db[collection].replace_one({"_id": "a"}, {"name": "c"})
    await eventually(lambda: (heard.hints, heard.rules) == (4, 4))
    await bench.db[collection].delete_one({"_id": "a"})
    await eventually(lambda: (heard.hints, heard.rules) == (5, 5))
    await bench.db.dynamic_jobs.insert_one(job_document())
    await eventually(lambda: heard.hints == 6)
    assert heard.rules == 5


async def test_an_edit_is_a_hint_and_the_daemons_own_writes_are_none(bench: Workbench, heard: Heard):
    await bench.db.dynamic_jobs.insert_one(job_document(plannedRevision=1, daemon={"nextRun": MONDAY}))
    await eventually(lambda: heard.hints == 2)
    await bench.db.dynamic_jobs.update_one({"_id": "job-1"}, {"$set": {"daemon.nextRun": MONDAY}})
    await bench.db.job_runs.insert_one({"_id": "job-1:1"})
    await bench.db.dynamic_jobs.update_one(
        {"_id": "job-1"}, {"$set": {"revision": 2}, "$unset": {"plannedRevision": ""}}
    )
    await eventually(lambda: heard.hints == 3)
    await bench.db.dynamic_jobs.update_one({"_id": "job-1"}, {"$set": {"plannedRevision": 2}})
    await bench.db.commands.insert_one(command_document("cancel", runId="y"))
    await eventually(lambda: heard.hints >= 4)
    assert heard.hints == 4


async def test_a_stream_that_dies_is_opened_again_with_a_look(bench: Workbench, heard: Heard):
    await bench.db.dynamic_jobs.insert_one(job_document())
    await eventually(lambda: heard.hints == 2)
    await bench.db.client.drop_database(bench.db.name)
    await eventually(lambda: heard.hints >= 3, message="opened again after the database was dropped")
