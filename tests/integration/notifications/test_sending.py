"""email_notifier against a real SMTP server that answers as the test says."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from scheduler_daemon.notifications.notifiers import smtp_connections
from scheduler_daemon.notifications.sender import DrainLimits
from scheduler_daemon.store.queue import NotificationQueue
from shared.errors import StoreUnavailable
from tests.integration.notifications.conftest import Office, OpenOffice, item_document, moment
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import eventually


async def test_a_message_is_sent_recorded_and_kept_until_it_expires(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_items("ada@example.com")
    report = await office.drain()
    assert report.counts["sent"] == 1
    (message,) = smtp_server.messages
    assert message.recipients == ("ada@example.com",)
    assert message.parsed["Subject"] == "Hello Ada"
    assert message.message_id == "<ada@localhost>"
    item = await office.item("ada")
    assert (item["state"], item["attempt"], item["providerReference"]) == ("sent", 1, "250 2.0.0 OK")
    assert item["finishedAt"] == moment()
    assert item["expireAt"] == moment(days=90)
    (delivery,) = await office.deliveries()
    assert (delivery["_id"], delivery["state"], delivery["expireAt"]) == ("ada:1", "sent", moment(days=90))


async def test_many_messages_share_few_connections(office: Office, smtp_server: SmtpServer) -> None:
    names = [f"person{number:03}" for number in range(120)]
    await office.add_items(*(f"{name}@example.com" for name in names))
    report = await office.drain()
    assert report.counts["sent"] == 120
    assert sorted(message.recipients[0].partition("@")[0] for message in smtp_server.messages) == names
    assert smtp_server.connection_count <= 4


async def test_a_message_that_is_not_due_waits(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_items("ada@example.com", sendAfter=moment(seconds=1))
    assert (await office.drain()).counts["claimed"] == 0
    office.clock.advance(1)
    assert (await office.drain()).counts["sent"] == 1


async def test_a_refusal_for_now_is_tried_again_later(office: Office, smtp_server: SmtpServer) -> None:
    smtp_server.reply("RCPT", "451 4.7.1 Greylisted", times=1)
    await office.add_items("ada@example.com")
    assert (await office.drain()).counts["retried"] == 1
    item = await office.item("ada")
    assert (item["state"], item["attempt"], item["token"]) == ("retry_wait", 1, None)
    assert moment(seconds=1) <= item["sendAfter"] <= moment(seconds=1.25)
    assert "451 4.7.1 Greylisted" in item["lastError"]["message"]
    assert (await office.drain()).counts["claimed"] == 0
    office.clock.advance(2)
    assert (await office.drain()).counts["sent"] == 1
    assert [each["state"] for each in await office.deliveries()] == ["refused", "sent"]
    assert len(smtp_server.messages) == 1


async def test_attempts_are_bounded(open_office: OpenOffice, smtp_server: SmtpServer) -> None:
    office = await open_office(smtp_server, message_max_attempts=3)
    smtp_server.reply("RCPT", "450 4.2.1 Try later")
    await office.add_items("ada@example.com")
    for _ in range(4):
        await office.drain()
        office.clock.advance(3600)
    item = await office.item("ada")
    assert (item["state"], item["attempt"]) == ("dead", 3)
    assert item["expireAt"] is not None
    assert len(await office.deliveries()) == 3


@pytest.mark.parametrize(
    ("verb", "reply"), [("RCPT", "550 5.1.1 Unknown"), ("DATA", "554 5.6.0 No"), ("BODY", "552 5.3.4 Too big")]
)
async def test_a_refusal_for_good_fails_that_message_only(
    office: Office, smtp_server: SmtpServer, verb: str, reply: str
) -> None:
    smtp_server.reply(verb, reply, recipient="bob@example.com")
    await office.add_items("ada@example.com", "bob@example.com", "eve@example.com")
    report = await office.drain()
    assert (report.counts["sent"], report.counts["failed"]) == (2, 1)
    item = await office.item("bob")
    assert (item["state"], item["attempt"], item["ambiguous"]) == ("failed", 1, False)
    assert reply in item["lastError"]["message"]
    (delivery,) = await office.deliveries(itemId="bob")
    assert delivery["state"] == "refused"


async def test_a_refusal_after_the_final_dot_is_not_ambiguous(office: Office, smtp_server: SmtpServer) -> None:
    smtp_server.reply("BODY", "451 4.3.0 Queue full", times=1)
    await office.add_items("ada@example.com")
    await office.drain()
    item = await office.item("ada")
    assert (item["state"], item["ambiguous"]) == ("retry_wait", False)


async def test_a_lost_answer_is_ambiguous_and_goes_again_under_the_same_message_id(
    office: Office, smtp_server: SmtpServer
) -> None:
    smtp_server.accept_and_drop(times=1)
    await office.add_items("ada@example.com")
    assert (await office.drain()).counts["retried"] == 1
    item = await office.item("ada")
    assert (item["state"], item["ambiguous"]) == ("retry_wait", True)
    office.clock.advance(2)
    await office.drain()
    assert [message.message_id for message in smtp_server.messages] == ["<ada@localhost>"] * 2
    item = await office.item("ada")
    assert (item["state"], item["ambiguous"]) == ("sent", True)
    assert [each["state"] for each in await office.deliveries()] == ["unknown", "sent"]


@pytest.mark.parametrize(("verb", "ambiguous"), [("MAIL", False), ("RCPT", False), ("BODY", True)])
async def test_a_silent_server_is_left_in_time(
    open_office: OpenOffice, smtp_server: SmtpServer, verb: str, ambiguous: bool
) -> None:
    office = await open_office(smtp_server, smtp_timeout_seconds=1)
    smtp_server.stall(verb, times=1)
    await office.add_items("ada@example.com")
    async with asyncio.timeout(5):
        await office.drain()
    item = await office.item("ada")
    assert (item["state"], item["ambiguous"]) == ("retry_wait", ambiguous)
    office.clock.advance(2)
    assert (await office.drain()).counts["sent"] == 1


async def test_a_connection_that_went_stale_is_replaced_within_the_attempt(
    office: Office, smtp_server: SmtpServer
) -> None:
    await office.add_items("ada@example.com")
    await office.drain()
    smtp_server.drop("MAIL", times=1)
    await office.db.notification_queue.insert_one(item_document("bob", "bob@example.com"))
    assert (await office.drain()).counts["sent"] == 1
    assert (await office.item("bob"))["attempt"] == 1
    assert smtp_server.connection_count == 2


async def test_a_connection_is_not_kept_too_long(
    office: Office, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_connections, "MOST_MESSAGES", 2)
    await office.add_items(*(f"person{number}@example.com" for number in range(8)))
    await office.drain(DrainLimits(1, 100, timedelta(minutes=1)))
    assert len(smtp_server.messages) == 8
    assert smtp_server.connection_count == 4


async def test_starttls_and_login(open_office: OpenOffice, start_smtp_server: Any) -> None:
    server = start_smtp_server(starttls=True, login=("postman", "secret"))
    office = await open_office(server)
    await office.add_items("ada@example.com")
    assert (await office.drain()).counts["sent"] == 1


async def test_tls_from_the_first_byte(open_office: OpenOffice, start_smtp_server: Any) -> None:
    server = start_smtp_server(tls=True)
    office = await open_office(server)
    await office.add_items("ada@example.com")
    assert (await office.drain()).counts["sent"] == 1


async def test_an_expired_message_is_dead_and_not_sent(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_items("ada@example.com", expiresAt=moment())
    assert (await office.drain()).counts["dead"] == 1
    item = await office.item("ada")
    assert (item["state"], item["lastError"]["type"]) == ("dead", "expired")
    assert item["expireAt"] == moment(days=90)
    assert smtp_server.messages == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recipient": "ada@example.com"}, "recipient"),
        ({"recipient": None}, "recipient"),
        ({"attempt": "one"}, "attempt"),
        ({"variables": ["x"]}, "variables"),
        ({"messageId": None}, "messageId"),
        ({"_id": 42}, "_id"),
        ({"_id": {"a": 1}}, "_id"),
        ({"sendAfter": [moment()]}, "sendAfter"),
        ({"state": ["pending"]}, "state"),
    ],
)
async def test_a_malformed_message_is_dead_and_stops_nothing_else(
    office: Office, smtp_server: SmtpServer, changes: dict[str, Any], field: str
) -> None:
    await office.add_items("ada@example.com", "eve@example.com")
    await office.db.notification_queue.insert_one({**item_document("bad", "bad@example.com"), **changes})
    report = await office.drain()
    assert (report.counts["sent"], report.counts["dead"]) == (2, 1)
    item = await office.item(changes.get("_id", "bad"))
    assert (item["state"], item["lastError"]["type"]) == ("dead", "malformed")
    assert item["lastError"]["message"].startswith(field)
    assert item["expireAt"] == moment(days=90)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"templateVersion": 9}, "missing_template"),
        ({"recipient": {"address": "no address"}}, "address"),
        ({"recipient": {"address": "x@example.com> SIZE=1\r\nRCPT TO:<y@example.com"}}, "address"),
        ({"messageId": "<a@b>\r\nBcc: everyone@example.com"}, "message_id"),
    ],
)
async def test_what_cannot_be_composed_fails_with_its_reason(
    office: Office, smtp_server: SmtpServer, changes: dict[str, Any], code: str
) -> None:
    await office.add_items("ada@example.com", **changes)
    assert (await office.drain()).counts["failed"] == 1
    item = await office.item("ada")
    assert (item["state"], item["lastError"]["type"]) == ("failed", code)
    assert smtp_server.messages == []


async def test_a_message_whose_delivery_exists_already_spoils_no_other(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_items("ada@example.com", "bob@example.com", "eve@example.com")
    await office.db.deliveries.insert_one({"_id": "bob:1"})
    report = await office.drain()
    assert (report.counts["sent"], report.counts["dead"]) == (2, 1)
    assert (await office.item("bob"))["lastError"]["type"] == "malformed"


async def test_a_claim_lost_before_the_hand_off_is_not_sent(
    office: Office, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.add_items("ada@example.com")
    original = NotificationQueue.hand_off

    async def stolen_meanwhile(queue: NotificationQueue, *given: Any) -> int:
        await office.db.notification_queue.update_one({"_id": "ada"}, {"$set": {"token": "another", "epoch": 8}})
        return await original(queue, *given)

    monkeypatch.setattr(NotificationQueue, "hand_off", stolen_meanwhile)
    assert (await office.drain()).counts["lost"] == 1
    assert smtp_server.messages == []
    assert (await office.item("ada"))["token"] == "another"


async def test_a_mark_that_cannot_be_written_hands_the_message_back(
    office: Office, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.add_items("ada@example.com")

    async def unavailable(*_given: Any) -> int:
        raise StoreUnavailable("no primary")

    with monkeypatch.context() as broken:
        broken.setattr(NotificationQueue, "hand_off", unavailable)
        report = await office.drain(DrainLimits(1, 1, timedelta(minutes=1)))
    assert report.counts["handed_back"] == 1
    assert smtp_server.messages == []
    assert (await office.drain()).counts["sent"] == 1
    assert (await office.item("ada"))["attempt"] == 1


async def test_two_runs_at_once_send_each_message_once(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_items(*(f"person{number:03}@example.com" for number in range(100)))
    await asyncio.gather(office.notify(), office.notify())
    assert len(smtp_server.messages) == len({message.recipients for message in smtp_server.messages}) == 100


async def test_a_run_is_bounded_by_its_count(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_items(*(f"person{number}@example.com" for number in range(10)))
    report = await office.drain(DrainLimits(in_flight=4, most_messages=7, longest=timedelta(minutes=1)))
    assert report.counts["sent"] == 7


async def test_a_message_that_falls_due_while_another_is_slow_does_not_wait_for_it(
    open_office: OpenOffice, smtp_server: SmtpServer
) -> None:
    office = await open_office(smtp_server)
    smtp_server.stall("BODY", recipient="slow@example.com")
    await office.add_items("slow@example.com")
    run = asyncio.create_task(office.notify())
    await eventually(lambda: smtp_server.connection_count)
    await office.db.notification_queue.insert_one(item_document("ada", "ada@example.com"))
    await eventually(lambda: smtp_server.messages, 2)
    smtp_server.close()
    await run


async def test_messages_are_marked_in_groups_ahead_of_their_turn(
    office: Office, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.add_items(*(f"person{number}@example.com" for number in range(32)))
    original, sizes = NotificationQueue.hand_off, []

    async def counted(queue: NotificationQueue, items: Any, now: Any) -> int:
        sizes.append(len(items))
        return await original(queue, items, now)

    monkeypatch.setattr(NotificationQueue, "hand_off", counted)
    assert (await office.drain()).counts["sent"] == 32
    assert max(sizes) > 4  # more than there are connections
    assert sum(sizes) == 32


async def test_a_mark_that_has_grown_old_is_made_again(
    office: Office, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim is lost between the first mark and the final dot: the second one finds out."""
    monkeypatch.setattr("scheduler_daemon.notifications.hand_off_marks.FRESH_SECONDS", -1)
    await office.add_items("ada@example.com")
    original, calls = NotificationQueue.hand_off, 0

    async def stolen_after_the_first(queue: NotificationQueue, *given: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            await office.db.notification_queue.update_one({"_id": "ada"}, {"$set": {"token": "another", "epoch": 8}})
        return await original(queue, *given)

    monkeypatch.setattr(NotificationQueue, "hand_off", stolen_after_the_first)
    assert (await office.drain()).counts["lost"] == 1
    assert smtp_server.messages == []
