"""Short messages over HTTP only, on real processes and a server that answers as Twilio does."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess
from tests.support.http_objects import create, create_job, items, soon
from tests.support.smtp_server import SmtpServer
from tests.support.twilio_server import TOKEN, TwilioServer
from tests.support.waiting import wait_until
from tests.support.web_server import Reply

PUBLIC = {"PUBLIC_URL": "https://notify.example.com"}
ADA, BOB, CY = "+33100000001", "+33100000002", "+33100000003"
QUEUE, SUPPRESSIONS = "/api/notifications/queue", "/api/notifications/suppressions"


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    server = TwilioServer()
    yield server
    server.close()


def schedule(api: ApiProcess, *numbers: str) -> dict[str, Any]:
    template = {"name": "Code", "channels": ["sms"], "sms": "Hello {{ phone }}", "category": "codes"}
    return create(
        api,
        "/api/notifications/scheduled",
        {
            "name": "Codes",
            "templateId": create(api, "/api/notifications/templates", template)["id"],
            "channels": ["sms"],
            "recipients": {"addresses": [{"phone": number} for number in numbers]},
            "schedule": {"kind": "once", "at": soon(1).replace(tzinfo=None).isoformat(), "timezone": "UTC"},
        },
    )


def states(api: ApiProcess) -> dict[str, str]:
    return {item["recipient"]["address"]: item["state"] for item in items(api, QUEUE)}


def test_short_messages_are_sent_reported_and_those_that_bounce_suppressed(
    audited: None, daemon: Callable[..., DaemonProcess], api: Callable[..., ApiProcess], twilio: TwilioServer
):
    daemon(**twilio.environment, **PUBLIC)
    served = api(TWILIO_AUTH_TOKEN=TOKEN, **PUBLIC)
    create(served, SUPPRESSIONS, {"phone": CY, "reason": "unsubscribed"})
    twilio.refuse(BOB, 21614)
    create_job(served, "scheduled_notification_processor")
    create_job(served, "sms_notifier")
    scheduled = schedule(served, ADA, BOB, CY)
    wait_until(lambda: states(served) == {ADA: "sent", BOB: "failed", CY: "suppressed"}, 20)
    [message] = twilio.messages
    assert message.form["Body"] == f"Hello {ADA}"
    assert {entry["address"]: entry["reason"] for entry in items(served, SUPPRESSIONS)} == {
        BOB: "hard_bounce",
        CY: "unsubscribed",
    }
    callback = message.form["StatusCallback"].replace(PUBLIC["PUBLIC_URL"], served.base_url)
    assert twilio.report(callback, message, "sent") == 204
    assert twilio.report(callback, message, "delivered") == 204
    assert twilio.report(callback + "x", message, "delivered") == 403
    wait_until(lambda: states(served)[ADA] == "delivered", 5)  # long before the next run by the schedule, or a poll
    shown = served.request("GET", f"/api/notifications/scheduled/{scheduled['id']}").json()["statistics"]
    assert (shown["delivered"], shown["failed"], shown["suppressed"]) == (1, 1, 1)
    assert len(twilio.asked) == 2


def test_a_daemon_killed_in_the_middle_of_a_call_never_sends_the_message_again(
    audited: None, daemon: Callable[..., DaemonProcess], api: Callable[..., ApiProcess], twilio: TwilioServer
):
    first = daemon(**twilio.environment, **PUBLIC)
    served = api()
    twilio.reply(ADA, Reply(stall=True))
    create_job(served, "scheduled_notification_processor")
    create_job(served, "sms_notifier")
    schedule(served, ADA)
    twilio.wait_messages(1)
    first.kill9()
    daemon(**twilio.environment, **PUBLIC)
    wait_until(lambda: states(served) == {ADA: "unknown"}, 20)
    assert len(twilio.asked) == 1
    [delivery] = items(served, "/api/notifications/deliveries")
    assert delivery["state"] == "unknown"


def test_wrong_credentials_pause_the_channel_and_the_status_says_so(
    audited: None, daemon: Callable[..., DaemonProcess], api: Callable[..., ApiProcess], twilio: TwilioServer
):
    running = daemon(**{**twilio.environment, "TWILIO_AUTH_TOKEN": "not-the-token"})
    served = api()
    create_job(served, "scheduled_notification_processor")
    create_job(served, "sms_notifier")
    schedule(served, ADA)
    event = running.wait_event("channel_paused")
    assert event["channel"] == "sms"

    def told() -> list[str]:
        problems = served.request("GET", "/api/admin/scheduler/status").json()["problems"]
        return [each for each in problems if "The channel sms rests" in each and "20003" in each]

    wait_until(told)
    assert "not-the-token" not in running.log_text()
    assert states(served) == {ADA: "pending"}


def test_one_click_in_an_email_takes_the_address_off(
    audited: None, daemon: Callable[..., DaemonProcess], api: Callable[..., ApiProcess], smtp_server: SmtpServer
):
    links = {**PUBLIC, "UNSUBSCRIBE_KEY": "a key of sixteen characters"}
    daemon(**smtp_server.environment, **links)
    served = api(**links)
    create_job(served, "scheduled_notification_processor")
    create_job(served, "email_notifier")
    news = {"name": "News", "channels": ["email"], "subject": "News", "text": "News", "category": "news"}
    template = create(served, "/api/notifications/templates", news)["id"]

    def wave() -> dict[str, Any]:
        body = {
            "name": "News",
            "templateId": template,
            "channels": ["email"],
            "recipients": {"addresses": [{"email": "ada@example.com"}]},
            "schedule": {"kind": "once", "at": soon(0.5).replace(tzinfo=None).isoformat(), "timezone": "UTC"},
        }
        return create(served, "/api/notifications/scheduled", body)

    wave()
    [message] = smtp_server.wait_messages(1)
    assert message.parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = str(message.parsed["List-Unsubscribe"]).strip("<>").removeprefix(PUBLIC["PUBLIC_URL"])
    # As a mail program does it: without our token.
    served.session.headers.pop("Authorization")
    assert served.request("POST", path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    served.session.headers["Authorization"] = f"Bearer {served.token}"
    second = wave()
    query = f"{QUEUE}?scheduledNotificationId={second['id']}"
    wait_until(lambda: [item["state"] for item in items(served, query)] == ["suppressed"], 20)
    assert len(smtp_server.messages) == 1
