"""After a crash, after a hand in the database, and when a person decides."""

import asyncio
from typing import Any

import pytest

from scheduler_daemon.store.queue_outcomes import OutcomeStore
from shared.errors import LeadershipLost, StoreUnavailable
from shared.models.queue import QueueState
from tests.integration.notifications.conftest import EPOCH, Office, OpenOffice, item_document, moment
from tests.support.smtp_server import SmtpServer

HELD = {"state": "sending", "token": "t", "epoch": EPOCH - 1, "attempt": 1}


async def test_a_message_of_a_dead_sender_goes_again_without_counting(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_items("ada@example.com", **HELD)
    await office.db.deliveries.insert_one({"_id": "ada:1", "token": "t", "state": "started"})
    assert await office.services.notifications.reconcile(office.clock.now()) == 1
    item = await office.item("ada")
    assert (item["state"], item["attempt"], item["token"], item["ambiguous"]) == ("pending", 0, None, False)
    assert await office.deliveries() == []
    assert (await office.drain()).counts["sent"] == 1


async def test_a_message_that_died_after_its_hand_off_goes_again_under_the_same_id(
    office: Office, smtp_server: SmtpServer
) -> None:
    await office.add_items("ada@example.com", **HELD, handoffAt=moment())
    await office.db.deliveries.insert_one({"_id": "ada:1", "token": "t", "state": "started"})
    assert await office.services.notifications.reconcile(office.clock.now()) == 1
    item = await office.item("ada")
    assert (item["state"], item["attempt"], item["ambiguous"]) == ("pending", 1, True)
    (delivery,) = await office.deliveries()
    assert (delivery["state"], delivery["expireAt"]) == ("unknown", moment(days=90))
    await office.drain()
    assert [message.message_id for message in smtp_server.messages] == ["<ada@localhost>"]
    assert [each["state"] for each in await office.deliveries()] == ["unknown", "sent"]


async def test_a_message_that_kills_its_sender_each_time_ends(open_office: OpenOffice) -> None:
    office = await open_office(message_max_attempts=3)
    await office.add_items("ada@example.com", **{**HELD, "attempt": 3}, handoffAt=moment())
    await office.services.notifications.reconcile(office.clock.now())
    item = await office.item("ada")
    assert (item["state"], item["ambiguous"], item["expireAt"]) == ("dead", True, moment(days=90))


async def test_an_sms_that_died_after_its_hand_off_is_held_for_a_person(office: Office) -> None:
    await office.add_items("+33123456789", **HELD, channel="sms", handoffAt=moment())
    await office.services.notifications.reconcile(office.clock.now())
    (item,) = await office.items()
    assert (item["state"], item["expireAt"]) == ("unknown", None)


async def test_more_messages_than_one_transaction_takes_are_released(office: Office) -> None:
    await office.add_template()
    await office.db.notification_queue.insert_many(
        [{**item_document(f"m{number}", f"m{number}@example.com"), **HELD} for number in range(620)]
    )
    await office.db.notification_queue.insert_one({**item_document("bad", "x@example.com"), **HELD, "attempt": "x"})
    await office.db.notification_queue.insert_one({**item_document("odd", "x@example.com"), **HELD, "epoch": "x"})
    assert await office.services.notifications.reconcile(office.clock.now()) == 622
    assert len(await office.items(state="pending")) == 620
    assert {item["_id"] for item in await office.items(state="dead")} == {"bad", "odd"}


async def test_a_replaced_leader_releases_and_claims_nothing(office: Office, open_office: OpenOffice) -> None:
    await office.add_items("ada@example.com", **HELD)
    await open_office(epoch=EPOCH + 1)
    with pytest.raises(LeadershipLost):
        await office.services.notifications.reconcile(office.clock.now())
    with pytest.raises(LeadershipLost):
        await office.drain()
    assert (await office.item("ada"))["state"] == "sending"


async def test_a_message_whose_outcome_was_never_stored_is_released_by_the_next_run(
    office: Office, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler_daemon.notifications.carrier.RECORD_SECONDS", 0)
    await office.add_items("ada@example.com")

    async def unavailable(*_given: Any) -> Any:
        raise StoreUnavailable("no primary")

    with monkeypatch.context() as broken:
        broken.setattr(OutcomeStore, "_write", unavailable)
        assert (await office.drain()).counts["lost"] == 1
    assert (await office.item("ada"))["state"] == "sending"
    await office.drain()
    item = await office.item("ada")
    assert (item["state"], item["ambiguous"]) == ("sent", True)
    assert {message.message_id for message in smtp_server.messages} == {"<ada@localhost>"}


async def test_a_run_takes_nothing_from_another_that_is_under_way(office: Office, smtp_server: SmtpServer) -> None:
    await office.add_items(*(f"person{number}@example.com" for number in range(60)))
    await asyncio.gather(*(office.notify() for _ in range(4)))
    assert len(smtp_server.messages) == 60
    assert {item["attempt"] for item in await office.items()} == {1}


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "pendign"},
        {"state": None},
        {"state": 7},
        {"channel": "pigeon"},
        {"channel": None},
        {"sendAfter": "2026-11-23"},
        {"sendAfter": None},
        {"sendAfter": 0},
    ],
)
async def test_a_message_that_no_query_would_find_is_ended_and_stops_nothing(
    office: Office, changes: dict[str, Any]
) -> None:
    await office.add_items("ada@example.com")
    await office.db.notification_queue.insert_one({**item_document("bad", "bad@example.com"), **changes})
    service = office.services.notifications
    assert await service.repair_malformed(office.clock.now()) == 1
    item = await office.item("bad")
    assert (item["state"], item["lastError"]["type"]) == ("dead", "malformed")
    assert next(iter(changes)) in item["lastError"]["message"]
    assert item["expireAt"] == moment(days=90)
    assert await service.repair_malformed(office.clock.now()) == 0
    assert (await office.item("ada"))["state"] == "pending"


