"""scheduled_notification_processor: planning, fan-out, crashes in the middle, quarantine."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from scheduler_daemon.job_templates.scheduled_notification_processor_template import (
    ScheduledNotificationProcessorTemplate,
)
from scheduler_daemon.notifications import recipients
from scheduler_daemon.store.queue import Inserted, NotificationQueue
from scheduler_daemon.store.scheduled_notifications import ScheduledNotificationStore
from shared.errors import StoreUnavailable
from shared.models.queue import QueueItem
from tests.integration.notifications.conftest import (
    Office,
    OpenOffice,
    moment,
    template_document,
)
from tests.support.documents import MONDAY, once
from tests.support.smtp_server import SmtpServer

MINUTELY = {"kind": "interval", "every": "1m"}


async def person(office: Office, identity: str, **fields: Any) -> None:
    fields = {"email": f"{identity}@example.com", **fields}
    await office.db.recipients.insert_one({"_id": identity, "name": identity.capitalize(), **fields})


async def test_two_recipients_get_one_message_each_at_the_time(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_template()
    await office.schedule()
    result = await office.execute(ScheduledNotificationProcessorTemplate())
    assert (result.outcome, result.metrics["planned"], result.metrics["queued"]) == ("success", 1, 0)
    assert (await office.scheduled())["daemon"]["nextRun"] == moment(seconds=5)
    office.clock.advance(5)
    assert (await office.process())["queued"] == 2
    assert office.woken >= 1
    scheduled = await office.scheduled()
    assert (scheduled["daemon"]["nextRun"], scheduled["daemon"]["completed"]) == (None, True)
    assert scheduled["daemon"]["lastRun"]["queued"] == 2
    await office.drain()
    await office.process()
    await office.drain()
    assert sorted(message.recipients[0] for message in smtp_server.messages) == ["ada@example.com", "bob@example.com"]
    assert {str(message.parsed["Subject"]) for message in smtp_server.messages} == {"Hello Ada", "Hello friend"}


async def test_what_is_queued_is_a_valid_item_with_its_expiry(office: Office) -> None:
    await office.add_template()
    await office.schedule(expiresAfter="1h", schedule=once(MONDAY))
    await office.process()
    for document in await office.items():
        item = QueueItem.from_document(document)
        assert item.to_document() == {**document, "event": None, "jobId": None, "runId": None, "heldFrom": None}
        assert item.expires_at == moment(hours=1)
        assert item.send_after == moment()
        assert item.message_id == f"<{item.id}@localhost>"


async def test_addresses_people_and_groups_reach_each_mailbox_once(office: Office) -> None:
    await office.add_template()
    for name in ("ada", "eve", "joe"):
        await person(office, name, variables={"name": f"{name} of the store"})
    await person(office, "pager", email=None, phone="+33123456789")
    await office.db.recipient_groups.insert_one({"_id": "crew", "members": ["ada", "joe", "pager", "gone"]})
    await office.schedule(
        schedule=once(MONDAY),
        recipients={
            "addresses": [{"email": "ADA@example.com", "variables": {"name": "Countess"}}],
            "people": ["eve", "missing"],
            "groups": ["crew", "no-such-group"],
        },
    )
    report = await office.process()
    items = await office.items()
    subjects = {item["recipient"]["address"]: item["subject"] for item in items}
    assert subjects == {
        "ADA@example.com": "Hello Countess",
        "eve@example.com": "Hello eve of the store",
        "joe@example.com": "Hello joe of the store",
    }
    assert (report["missing_people"], report["missing_groups"], report["unreachable"]) == (2, 1, 1)


async def test_recipients_are_read_in_batches(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "MOST_PEOPLE", 10)
    await office.add_template()
    names = [f"p{number:03}" for number in range(95)]
    await asyncio.gather(*(person(office, name) for name in names))
    await office.db.recipient_groups.insert_one({"_id": "crew", "members": names})
    sizes: list[int] = []
    original = NotificationQueue.insert

    async def watched(queue: NotificationQueue, documents: Any) -> Inserted:
        sizes.append(len(documents))
        return await original(queue, documents)

    monkeypatch.setattr(NotificationQueue, "insert", watched)
    await office.schedule(schedule=once(MONDAY), recipients={"groups": ["crew"]})
    assert (await office.process(batch_size=20))["queued"] == 95
    assert max(sizes) <= 20 + 10


async def test_a_crash_in_the_middle_leaves_no_gap_and_no_double(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.add_template()
    addresses = [{"email": f"person{number:03}@example.com"} for number in range(100)]
    await office.schedule(schedule=once(MONDAY), recipients={"addresses": addresses})
    monkeypatch.setattr(recipients, "MOST_PEOPLE", 10)
    original, calls = NotificationQueue.insert, 0

    async def dies(queue: NotificationQueue, documents: Any) -> Inserted:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise StoreUnavailable("the process died here")
        return await original(queue, documents)

    with monkeypatch.context() as crash:
        crash.setattr(NotificationQueue, "insert", dies)
        with pytest.raises(StoreUnavailable):
            await office.process(batch_size=10)
    stored = len(await office.items())
    assert stored in (30, 40)  # one more insert may have been under way
    assert (await office.scheduled())["daemon"]["nextRun"] is not None
    report = await office.process(batch_size=10)
    assert (report["queued"], report["duplicates"]) == (100 - stored, stored)
    assert sorted(item["recipient"]["address"] for item in await office.items()) == [
        each["email"] for each in addresses
    ]
    assert (await office.scheduled())["daemon"]["occurrencesQueued"] == 1


async def test_two_processors_at_once_queue_each_message_once(office: Office, open_office: OpenOffice) -> None:
    await office.add_template()
    other = await open_office()
    addresses = [{"email": f"person{number:03}@example.com"} for number in range(300)]
    for number in range(5):
        await office.schedule(f"wave{number}", schedule=once(MONDAY), recipients={"addresses": addresses})
    first, second = await asyncio.gather(office.process(batch_size=50), other.process(batch_size=50))
    assert first["queued"] + second["queued"] == len(await office.items()) == 1500
    for number in range(5):
        daemon = (await office.scheduled(f"wave{number}"))["daemon"]
        assert (daemon["occurrencesQueued"], daemon["nextRun"], daemon["quarantine"]) == (1, None, None)


@pytest.mark.parametrize("step", ["plan", "advance"])
async def test_a_processor_that_lags_behind_does_not_turn_the_clock_back(
    office: Office, open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """It has read the document; meanwhile another one has planned, queued and advanced it."""
    await office.add_template()
    await office.schedule(schedule=MINUTELY)
    other = await open_office()
    if step == "advance":
        await office.process()
        office.clock.advance(60)
    original, overtaken = getattr(ScheduledNotificationStore, step), False

    async def slow(store: ScheduledNotificationStore, *given: Any) -> bool:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            await other.process()
            other.clock.advance(120)
            await other.process()
        return bool(await original(store, *given))

    monkeypatch.setattr(ScheduledNotificationStore, step, slow)
    await office.process()
    assert (await office.scheduled())["daemon"]["nextRun"] == moment(minutes=3)


async def test_what_a_lagging_processor_queues_for_a_deleted_one_is_cancelled_too(
    office: Office, open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.add_template()
    await office.schedule(schedule=once(MONDAY))
    other = await open_office()
    original, overtaken = NotificationQueue.insert, False

    async def slow(queue: NotificationQueue, documents: Any) -> Inserted:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            change = {"$set": {"revision": 2, "deletedAt": MONDAY, "plannedRevision": None}}
            await office.db.scheduled_notifications.update_one({"_id": "wave"}, change)
            await other.process()
        return await original(queue, documents)

    monkeypatch.setattr(NotificationQueue, "insert", slow)
    await office.process()
    assert [item["state"] for item in await office.items()] == ["cancelled"] * 2


async def test_a_recurring_one_is_queued_at_each_occurrence_until_max_runs(office: Office) -> None:
    await office.add_template()
    await office.schedule(schedule={**MINUTELY, "maxRuns": 3})
    await office.process()
    for _ in range(5):
        office.clock.advance(60)
        await office.process()
    items = await office.items()
    assert sorted({item["occurrence"] for item in items}) == [moment(minutes=number) for number in (1, 2, 3)]
    daemon = (await office.scheduled())["daemon"]
    assert (daemon["occurrencesQueued"], daemon["completed"], daemon["nextRun"]) == (3, True, None)


async def test_after_an_outage_only_the_latest_occurrence_is_queued(office: Office) -> None:
    await office.add_template()
    await office.schedule(schedule={"kind": "interval", "every": "1h"})
    await office.process()
    office.clock.advance(5 * 3600 + 1800)
    assert (await office.process())["skipped"] == 4
    assert {item["occurrence"] for item in await office.items()} == {moment(hours=5)}
    assert (await office.scheduled())["daemon"]["nextRun"] == moment(hours=6)


async def test_an_occurrence_that_is_too_late_is_skipped_and_counted(office: Office) -> None:
    await office.add_template()
    await office.schedule(expiresAfter="10m")
    await office.process()
    office.clock.advance(3600)
    assert (await office.process())["skipped"] == 1
    assert await office.items() == []
    daemon = (await office.scheduled())["daemon"]
    assert (daemon["occurrencesSkipped"], daemon["completed"]) == (1, True)


async def test_a_moment_just_past_at_its_creation_still_counts(office: Office) -> None:
    await office.add_template()
    await office.schedule(schedule=once(MONDAY - timedelta(seconds=20)))
    assert (await office.process())["queued"] == 2


async def test_an_edit_replans_and_queues_no_occurrence_again(office: Office) -> None:
    await office.add_template()
    await office.schedule(schedule=once(MONDAY))
    await office.process()
    change = {"$set": {"revision": 2, "name": "renamed", "scheduleSince": MONDAY}, "$unset": {"plannedRevision": 1}}
    await office.db.scheduled_notifications.update_one({"_id": "wave"}, change)
    assert (await office.process())["queued"] == 0
    assert (await office.scheduled())["plannedRevision"] == 2
    assert len(await office.items()) == 2


async def test_an_edit_in_the_middle_of_the_fan_out_ends_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "MOST_PEOPLE", 10)
    await office.add_template()
    addresses = [{"email": f"person{number:03}@example.com"} for number in range(100)]
    await office.schedule(schedule=once(MONDAY), recipients={"addresses": addresses})
    original, calls = NotificationQueue.insert, 0

    async def deleted_meanwhile(queue: NotificationQueue, documents: Any) -> Inserted:
        nonlocal calls
        calls += 1
        if calls == 3:
            change = {"$set": {"revision": 2, "deletedAt": MONDAY, "plannedRevision": None}}
            await office.db.scheduled_notifications.update_one({"_id": "wave"}, change)
        return await original(queue, documents)

    monkeypatch.setattr(NotificationQueue, "insert", deleted_meanwhile)
    await office.process(batch_size=10)
    await office.process(batch_size=10)
    items = await office.items()
    assert 30 <= len(items) < 100  # what was under way is still stored
    assert {item["state"] for item in items} == {"cancelled"}
    assert all(item["expireAt"] for item in items)


async def test_deleting_cancels_what_nobody_began_to_send(office: Office) -> None:
    await office.add_template()
    await office.schedule(schedule={**MINUTELY})
    await office.process()
    office.clock.advance(60)
    await office.process()
    (first, _) = await office.items()
    await office.db.notification_queue.update_one({"_id": first["_id"]}, {"$set": {"state": "sent"}})
    change = {"$set": {"revision": 2, "deletedAt": office.clock.now(), "plannedRevision": None}}
    await office.db.scheduled_notifications.update_one({"_id": "wave"}, change)
    assert (await office.process())["cancelled"] == 1
    assert sorted(item["state"] for item in await office.items()) == ["cancelled", "sent"]
    assert (await office.scheduled())["daemon"]["nextRun"] is None


async def test_a_pause_with_an_end_resumes_by_itself_and_catches_nothing_up(office: Office) -> None:
    await office.add_template()
    pause = {"reason": "holiday", "by": "eve", "at": MONDAY, "until": moment(minutes=10)}
    await office.schedule(schedule=MINUTELY, pause=pause)
    await office.process()
    assert (await office.scheduled())["daemon"]["nextRun"] == moment(minutes=10)
    office.clock.advance(9 * 60 + 59)
    assert (await office.process())["occurrences"] == 0
    office.clock.advance(1)
    assert (await office.process())["occurrences"] == 1
    assert {item["occurrence"] for item in await office.items()} == {moment(minutes=10)}


async def test_a_pause_without_an_end_rests(office: Office) -> None:
    await office.add_template()
    await office.schedule(schedule=MINUTELY, pause={"at": MONDAY})
    await office.process()
    daemon = (await office.scheduled())["daemon"]
    assert (daemon["nextRun"], daemon["completed"]) == (None, False)


async def test_the_pinned_version_is_sent_even_if_there_is_a_newer_one(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_template()
    await office.db.notification_templates.insert_one(template_document(2, subject="Bonjour"))
    await office.schedule(schedule=once(MONDAY))
    await office.process()
    await office.drain()
    assert all(str(message.parsed["Subject"]).startswith("Hello") for message in smtp_server.messages)
