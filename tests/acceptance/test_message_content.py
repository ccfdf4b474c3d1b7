"""What the API says of a message is what its recipient got: a real daemon, and servers that keep what they took."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess
from tests.support.http_objects import create, create_job, ended_run, items, soon
from tests.support.smtp_server import AcceptedMessage, SmtpServer
from tests.support.twilio_server import TwilioServer
from tests.support.waiting import wait_until

LINKS = {"PUBLIC_URL": "https://notify.example.com", "UNSUBSCRIBE_KEY": "a key of sixteen characters"}
QUEUE = "/api/notifications/queue"
ADA, NUMBER = "ada@example.com", "+33100000001"
TEXTS = {
    "channels": ["email", "sms"],
    "category": "news",
    "subject": "Prix d'été pour {{ name }}: {{ amount }} €",
    "text": "Hello {{ name }},\r\n\r\n.\r\nfrom {{ amount }} € \n{{ 'long ' * 300 }}\nOff: {{ unsubscribe_url }}\n",
    "html": '<h1>{{ name }}</h1>\n<p>é {{ amount }}</p>\n<a href="{{ unsubscribe_url }}">off</a>',
    "sms": "{{ name }}:\r\n{{ amount }} € [{{ locale }}] {{ unsubscribe_url }}",
    "replyTo": "Shop <shop@example.com>",
    "attachments": [{"path": "prices.txt", "name": "Prix é.txt"}],
    "variables": [{"name": "amount", "type": "number", "default": 5}],
}


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    server = TwilioServer()
    yield server
    server.close()


def content(api: ApiProcess, item: dict[str, Any]) -> dict[str, Any]:
    answer = api.request("GET", f"{QUEUE}/{item['id']}/content")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def bodies(message: AcceptedMessage) -> dict[str, str | None]:
    """Its texts, as a mail program shows them."""
    found: dict[str, str | None] = {}
    for name, kind in (("text", "plain"), ("html", "html")):
        part = message.parsed.get_body((kind,))  # type: ignore[arg-type]
        found[name] = None if part is None else part.get_content().replace("\r\n", "\n")
    return found


def shown_bodies(shown: dict[str, Any], link: str = "") -> dict[str, str | None]:
    stand_in = shown["unsubscribeStandIn"] or "nothing stands for a link"
    return {
        name: shown[name] and shown[name].replace(stand_in, link).replace("\r\n", "\n") for name in ("text", "html")
    }


def test_what_is_shown_is_what_was_sent(
    audited: None,
    daemon: Callable[..., DaemonProcess],
    api: Callable[..., ApiProcess],
    smtp_server: SmtpServer,
    twilio: TwilioServer,
    tmp_path: Path,
):
    (tmp_path / "prices.txt").write_text("5 €", encoding="utf-8")
    daemon(**smtp_server.environment, **twilio.environment, **LINKS, ATTACHMENT_FOLDER=tmp_path)
    served = api(**LINKS)
    for template in ("scheduled_notification_processor", "email_notifier", "sms_notifier"):
        create_job(served, template)
    template_id = create(served, "/api/notifications/templates", {"name": "Prices", **TEXTS})["id"]
    person = {"email": ADA, "phone": NUMBER, "name": "Ada <é>", "locale": "fr-FR", "variables": {"amount": 7.5}}
    wave = {
        "name": "Prices",
        "templateId": template_id,
        "channels": ["email", "sms"],
        "recipients": {"addresses": [person]},
        "schedule": {"kind": "once", "at": soon(0.5).replace(tzinfo=None).isoformat(), "timezone": "UTC"},
    }
    path = f"{QUEUE}?scheduledNotificationId={create(served, '/api/notifications/scheduled', wave)['id']}"
    wait_until(lambda: [each["state"] for each in items(served, path)] == ["sent", "sent"], 30)
    found = {each["channel"]: each for each in items(served, path)}

    [mail], shown = smtp_server.messages, content(served, found["email"])
    link = str(mail.parsed["List-Unsubscribe"]).strip("<>")
    assert shown["subject"] == mail.parsed["Subject"] == "Prix d'été pour Ada <é>: 7.5 €"
    assert shown_bodies(shown, link) == bodies(mail)
    assert link.rpartition("/")[2] not in str(shown)
    assert shown["replyTo"] == mail.parsed["Reply-To"]
    assert shown["attachments"] == [part.get_filename() for part in mail.parsed.iter_attachments()]

    [sms], shown = twilio.messages, content(served, found["sms"])
    real = sms.form["Body"].partition("[fr-FR] ")[2]
    assert real.startswith(f"{LINKS['PUBLIC_URL']}/unsubscribe/")
    assert shown["sms"].replace(shown["unsubscribeStandIn"], real) == sms.form["Body"]
    assert real.rpartition("/")[2] not in str(shown)
    [delivery] = items(served, f"/api/notifications/deliveries?itemId={found['sms']['id']}")
    assert shown["smsSegments"] == {"encoding": delivery["encoding"], "count": delivery["segments"]}


def test_the_alert_of_a_job_is_shown_as_it_was_sent(
    audited: None,
    daemon: Callable[..., DaemonProcess],
    api: Callable[..., ApiProcess],
    smtp_server: SmtpServer,
    twilio: TwilioServer,
):
    daemon(**smtp_server.environment, **twilio.environment, **LINKS)
    served = api(**LINKS)
    for template in ("email_notifier", "sms_notifier"):
        create_job(served, template)
    to_ada = {"addresses": [{"email": ADA, "phone": NUMBER}]}
    alerts = {"on": ["failed"], "recipients": to_ada, "channels": ["email", "sms"]}
    policies = {"alerts": alerts, "retry": {"maxAttempts": 1}}
    job = create_job(served, "noop", name="Clean « up »", params={"outcome": "failure"}, policies=policies)
    run = ended_run(served, job)
    path = f"{QUEUE}?runId={run['id']}"
    wait_until(lambda: [each["state"] for each in items(served, path)] == ["sent", "sent"], 30)
    found = {each["channel"]: each for each in items(served, path)}

    [mail], shown = smtp_server.messages, content(served, found["email"])
    assert shown["subject"] == mail.parsed["Subject"]
    assert shown_bodies(shown) == bodies(mail)
    assert "Clean « up »" in shown["text"]
    [sms], shown = twilio.messages, content(served, found["sms"])
    assert shown["sms"] == sms.form["Body"]
    assert shown["unsubscribeStandIn"] is None
