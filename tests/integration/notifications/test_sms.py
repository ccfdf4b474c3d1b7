"""Short messages through a server that answers as Twilio does, and through any gateway."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from scheduler_daemon.job_template import JobResult
from scheduler_daemon.job_templates.sms_notifier_template import SmsNotifierTemplate
from scheduler_daemon.store.provider_events import Effect, ProviderEventStore
from scheduler_daemon.store.transactions import TransactionSession
from shared.errors import SettingsError
from shared.models.provider_events import Report
from shared.queries.provider_events import new_event
from tests.integration.notifications.conftest import (
    Office,
    OpenOffice,
    cancelled,
    item_document,
    moment,
    template_document,
)
from tests.integration.notifications.test_channel_faults import closed_port
from tests.support.twilio_server import TOKEN, TwilioServer
from tests.support.waiting import eventually
from tests.support.web_server import Reply

ADA, BOB = "+33100000001", "+33100000002"
OpenSms = Callable[..., Awaitable[Office]]


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    server = TwilioServer()
    yield server
    server.close()


@pytest.fixture
def open_sms(open_office: OpenOffice, twilio: TwilioServer) -> OpenSms:
    async def build(**overrides: Any) -> Office:
        given = {name.lower(): value for name, value in twilio.environment.items()}
        return await open_office(**{**given, **overrides})

    return build


async def add_messages(office: Office, *numbers: str, **changes: Any) -> None:
    await office.db.notification_templates.insert_one(
        template_document(channels=["sms"], sms=changes.pop("sms", "Hello {{ name }}"))
    )
    await office.db.notification_queue.insert_many(
        [item_document(number, number, channel="sms", subject=None, **changes) for number in numbers]
    )


async def notify(office: Office) -> JobResult:
    return await office.execute(SmsNotifierTemplate())


async def test_a_message_is_handed_over_and_its_segments_are_recorded(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms(public_url="https://notify.example.com")
    await add_messages(office, ADA, sms="Grüße, {{ name }} €", variables={"name": "Ada"})
    result = await notify(office)
    assert (result.outcome, result.metrics["sent"]) == ("success", 1)
    [message] = twilio.messages
    assert message.form == {
        "To": ADA,
        "From": "+15005550006",
        "Body": "Grüße, Ada €",
        "StatusCallback": "https://notify.example.com/api/notifications/callbacks/twilio/%2B33100000001",
    }
    item = await office.item(ADA)
    assert (item["state"], item["providerReference"]) == ("sent", message.sid)
    [delivery] = await office.deliveries()
    assert (delivery["state"], delivery["segments"], delivery["encoding"]) == ("sent", 1, "gsm7")


async def test_a_messaging_service_is_named_as_such(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms(sms_from="MG00000000000000000000000000000001")
    await add_messages(office, ADA)
    await notify(office)
    form = twilio.messages[0].form
    assert form["MessagingServiceSid"] == "MG00000000000000000000000000000001"
    assert "From" not in form
    assert "StatusCallback" not in form, "PUBLIC_URL is not set"


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        (21211, "failed", "hard_bounce"),
        (21614, "failed", "hard_bounce"),
        (21610, "failed", "unsubscribed"),
        (21408, "failed", None),
        (21611, "retry_wait", None),
        (20429, "retry_wait", None),
        (20500, "retry_wait", None),
        (20503, "retry_wait", None),
    ],
)
async def test_what_each_error_code_means(
    open_sms: OpenSms, twilio: TwilioServer, code: int, state: str, reason: str | None
) -> None:
    office = await open_sms()
    twilio.refuse(ADA, code)
    await add_messages(office, ADA)
    await notify(office)
    item = await office.item(ADA)
    assert (item["state"], item["ambiguous"]) == (state, False)
    assert f"error {code}" in item["lastError"]["message"]
    found = await office.db.suppressions.find().to_list()
    assert [(each["address"], each["reason"], each["deliveryId"]) for each in found] == (
        [] if reason is None else [(ADA, reason, f"{ADA}:1")]
    )
    if code == 20429:
        assert item["sendAfter"] >= moment(seconds=7), "Retry-After is obeyed"
    [delivery] = await office.deliveries()
    assert (delivery["state"], delivery["segments"]) == ("refused", 1)


async def test_an_error_code_of_any_shape_is_a_refusal(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms()
    twilio.reply(ADA, Reply(400, b'{"code": [21211], "message": "odd"}'))
    await add_messages(office, ADA)
    await notify(office)
    item = await office.item(ADA)
    assert (item["state"], item["lastError"]["message"]) == ("failed", "Twilio: 400: odd")


@pytest.mark.parametrize("fault", ["credentials", "sender", "no server"])
async def test_a_fault_of_the_account_pauses_the_channel_and_spends_no_attempt(
    open_sms: OpenSms, twilio: TwilioServer, fault: str
) -> None:
    office = await open_sms(
        **{
            "credentials": {"twilio_auth_token": "wrong-and-secret"},
            "sender": {},
            "no server": {"twilio_base_url": f"http://127.0.0.1:{closed_port()}"},
        }[fault]
    )
    if fault == "sender":
        twilio.refuse(ADA, 21606)
    await add_messages(office, ADA)
    result = await notify(office)
    assert (result.outcome, result.retryable) == ("failure", False)
    assert "SMS rests until" in result.summary
    assert "wrong-and-secret" not in result.summary
    item = await office.item(ADA)
    assert (item["state"], item["attempt"], item["handoffAt"]) == ("pending", 0, None)
    assert await office.deliveries() == []
    [told] = await office.db.scheduler_state.find({"_id": "channel:sms"}).to_list()
    assert told["reason"] in result.summary


async def test_no_answer_after_the_request_is_held_for_a_person_and_never_sent_again(
    open_sms: OpenSms, twilio: TwilioServer
) -> None:
    office = await open_sms()
    twilio.accept_and_drop(ADA)
    await add_messages(office, ADA)
    await notify(office)
    item = await office.item(ADA)
    assert (item["state"], item["ambiguous"], item["expireAt"]) == ("unknown", True, None)
    office.clock.advance(3600)
    await notify(office)
    assert len(twilio.messages) == 1
    [delivery] = await office.deliveries()
    assert delivery["state"] == "unknown"


async def test_a_stalled_provider_and_a_gateway_timeout_are_held_too(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms(sms_timeout_seconds=1)
    twilio.reply(ADA, Reply(stall=True))
    twilio.reply(BOB, Reply(504, b"upstream"))
    await add_messages(office, ADA, BOB)
    await notify(office)
    assert {item["state"] for item in await office.items()} == {"unknown"}


async def test_a_stop_in_the_middle_of_a_call_holds_the_message(
    open_sms: OpenSms, twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler_daemon.notifications.sender.STOP_SECONDS", 0.2)
    office = await open_sms()
    twilio.reply(ADA, Reply(stall=True))
    await add_messages(office, ADA)
    run = asyncio.create_task(notify(office))
    await eventually(lambda: twilio.asked)
    await cancelled(run)
    assert (await office.item(ADA))["state"] == "unknown"


async def test_what_cannot_be_sent_as_sms_fails_without_a_call(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms(sms_max_segments=1)
    await add_messages(office, ADA, "0123", sms="{{ text }}", variables={"text": "я" * 71})
    await notify(office)
    reasons = {item["_id"]: (item["state"], item["lastError"]["message"]) for item in await office.items()}
    assert reasons[ADA][0] == reasons["0123"][0] == "failed"
    assert "needs 2 segments (ucs2)" in reasons[ADA][1]
    assert "E.164" in reasons["0123"][1]
    assert twilio.asked == []


@pytest.mark.parametrize(
    ("report", "code"), [(Report.DELIVERED, None), (Report.BOUNCED, 30005), (Report.BOUNCED, 30003)]
)
async def test_what_twilio_reports_later(
    open_sms: OpenSms, twilio: TwilioServer, report: Report, code: int | None
) -> None:
    office = await open_sms()
    await add_messages(office, ADA)
    await notify(office)
    await tell(office, ADA, twilio.messages[0].sid, report, code)
    result = await notify(office)
    assert result.metrics[report.value] == 1
    item = await office.item(ADA)
    assert item["state"] == report.value
    assert item["expireAt"] == moment(days=90)
    [delivery] = await office.deliveries()
    assert (delivery["state"], delivery["report"], delivery["reportCode"]) == ("sent", report.value, code)
    assert await office.db.suppressions.count_documents({}) == (1 if code == 30005 else 0)
    await tell(office, ADA, twilio.messages[0].sid, Report.BOUNCED if report is Report.DELIVERED else Report.DELIVERED)
    await notify(office)
    assert (await office.item(ADA))["state"] == report.value, "the first report stays"


async def test_a_report_resolves_a_message_whose_answer_was_lost(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms()
    twilio.accept_and_drop(ADA)
    await add_messages(office, ADA)
    await notify(office)
    await tell(office, ADA, twilio.messages[0].sid, Report.DELIVERED)
    await notify(office)
    item = await office.item(ADA)
    assert (item["state"], item["providerReference"]) == ("delivered", twilio.messages[0].sid)
    assert item["expireAt"] is not None


async def test_a_report_that_comes_before_the_answer_waits_for_it(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms()
    await add_messages(office, ADA)
    await tell(office, ADA, "SM" + "0" * 32, Report.DELIVERED)
    result = await notify(office)
    assert result.metrics["postponed"] == 1
    assert (await office.item(ADA))["state"] == "sent"
    office.clock.advance(30)
    await notify(office)
    assert (await office.item(ADA))["state"] == "delivered"


async def test_reports_that_fit_nothing_are_ignored_with_the_reason(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms()
    await add_messages(office, ADA)
    await notify(office)
    await tell(office, "nobody", "SMx", Report.DELIVERED)
    await tell(office, ADA, "SMother", Report.BOUNCED, 30005)
    await office.db.provider_events.insert_one(
        {"_id": "bad", "lookAt": moment(), "handledAt": None, "report": "odd", "expireAt": moment(days=1)}
    )
    result = await notify(office)
    assert result.metrics["ignored"] == 3
    outcomes = [each["outcome"] for each in await office.db.provider_events.find().sort("_id", 1).to_list()]
    assert {outcome.partition(":")[2].strip().partition(":")[0] for outcome in outcomes} == {
        "there is no such message",
        "it is about an earlier attempt",
        "malformed",
    }
    assert (await office.item(ADA))["state"] == "sent"
    assert await office.db.suppressions.count_documents({}) == 0


async def test_a_report_changes_its_message_only_while_both_are_as_seen(open_sms: OpenSms) -> None:
    office = await open_sms()
    await add_messages(office, ADA, state="sent", providerReference="SM1")
    await tell(office, ADA, "SM1", Report.DELIVERED)
    [event] = await office.db.provider_events.find().to_list()
    session = TransactionSession(office.db.client)
    store = ProviderEventStore(office.db, session)
    handled, delivered = {"$set": {"handledAt": moment()}}, {"$set": {"state": "delivered"}}
    of_another = Effect(({"_id": ADA, "state": "unknown"}, delivered), (f"{ADA}:1", delivered))
    assert not await store.apply(event["_id"], handled, of_another)
    assert await office.db.provider_events.find_one() == event, "rolled back"
    await office.db.provider_events.update_one({}, handled)
    as_seen = Effect(({"_id": ADA, "state": "sent"}, delivered), (f"{ADA}:1", delivered))
    assert not await store.apply(event["_id"], handled, as_seen)
    assert (await office.item(ADA))["state"] == "sent"
    await office.db.provider_events.update_one({}, {"$set": {"handledAt": None}})
    assert await store.apply(event["_id"], handled, as_seen)
    assert (await office.item(ADA))["state"] == "delivered"
    await session.close()


async def tell(office: Office, item_id: str, sid: str, report: Report, code: int | None = None) -> None:
    event = new_event("twilio", item_id, sid, report, code, office.clock.now())
    await office.db.provider_events.insert_one(event.to_document())


async def test_the_provider_log_sends_nothing_and_a_missing_one_lets_messages_wait(open_office: OpenOffice) -> None:
    office = await open_office()
    await add_messages(office, ADA)
    assert (await notify(office)).summary == "no SMS provider is configured; 1 messages wait"
    logging = await open_office(sms_provider="log", epoch=8)
    assert (await notify(logging)).metrics["sent"] == 1
    assert (await logging.item(ADA))["providerReference"] == "log"


async def test_a_dry_run_sends_nothing(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms()
    await add_messages(office, ADA)
    result = await office.execute(SmsNotifierTemplate(), dry_run=True)
    assert (result.summary, result.metrics["waiting"]) == ("dry run; 1 messages wait", 1)
    assert twilio.asked == []


async def test_a_dry_run_leaves_reports_of_delivery_as_they_are(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms()
    await add_messages(office, ADA)
    await notify(office)
    await tell(office, ADA, twilio.messages[0].sid, Report.DELIVERED)
    result = await office.execute(SmsNotifierTemplate(), dry_run=True)
    assert result.metrics == {"waiting": 0}
    assert (await office.item(ADA))["state"] == "sent"
    assert (await notify(office)).metrics["delivered"] == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sms_provider": "twilio"}, "TWILIO_ACCOUNT_SID"),
        ({"sms_provider": "http"}, "SMS_HTTP_URL"),
        ({"sms_provider": "http", "sms_http_url": "http://x", "sms_http_headers": "secret"}, "SMS_HTTP_HEADERS"),
        ({"sms_provider": "http", "sms_http_url": "http://x", "sms_http_body": "{{ nobody }}"}, "SMS_HTTP_BODY"),
        ({"sms_provider": "http", "sms_http_url": "http://x", "sms_http_body": "{{"}, "SMS_HTTP_BODY"),
        ({"sms_provider": "http", "sms_http_url": "http://x", "sms_http_success": "("}, "SMS_HTTP_SUCCESS"),
    ],
)
async def test_what_a_provider_lacks_stops_the_start_by_name(
    open_office: OpenOffice, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as raised:
        await open_office(**given)
    assert "secret" not in str(raised.value)
    assert TOKEN not in str(raised.value)


async def test_a_short_message_may_carry_a_link_to_unsubscribe(open_sms: OpenSms, twilio: TwilioServer) -> None:
    office = await open_sms(public_url="https://n.example.com", unsubscribe_key="a key of sixteen characters")
    await add_messages(office, ADA, sms="Stop: {{ unsubscribe_url }}")
    await office.execute(SmsNotifierTemplate())
    [message] = twilio.messages
    assert message.form["Body"].startswith("Stop: https://n.example.com/unsubscribe/")
