"""Whose clock decides, quiet hours, throttle, opt-outs, approval and the newest template, in the queue."""

from datetime import datetime
from typing import Any

import pytest

from tests.integration.notifications.conftest import Office, OpenOffice, moment, template_document
from tests.support.documents import MONDAY, once

NINE = {"kind": "once", "at": "2026-11-24T09:00:00", "timezone": "Europe/Paris"}
NIGHT = {"from": "22:00", "to": "07:00"}
ZONES = {"tokyo": "Asia/Tokyo", "paris": "Europe/Paris", "york": "America/New_York", "nowhere": "Mars"}


async def people(office: Office, **zones: str | None) -> None:
    await office.db.recipients.insert_many(
        [{"_id": name, "name": name, "email": f"{name}@example.com", "timezone": zone} for name, zone in zones.items()]
    )
    await office.db.recipient_groups.insert_one({"_id": "crew", "members": list(zones)})


async def send_times(office: Office) -> dict[str, datetime]:
    return {item["recipient"]["address"].partition("@")[0]: item["sendAfter"] for item in await office.items()}


async def test_each_recipient_has_nine_o_clock_of_their_own(office: Office) -> None:
    await office.add_template()
    await people(office, **ZONES)
    await office.schedule(schedule=NINE, recipientTimezone=True, recipients={"groups": ["crew"]})
    await office.process()
    assert (await office.scheduled())["daemon"]["nextRun"] == moment(hours=10)  # 09:00 of the 24th at UTC+14
    office.clock.advance(10 * 3600)
    assert (await office.process())["queued"] == 4
    assert await send_times(office) == {
        "tokyo": moment(hours=15),
        "paris": moment(hours=23),
        "york": moment(hours=29),
        "nowhere": moment(hours=23),
    }
    assert (await office.scheduled())["daemon"]["completed"] is True
    assert (await office.drain()).counts["claimed"] == 0


async def test_who_is_to_be_skipped_is_recorded_as_suppressed(office: Office) -> None:
    await office.add_template()
    await people(office, tokyo="Asia/Tokyo", york="America/New_York")
    today = {"kind": "once", "at": "2026-11-23T12:00:00"}
    await office.schedule(schedule=today, recipientTimezone=True, alreadyPassed="skip", recipients={"groups": ["crew"]})
    report = await office.process()
    assert (report["queued"], report["suppressed"]) == (2, 1)
    [item] = await office.items(state="suppressed")
    assert (item["recipient"]["address"], item["lastError"]["type"]) == ("tokyo@example.com", "already_passed")
    assert item["expireAt"] > item["finishedAt"] == MONDAY
    [waiting] = await office.items(state="pending")
    assert waiting["sendAfter"] == moment(hours=8)


async def test_a_crash_and_a_second_pass_change_no_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.add_template()
    await people(office, **ZONES)
    await office.schedule(schedule=NINE, recipientTimezone=True, recipients={"groups": ["crew"]})
    await office.process()
    office.clock.advance(10 * 3600)
    await office.process()
    before = await office.items()
    await office.db.notification_queue.delete_one({"_id": before[0]["_id"]})
    await office.db.scheduled_notifications.update_one({}, {"$set": {"daemon.nextRun": moment(hours=10)}})
    await office.db.scheduled_notifications.update_one({}, {"$unset": {"daemon.cursor": ""}})
    office.clock.advance(60)
    report = await office.process()
    assert (report["queued"], report["duplicates"]) == (1, 3)
    now = {"createdAt": office.clock.now()}
    assert await office.items() == [{**each, **now} if each == before[0] else each for each in before]


async def test_quiet_hours_hold_a_message_up_and_a_critical_one_passes(office: Office) -> None:
    await office.add_template()
    await people(office, tokyo="Asia/Tokyo", paris="Europe/Paris")
    rules: dict[str, Any] = {
        "quietHours": {"from": "17:00", "to": "08:00"},
        "schedule": once(MONDAY),
        "recipients": {"groups": ["crew"]},
        "expiresAfter": "1h",
    }
    await office.schedule("polite", **rules)
    await office.schedule("urgent", critical=True, **rules)
    await office.process()
    found = {
        (item["scheduledNotificationId"], item["recipient"]["recipientId"]): (item["sendAfter"], item["expiresAt"])
        for item in await office.items()
    }
    assert found == {
        ("polite", "paris"): (moment(), moment(hours=1)),
        ("polite", "tokyo"): (moment(hours=14), moment(hours=15)),
        ("urgent", "paris"): (moment(), moment(hours=1)),
        ("urgent", "tokyo"): (moment(), moment(hours=1)),
    }


