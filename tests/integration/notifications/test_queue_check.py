"""A queue that lost messages is noticed once, and filled again."""

from typing import Any

import pytest

from scheduler_daemon.notifications.queue_check import QueueCheck
from tests.integration.notifications.conftest import Office, OpenOffice, moment
from tests.support.documents import MONDAY, once

ADDRESSES = {"addresses": [{"email": f"p{number}@example.com"} for number in range(5)]}


async def queued(office: Office) -> None:
    await office.add_template()
    await office.schedule(schedule=once(MONDAY), recipients=ADDRESSES)
    assert (await office.process())["queued"] == 5


async def lose_two(office: Office) -> None:
    lost = [item["_id"] for item in (await office.items())[:2]]
    await office.db.notification_queue.delete_many({"_id": {"$in": lost}})


async def test_what_is_missing_is_put_in_again_after_a_minute(office: Office) -> None:
    await queued(office)
    before = {item["_id"] for item in await office.items()}
    await lose_two(office)
    assert (await office.process())["repaired"] == 0
    office.clock.advance(61)
    assert (await office.process())["repaired"] == 2
    assert {item["_id"] for item in await office.items()} == before
    assert (await office.scheduled())["daemon"]["lastRun"]["checked"] is True


async def test_each_occurrence_is_looked_at_once(office: Office) -> None:
    await queued(office)
    office.clock.advance(61)
    await office.process()
    await lose_two(office)
    office.clock.advance(61)
    assert (await office.process())["repaired"] == 0
    assert len(await office.items()) == 3


async def test_a_changed_definition_reaches_nobody_new_for_an_old_occurrence(office: Office) -> None:
    await queued(office)
    await lose_two(office)
    changed = {"recipients": {"addresses": [{"email": "new@example.com"}]}, "revision": 2}
    await office.db.scheduled_notifications.update_one({}, {"$set": changed})
    office.clock.advance(61)
    assert (await office.process())["repaired"] == 0
    assert len(await office.items()) == 3
    assert (await office.scheduled())["daemon"]["lastRun"]["checked"] is True


async def test_a_document_that_cannot_be_read_stops_nothing(office: Office) -> None:
    await queued(office)
    await office.db.scheduled_notifications.update_one({}, {"$set": {"channels": "pigeon"}})
    office.clock.advance(61)
    await office.process()
    assert (await office.scheduled())["daemon"]["lastRun"]["checked"] is True


async def test_who_is_named_twice_across_batches_is_no_gap(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.add_template()
    await office.db.recipients.insert_one({"_id": "ada", "email": "ada@example.com"})
    await office.db.recipient_groups.insert_many([{"_id": name, "members": ["ada"]} for name in ("crew", "staff")])
    await office.schedule(schedule=once(MONDAY), recipients={"groups": ["crew", "staff"]})
    report = await office.process(batch_size=1)
    assert (report["queued"], report["duplicates"]) == (1, 1)
    assert (await office.scheduled())["daemon"]["lastRun"]["queued"] == 1
    monkeypatch.setattr(QueueCheck, "_repair", None)  # must not be asked for
    office.clock.advance(61)
    await office.process()
    assert (await office.scheduled())["daemon"]["lastRun"]["checked"] is True


async def test_a_late_check_sends_nothing_again_that_has_expired(open_office: OpenOffice) -> None:
    office = await open_office(message_retention="2h")
    await queued(office)
    await lose_two(office)
    office.clock.advance(3601)
    assert (await office.process())["repaired"] == 0
    assert len(await office.items()) == 3
    assert (await office.scheduled())["daemon"]["lastRun"]["checked"] is True


LAST = {"scheduledFor": moment(), "queuedAt": moment(), "queued": 1, "checked": False}


@pytest.mark.parametrize(
    "daemon", [[{"lastRun": LAST}], {"lastRun": [LAST]}, {"lastRun": {**LAST, "checked": [False]}}]
)
async def test_a_progress_of_arrays_stops_no_other_check(office: Office, daemon: Any) -> None:
    await office.schedule("aaa", plannedRevision=1, daemon=daemon)
    await queued(office)
    await lose_two(office)
    office.clock.advance(61)
    assert (await office.process())["repaired"] == 2


async def test_a_check_that_breaks_stops_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await queued(office)
    await lose_two(office)
    await office.schedule("aaa", plannedRevision=1, daemon={"lastRun": LAST})
    original = QueueCheck._check

    async def breaks(check: QueueCheck, document: dict[str, Any], *given: Any) -> None:
        if document["_id"] == "aaa":
            raise TypeError("a bug")
        await original(check, document, *given)

    monkeypatch.setattr(QueueCheck, "_check", breaks)
    office.clock.advance(61)
    assert (await office.process())["repaired"] == 2
    assert (await office.scheduled("aaa"))["daemon"]["lastRun"]["checked"] is True
