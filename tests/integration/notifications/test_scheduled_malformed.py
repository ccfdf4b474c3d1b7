"""Scheduled notifications that cannot be read, or whose text fails: put aside, and nobody else is stopped."""

from typing import Any

import pytest

from scheduler_daemon.store.queue import Inserted, NotificationQueue
from tests.integration.notifications.conftest import (
    Office,
    moment,
    scheduled_document,
)
from tests.support.documents import MONDAY, once

MINUTELY = {"kind": "interval", "every": "1m"}


async def test_a_text_that_fails_for_one_recipient_fails_that_message_only(office: Office) -> None:
    await office.add_template(subject="Hello {{ title }}", variables=[])
    addresses = [
        {"email": "ada@example.com", "variables": {"title": "Countess"}},
        {"email": "bob@example.com"},
        {"email": "eve@example.com", "variables": {"title": "Dr"}},
    ]
    await office.schedule(schedule=once(MONDAY), recipients={"addresses": addresses})
    assert (await office.process())["failed"] == 1
    (failed,) = await office.items(state="failed")
    assert failed["recipient"]["address"] == "bob@example.com"
    assert "'title' is undefined" in failed["lastError"]["message"]
    assert failed["expireAt"] == moment(days=90)


async def test_variables_that_cannot_be_stored_fail_that_message_only(office: Office) -> None:
    await office.add_template()
    scheduled = scheduled_document(schedule=once(MONDAY))
    await office.db.scheduled_notifications.insert_one(scheduled)
    original = NotificationQueue.insert
    huge = "x" * 17_000_000

    async def with_a_huge_one(queue: NotificationQueue, documents: list[dict[str, Any]]) -> Inserted:
        for document in documents:
            if document["recipient"]["address"] == "bob@example.com" and document["state"] == "pending":
                document["variables"] = {"name": huge}
        return await original(queue, documents)

    NotificationQueue.insert = with_a_huge_one  # type: ignore[method-assign, assignment]
    try:
        report = await office.process()
    finally:
        NotificationQueue.insert = original  # type: ignore[method-assign]
    assert (report["queued"], report["failed"]) == (2, 1)
    (failed,) = await office.items(state="failed")
    assert failed["lastError"]["type"] == "not_storable"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"schedule": {"kind": "cron", "expression": "61 * * * *"}}, "schedule"),
        ({"schedule": "every minute"}, "schedule"),
        ({"recipients": {"addresses": []}}, "recipients"),
        ({"recipients": None}, "recipients"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"revision": "one"}, "revision"),
        ({"revision": None}, "revision"),
        ({"daemon": "yesterday"}, "daemon"),
        ({"daemon": {"nextRun": "tomorrow"}}, "daemon"),
        ({"templateId": "no-such-template"}, "templateId"),
        ({"templateVersion": 9}, "templateId"),
        ({"createdAt": None}, "createdAt"),
        ({"_id": 42}, "_id"),
    ],
)
async def test_a_malformed_one_is_quarantined_once_and_stops_nothing_else(
    office: Office, changes: dict[str, Any], field: str
) -> None:
    await office.add_template()
    await office.db.scheduled_notifications.insert_one({**scheduled_document("bad"), **changes})
    await office.schedule("good", schedule=once(MONDAY))
    report = await office.process()
    assert (report["quarantined"], report["queued"]) == (1, 2)
    bad = await office.scheduled(changes.get("_id", "bad"))
    assert bad["daemon"]["quarantine"]["field"].startswith(field)
    assert bad["daemon"]["quarantine"]["reason"]
    assert (bad["daemon"]["nextRun"], isinstance(bad["plannedRevision"], int)) == (None, True)
    assert (await office.process())["quarantined"] == 0


async def test_a_mended_definition_leaves_its_quarantine(office: Office) -> None:
    await office.schedule(schedule=once(MONDAY))
    await office.process()
    assert (await office.scheduled())["daemon"]["quarantine"]["field"] == "templateId"
    await office.add_template()
    change = {"$set": {"revision": 2}, "$unset": {"plannedRevision": 1}}
    await office.db.scheduled_notifications.update_one({"_id": "wave"}, change)
    assert (await office.process())["queued"] == 2
    assert (await office.scheduled())["daemon"]["quarantine"] is None


async def test_one_that_was_spoiled_after_its_planning_is_quarantined_when_due(office: Office) -> None:
    await office.add_template()
    await office.schedule()
    await office.process()
    await office.db.scheduled_notifications.update_one({"_id": "wave"}, {"$set": {"channels": "email"}})
    office.clock.advance(5)
    assert (await office.process())["quarantined"] == 1
    assert (await office.process())["quarantined"] == 0


async def test_a_next_run_that_is_no_date_is_found_and_quarantined(office: Office) -> None:
    await office.add_template()
    await office.schedule("good")
    await office.process()
    await office.schedule("bad", plannedRevision=1, daemon={"nextRun": "tomorrow"})
    service = office.services.notifications
    assert await service.repair_malformed(office.clock.now()) == 1
    assert (await office.scheduled("bad"))["daemon"]["quarantine"]["field"] == "daemon.nextRun"
    assert await service.repair_malformed(office.clock.now()) == 0