async def test_a_throttle_spreads_the_messages(office: Office) -> None:
    await office.add_template()
    addresses = [{"email": f"p{number}@example.com"} for number in range(7)]
    await office.schedule(schedule=once(MONDAY), throttle={"perMinute": 3}, recipients={"addresses": addresses})
    await office.process(batch_size=2)
    assert sorted((await send_times(office)).values()) == [moment(minutes=number // 3) for number in range(7)]


@pytest.mark.parametrize(
    ("opt_outs", "wanted"),
    [
        ([], True),
        ([{"category": "news", "channel": None}], False),
        ([{"category": None, "channel": "email"}], False),
        ([{"category": "news", "channel": "sms"}, {"category": "offers"}], True),
        ([{"category": None}], False),
        ("never again", False),
        (["what is this"], False),
    ],
)
async def test_who_does_not_want_such_messages_gets_none(office: Office, opt_outs: Any, wanted: bool) -> None:
    await office.add_template(category="news")
    await people(office, ada=None)
    await office.db.recipients.update_one({"_id": "ada"}, {"$set": {"optOuts": opt_outs}})
    await office.schedule(schedule=once(MONDAY), recipients={"people": ["ada"]})
    await office.process()
    [item] = await office.items()
    assert (item["state"], (item["lastError"] or {}).get("type")) == (
        ("pending", None) if wanted else ("suppressed", "opted_out")
    )


async def test_the_newest_version_is_the_newest_when_it_falls_due(office: Office) -> None:
    await office.add_template()
    await office.schedule(templateVersion="newest", recipients={"addresses": [{"email": "ada@example.com"}]})
    await office.process()
    await office.db.notification_templates.update_one({"version": 1}, {"$set": {"latest": False}})
    await office.db.notification_templates.insert_one(template_document(2, subject="Newer"))
    office.clock.advance(5)
    await office.process()
    [item] = await office.items()
    assert (item["templateVersion"], item["subject"]) == (2, "Newer")


async def test_a_template_that_is_gone_puts_aside_what_follows_its_newest_version(office: Office) -> None:
    await office.add_template(deletedAt=MONDAY)
    await office.schedule(templateVersion="newest")
    assert (await office.process())["quarantined"] == 1
    assert "no template welcome" in (await office.scheduled())["daemon"]["quarantine"]["reason"]


async def test_nothing_is_queued_before_it_is_approved_and_then_what_was_missed(office: Office) -> None:
    await office.add_template()
    asked = {"requestedBy": "ada", "recipients": 2}
    await office.schedule(approval=asked)
    await office.process()
    assert (await office.scheduled())["daemon"]["nextRun"] is None
    office.clock.advance(600)
    await office.process()
    assert await office.items() == []
    await office.db.scheduled_notifications.update_one(
        {},
        {"$set": {"approval": {**asked, "by": "bob", "at": moment(minutes=9)}, "revision": 2, "plannedRevision": None}},
    )
    assert (await office.process())["queued"] == 2


async def test_a_group_that_grew_over_the_threshold_is_not_sent_to_unasked(open_office: OpenOffice) -> None:
    office = await open_office(notification_approval_above=2)
    await office.add_template()
    await people(office, ada=None, bob=None)
    await office.schedule(recipients={"groups": ["crew"]})
    await office.process()
    await office.db.recipients.insert_one({"_id": "eve", "email": "eve@example.com"})
    await office.db.recipient_groups.update_one({"_id": "crew"}, {"$push": {"members": "eve"}})
    office.clock.advance(5)
    report = await office.process()
    assert (report["held"], report["queued"]) == (1, 0)
    progress = (await office.scheduled())["daemon"]
    assert (progress["needsApproval"], progress["nextRun"]) == (3, None)
    assert await office.items() == []


@pytest.mark.parametrize(("approved", "held"), [(21, 0), (20, 1)])
async def test_an_approval_covers_a_tenth_more(open_office: OpenOffice, approved: int, held: int) -> None:
    office = await open_office(notification_approval_above=2)
    await office.add_template()
    addresses = [{"email": f"p{n}@example.com"} for n in range(23)]
    approval = {"requestedBy": "ada", "recipients": approved, "by": "bob", "at": MONDAY}
    await office.schedule(recipients={"addresses": addresses}, approval=approval)
    await office.process()
    office.clock.advance(5)
    report = await office.process()
    assert (report["held"], report["queued"]) == (held, 23 * (1 - held))


async def test_a_value_of_another_type_than_declared_fails_that_message_and_is_named(office: Office) -> None:
    await office.add_template(variables=[{"name": "name"}, {"name": "age", "type": "number"}])
    await office.schedule(
        schedule=once(MONDAY),
        recipients={
            "addresses": [
                {"email": "ada@example.com", "variables": {"age": "many"}},
                {"email": "bob@example.com", "variables": {"age": 7}},
            ]
        },
    )
    report = await office.process()
    assert (report["queued"], report["failed"]) == (2, 1)
    [item] = await office.items(state="failed")
    assert item["lastError"]["type"] == "variable_type"
    assert "'age'" in item["lastError"]["message"]
