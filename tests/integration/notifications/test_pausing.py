"""A pause, a deletion or an edit of a scheduled notification, and the messages that are queued already."""

from datetime import timedelta
from typing import Any

import pytest

from scheduler_daemon.store.resting_sources import RestingSources
from shared.clock import LAST_MOMENT
from tests.integration.notifications.conftest import Office, OpenOffice, item_document, moment
from tests.support.documents import MONDAY, once
from tests.support.smtp_server import SmtpServer

FOR_GOOD = {"reason": "wait", "by": "ada", "at": MONDAY, "until": None}


async def change(office: Office, **fields: Any) -> None:
    """What the API does with a change."""
    await office.db.scheduled_notifications.update_one(
        {"_id": "wave"}, {"$set": fields, "$inc": {"revision": 1}, "$unset": {"plannedRevision": ""}}
    )


@pytest.fixture
async def queued(office: Office) -> Office:
    """Two messages of `wave` are queued, one of `other`."""
    await office.add_template()
    await office.schedule(schedule=once(MONDAY))
    await office.process()
    await office.schedule(
        "other", schedule=once(MONDAY), recipients={"addresses": [{"email": "eve@example.com", "name": "Eve"}]}
    )
    await office.process()
    return office


def reached(smtp_server: SmtpServer) -> list[str]:
    return sorted(str(message.parsed["To"]).rpartition("<")[2].strip("<>") for message in smtp_server.messages)


async def test_a_pause_holds_what_is_queued_until_it_is_resumed(queued: Office, smtp_server: SmtpServer) -> None:
    await change(queued, pause=FOR_GOOD)
    await queued.process()
    report = await queued.drain()
    assert (report.counts["sent"], report.counts["held"]) == (1, 2)
    assert reached(smtp_server) == ["eve@example.com"]
    assert (await queued.drain()).counts["held"] == 0, "they are not looked at again and again"
    [first, _] = await queued.items(scheduledNotificationId="wave")
    assert (first["state"], first["attempt"], first["sendAfter"]) == ("pending", 0, LAST_MOMENT)
    queued.clock.advance(3600)
    await change(queued, pause=None)
    assert (await queued.process())["released"] == 2
    assert (await queued.drain()).counts["sent"] == 2
    assert reached(smtp_server) == ["ada@example.com", "bob@example.com", "eve@example.com"]
    assert "heldFrom" not in await queued.item(first["_id"])


async def test_a_pause_that_ends_by_itself_lets_them_go(queued: Office, smtp_server: SmtpServer) -> None:
    await change(queued, pause={**FOR_GOOD, "until": moment(hours=1)})
    await queued.drain()
    [first, _] = await queued.items(scheduledNotificationId="wave")
    assert (first["sendAfter"], first["heldFrom"]) == (moment(hours=1), MONDAY)
    queued.clock.advance(3600)
    assert (await queued.drain()).counts["sent"] == 2


async def test_a_longer_pause_in_place_of_a_short_one_goes_on_holding(queued: Office) -> None:
    await change(queued, pause={**FOR_GOOD, "until": moment(hours=1)})
    await queued.drain()
    await change(queued, pause=FOR_GOOD)
    assert (await queued.process())["released"] == 2
    queued.clock.advance(3600)
    report = await queued.drain()
    assert (report.counts["sent"], report.counts["held"]) == (0, 2)
    assert {item["heldFrom"] for item in await queued.items(scheduledNotificationId="wave")} == {MONDAY}


async def test_many_held_messages_are_in_nobodys_way(queued: Office, smtp_server: SmtpServer) -> None:
    early = {"sendAfter": MONDAY - timedelta(minutes=1)}
    await queued.db.notification_queue.insert_many(
        [item_document(f"m{number}", f"m{number}@example.com", **early) for number in range(100)]
    )
    await change(queued, pause=FOR_GOOD)
    report = await queued.drain()
    assert (report.counts["sent"], report.counts["held"]) == (1, 102)


async def test_a_held_message_can_expire_and_be_cancelled(queued: Office) -> None:
    soon = {"$set": {"expiresAt": moment(minutes=5)}}
    await queued.db.notification_queue.update_many({"recipient.address": "ada@example.com"}, soon)
    await change(queued, pause=FOR_GOOD)
    await queued.drain()
    queued.clock.advance(600)
    await change(queued, pause=None)
    await queued.process()
    await change(queued, pause=FOR_GOOD)
    report = await queued.drain()
    assert (report.counts["dead"], report.counts["held"]) == (1, 1)
    await change(queued, deletedAt=queued.clock.now())
    assert (await queued.process())["cancelled"] == 1


async def test_a_deletion_reaches_what_waits_for_its_next_attempt(queued: Office, smtp_server: SmtpServer) -> None:
    smtp_server.reply("RCPT", "451 4.3.0 Later", times=3)
    await queued.drain()
    assert len(await queued.items(state="retry_wait")) == 3
    await queued.db.scheduled_notifications.update_one({"_id": "wave"}, {"$set": {"deletedAt": MONDAY}})
    queued.clock.advance(600)
    report = await queued.drain()
    assert (report.counts["cancelled"], report.counts["sent"]) == (2, 1)
    assert reached(smtp_server) == ["eve@example.com"]


async def test_what_a_person_sends_again_leaves_although_it_is_deleted(queued: Office) -> None:
    await change(queued, deletedAt=MONDAY)
    assert (await queued.drain()).counts["sent"] == 3


async def test_an_edit_changes_nothing_of_what_is_queued(queued: Office, smtp_server: SmtpServer) -> None:
    await queued.add_template(version=2, _id="welcome:2", text="New")
    await change(queued, templateVersion=2, schedule=once(moment(hours=1)), scheduleSince=MONDAY)
    await queued.process()
    await queued.drain()
    assert {message.parsed.get_content().strip() for message in smtp_server.messages} == {
        "Hello Ada!", "Hello friend!", "Hello Eve!"
    }  # fmt: skip


@pytest.mark.parametrize("pause", ["until noon", {"until": "noon"}, [], 7])
async def test_a_pause_that_cannot_be_read_holds_and_stops_nobody_else(queued: Office, pause: Any) -> None:
    await change(queued, pause=pause)
    report = await queued.drain()
    assert (report.counts["sent"], report.counts["held"]) == (1, 2)


async def test_a_resume_during_a_claim_leaves_no_message_behind(
    open_office: OpenOffice, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the write in _mark the claim would hold what the resume has looked for in vain."""
    office = await open_office(smtp_server)
    await office.add_template()
    await office.schedule(schedule=once(MONDAY))
    await office.process()
    await change(office, pause=FOR_GOOD, messagesHeld="before")
    mark, resumed = RestingSources._mark, False

    async def resumes_first(self: RestingSources, *given: Any) -> None:
        nonlocal resumed
        if not resumed:
            resumed = True
            await change(office, pause=None)
            await office.process()
        await mark(self, *given)

    monkeypatch.setattr(RestingSources, "_mark", resumes_first)
    assert (await office.drain()).counts["sent"] == 2
