"""The suppression list: who is on it gets nothing, and a hard bounce puts an address on it."""

from typing import Any

import pytest

from shared.models.notification_models import Channel
from shared.models.suppressions import Suppression, SuppressionReason
from shared.queries.suppressions import Subject, keeping_back, new_entry
from tests.integration.notifications.conftest import Office, moment
from tests.integration.notifications.test_indexes import check
from tests.support.documents import MONDAY
from tests.support.smtp_server import SmtpServer


async def put_on_list(office: Office, address: str, category: str | None = None, channel: str = "email") -> None:
    subject = Subject(Channel(channel), address, category)
    await office.db.suppressions.insert_one(new_entry(subject, SuppressionReason.MANUAL, MONDAY, "test"))


async def test_a_hard_bounce_puts_the_address_on_the_list_with_its_delivery(
    office: Office, smtp_server: SmtpServer
) -> None:
    smtp_server.reply("RCPT", "550 5.1.1 User unknown", recipient="Ada@example.com")
    await office.add_items("Ada@example.com", "bob@example.com", category="news")
    await office.drain()
    assert (await office.item("Ada"))["state"] == "failed"
    [entry] = await office.db.suppressions.find().to_list()
    stored = Suppression.from_document(entry)
    assert (stored.channel, stored.address, stored.category) == (Channel.EMAIL, "ada@example.com", None)
    assert (stored.reason, stored.delivery_id, stored.created_by) == ("hard_bounce", "Ada:1", "daemon")
    assert "User unknown" in stored.note
    assert (await office.item("bob"))["state"] == "sent"


@pytest.mark.parametrize(
    ("verb", "reply"),
    [("RCPT", "550 5.7.1 Blocked"), ("RCPT", "450 4.1.1 Later"), ("MAIL", "550 5.1.1 Sender unknown")],
)
async def test_other_refusals_put_nobody_on_the_list(
    office: Office, smtp_server: SmtpServer, verb: str, reply: str
) -> None:
    smtp_server.reply(verb, reply)
    await office.add_items("ada@example.com")
    await office.drain()
    assert await office.db.suppressions.count_documents({}) == 0


async def test_two_bounces_of_one_address_are_one_entry(office: Office, smtp_server: SmtpServer) -> None:
    smtp_server.reply("RCPT", "550 5.1.1 User unknown")
    await office.add_items("ada@example.com", "ADA@example.com")
    await office.drain()
    assert {item["state"] for item in await office.items()} == {"failed"}
    assert await office.db.suppressions.count_documents({}) == 1


async def test_who_is_on_the_list_is_queued_as_suppressed_and_gets_nothing(
    office: Office, smtp_server: SmtpServer
) -> None:
    await put_on_list(office, "ADA@example.com")
    await office.add_template()
    await office.schedule()
    await office.process()
    office.clock.advance(6)
    report = await office.process()
    assert (report["queued"], report["suppressed"]) == (2, 1)
    [kept] = await office.items(state="suppressed")
    assert kept["recipient"]["address"] == "ada@example.com"
    assert kept["lastError"] == {"type": "suppressed", "message": "the address gets no messages: manual"}
    assert kept["expireAt"] == moment(seconds=6, days=90)
    await office.drain()
    assert [message.recipients for message in smtp_server.messages] == [("bob@example.com",)]


async def test_an_entry_of_a_category_keeps_only_that_category_back(office: Office, smtp_server: SmtpServer) -> None:
    await put_on_list(office, "ada@example.com", "news")
    await office.add_template(category="news")
    await office.add_template(version=2, category="bills", _id="welcome:2")
    for name, version in (("news", 1), ("bills", 2)):
        await office.schedule(name, templateVersion=version)
    await office.process()
    office.clock.advance(6)
    await office.process()
    assert {(item["scheduledNotificationId"], item["category"]) for item in await office.items(state="suppressed")} == {
        ("news", "news")
    }
    await office.drain()
    assert len(smtp_server.messages) == 3


async def test_the_list_is_asked_again_when_a_message_is_sent(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_items("ada@example.com", "bob@example.com")
    await office.db.notification_queue.update_one({"_id": "bob"}, {"$set": {"state": "retry_wait", "attempt": 1}})
    for address in ("ada@example.com", "bob@example.com"):
        await put_on_list(office, address)
    report = await office.drain()
    assert (report.counts["suppressed"], report.counts["sent"]) == (2, 0)
    assert smtp_server.messages == []
    assert {item["state"] for item in await office.items()} == {"suppressed"}
    assert await office.deliveries() == []


async def test_who_is_taken_off_the_list_gets_a_message_that_is_sent_again(
    office: Office, smtp_server: SmtpServer
) -> None:
    await put_on_list(office, "ada@example.com")
    await office.add_items("ada@example.com")
    await office.drain()
    assert (await office.services.notifications.retry_message("ada", office.clock.now()))[0]
    await office.drain()
    assert (await office.item("ada"))["state"] == "suppressed", "still on the list"
    await office.db.suppressions.delete_many({})
    assert (await office.services.notifications.retry_message("ada", office.clock.now()))[0]
    assert (await office.drain()).counts["sent"] == 1


async def test_the_other_channel_is_another_address(office: Office, smtp_server: SmtpServer) -> None:
    await put_on_list(office, "ada@example.com", channel="sms")
    await office.add_items("ada@example.com")
    assert (await office.drain()).counts["sent"] == 1


async def test_a_malformed_entry_stops_nothing(office: Office, smtp_server: SmtpServer) -> None:
    await put_on_list(office, "ada@example.com")
    await office.db.suppressions.update_one({}, {"$set": {"reason": 7, "category": [1]}})
    await office.add_items("ada@example.com", "bob@example.com")
    await office.drain()
    assert (await office.item("ada"))["state"] == "suppressed"
    assert (await office.item("bob"))["state"] == "sent"


async def test_the_list_is_read_by_its_identities(office: Office) -> None:
    entries = [
        new_entry(Subject(Channel.EMAIL, f"p{number}@example.com", None), SuppressionReason.MANUAL, MONDAY, "test")
        for number in range(500)
    ]
    await office.db.suppressions.insert_many(entries)
    asked: Any = keeping_back([Subject(Channel.EMAIL, f"p{number}@example.com", "news") for number in range(20)])
    await check(office.db, "suppressions", asked, "_id_", 90)
    newest = {"createdAt": -1, "_id": -1}
    await check(office.db, "suppressions", {"address": "p7@example.com"}, "by_address", 2, sort=newest, limit=50)
    await check(office.db, "suppressions", {}, "by_creation", 51, sort=newest, limit=50)