@pytest.mark.parametrize("state", ["failed", "dead", "unknown", "retry_wait", "bounced", "suppressed"])
async def test_a_person_sends_a_message_again(office: Office, smtp_server: SmtpServer, state: str) -> None:
    await office.add_items(
        "ada@example.com", state=state, attempt=8, expiresAt=moment(), finishedAt=moment(), expireAt=moment(days=90)
    )
    accepted, _ = await office.services.notifications.retry_message("ada", office.clock.now())
    assert accepted
    item = await office.item("ada")
    assert (item["state"], item["expireAt"], item["ambiguous"]) == ("pending", None, state == "unknown")
    assert (await office.drain()).counts["sent"] == 1
    assert (await office.item("ada"))["attempt"] == 9


@pytest.mark.parametrize("state", ["pending", "sending", "sent", "delivered", "cancelled"])
async def test_a_message_in_another_state_is_not_sent_again(office: Office, state: str) -> None:
    await office.add_items("ada@example.com", state=state)
    accepted, detail = await office.services.notifications.retry_message("ada", office.clock.now())
    assert not accepted
    assert state in detail
    assert (await office.item("ada"))["state"] == state
    assert (await office.services.notifications.retry_message("nobody", office.clock.now()))[0] is False


@pytest.mark.parametrize("target", ["sent", "failed", "pending"])
async def test_a_person_decides_on_a_message_whose_end_is_unknown(office: Office, target: str) -> None:
    await office.add_items("ada@example.com", state="unknown")
    service = office.services.notifications
    assert (await service.resolve_message("ada", target, office.clock.now()))[0]
    item = await office.item("ada")
    assert item["state"] == target
    assert (item["expireAt"] is None) == (target == "pending")
    assert (await service.resolve_message("ada", target, office.clock.now()))[0] is False


async def test_a_decision_that_is_none_is_refused(office: Office) -> None:
    await office.add_items("ada@example.com", state="unknown")
    service = office.services.notifications
    for target in ("delivered", "", QueueState.SENDING.value):
        accepted, detail = await service.resolve_message("ada", target, office.clock.now())
        assert not accepted
        assert "sent" in detail
    assert not (await service.resolve_message("nobody", "sent", office.clock.now()))[0]
