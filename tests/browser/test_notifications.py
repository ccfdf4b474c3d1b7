"""Scheduled notifications and their messages in the browser, over a real daemon and real servers for mail and SMS."""

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi, Ui
from tests.support.http_objects import create, create_job, items, soon
from tests.support.smtp_script import Deed
from tests.support.smtp_server import SmtpServer
from tests.support.stack import Stack
from tests.support.twilio_server import TwilioServer
from tests.support.waiting import wait_until
from tests.support.web_server import Reply

NUMBER, REFUSED = "+33100000001", "refused@example.com"
QUEUE = "/api/notifications/queue"
ONCE = "Order notice"
MARKUP = "<p>Your order, {{ email }}</p><script>parent.document.title = 'owned'</script>"
pytestmark = pytest.mark.xdist_group("browser-notifications")


@pytest.fixture(scope="module")
def twilio() -> Iterator[TwilioServer]:
    server = TwilioServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def daemon_settings(mail_server: SmtpServer, twilio: TwilioServer) -> Mapping[str, str]:
    return {**mail_server.environment, **twilio.environment}


def schedule(api: ApiProcess, name: str, rule: dict[str, Any], **fields: Any) -> dict[str, Any]:
    texts = {
        "channels": ["email", "sms"],
        "subject": "Hello",
        "text": "Hello",
        "html": MARKUP,
        "sms": "Hello {{ phone }}",
    }
    template = create(api, "/api/notifications/templates", {"name": f"Text of {name}", **texts})
    body = {"name": name, "templateId": template["id"], "channels": ["email", "sms"], "schedule": rule, **fields}
    return create(api, "/api/notifications/scheduled", body)


def states(api: ApiProcess) -> dict[str, str]:
    return {item["recipient"]["address"]: item["state"] for item in items(api, QUEUE)}


def test_pause_resume_calendar_and_delete(served: ApiProcess, ui: Ui) -> None:
    daily = {"kind": "cron", "expression": "0 9 * * *", "timezone": "Europe/Paris"}
    schedule(served, "Daily digest", daily, recipients={"addresses": [{"email": "ada@example.com"}]})
    ui.open("#/notifications/scheduled")
    ui.says("At 09:00, every day (Europe/Paris time)")
    ui.button("Pause Daily digest").click()
    ui.page.get_by_label("Reason").fill("The text is rewritten")
    ui.dialog("Pause “Daily digest”").get_by_role("button", name="Pause").click()
    ui.says("“Daily digest” is paused.")
    ui.page.get_by_role("link", name="Daily digest").click()
    ui.says("The text is rewritten")
    ui.says("None while it is paused.")
    ui.button("Resume").click()
    ui.says("“Daily digest” is resumed.")
    ui.page.get_by_text("09:00:00 Europe/Paris").nth(9).wait_for()
    ui.open("#/notifications/scheduled?view=calendar")
    ui.page.get_by_role("table").wait_for()
    ui.button("Next month").click()
    assert "month=" in ui.page.url
    ui.open("#/notifications/scheduled")
    ui.button("Delete Daily digest").click()
    ui.button("Delete").click()
    ui.says("Nothing is scheduled")


def test_many_are_found_by_state_sorted_and_changed_at_once(api: Callable[..., ApiProcess], open_ui: OpenUi) -> None:
    served = api()
    daily = {"kind": "cron", "expression": "0 9 * * *", "timezone": "Europe/Paris"}
    for name in ("Beta", "Alpha", "Gamma"):
        schedule(served, name, daily, recipients={"addresses": [{"email": "ada@example.com"}]})
    ui = open_ui(served)
    ui.open("#/notifications/scheduled")
    names = ui.page.locator("tbody tr > td:nth-child(2)")
    expect(names).to_have_text(["Gamma", "Alpha", "Beta"])
    ui.button("Name").click()
    expect(names).to_have_text(["Alpha", "Beta", "Gamma"])
    ui.page.get_by_label("Choose Alpha").check()
    ui.page.get_by_label("Choose Gamma").check()
    chosen = ui.page.get_by_role("region", name="Chosen scheduled notifications")
    chosen.get_by_role("button", name="Pause").click()
    dialog = ui.dialog("Pause: many scheduled notifications")
    expect(dialog.get_by_text("2 would be changed")).to_be_visible()
    dialog.get_by_label("Reason").fill("A typo")
    dialog.get_by_role("button", name="Pause 2 scheduled notifications").click()
    done = ui.dialog("Pause: what was done")
    expect(done.get_by_text("2 changed")).to_be_visible()
    done.get_by_role("button", name="Close", exact=True).last.click()

    ui.page.get_by_label("State").select_option("paused")
    expect(names).to_have_text(["Alpha", "Gamma"])
    expect(ui.page.get_by_text("A typo")).to_have_count(2)
    assert "state=paused" in ui.page.url
    expect(chosen).to_have_count(0)
    ui.page.get_by_label("Choose Alpha").check()
    chosen.get_by_label("All that fit the filters:").select_option("delete")
    dialog = ui.dialog("Delete: many scheduled notifications")
    dialog.get_by_role("button", name="Delete 2 scheduled notifications").click()
    ui.dialog("Delete: what was done").get_by_role("button", name="Close", exact=True).last.click()
    ui.says("No scheduled notification fits")
    expect(chosen).to_have_count(0)
    ui.button("Show all").click()
    expect(names).to_have_text(["Beta"])
    ui.page.get_by_label("State").select_option("cancelled")
    expect(ui.page.locator("tbody tr > td:first-child")).to_have_text(["Alpha", "Gamma"])
    expect(ui.page.get_by_role("checkbox")).to_have_count(0)
    assert [each["name"] for each in items(served, "/api/notifications/scheduled")] == ["Beta"]


def test_a_category_of_templates_can_be_chosen_after_another(api: Callable[..., ApiProcess], open_ui: OpenUi) -> None:
    served = api()
    for name, category in (("Order ready", "orders"), ("Welcome", "people"), ("Plain", "")):
        texts = {"channels": ["email"], "subject": "Hello", "text": "Hello"}
        create(served, "/api/notifications/templates", {"name": name, "category": category, **texts})
    ui = open_ui(served)
    ui.open("#/notifications/templates")
    names = ui.page.locator("tbody tr > td:first-child")
    for category, found in (("orders", ["Order ready"]), ("people", ["Welcome"])):
        ui.page.get_by_label("Category").select_option(category)
        expect(names).to_have_text(found)
    ui.page.get_by_label("Category").select_option("every category")
    expect(names).to_have_text(["Plain", "Welcome", "Order ready"])


def test_a_failed_message_is_sent_again_and_an_unknown_one_decided(
    running: ApiProcess, stack: Stack, mail_server: SmtpServer, twilio: TwilioServer, ui: Ui
) -> None:
    mail_server.script.add("RCPT", Deed.REPLY, "550 5.7.1 Refused by policy", REFUSED, 1)
    twilio.reply(NUMBER, Reply(drop=True))
    for template in ("scheduled_notification_processor", "email_notifier", "sms_notifier"):
        create_job(running, template)
    once = {"kind": "once", "at": soon(1).replace(tzinfo=None).isoformat(), "timezone": "UTC"}
    schedule(running, ONCE, once, recipients={"addresses": [{"email": REFUSED}, {"phone": NUMBER}]})
    wait_until(lambda: states(running) == {REFUSED: "failed", NUMBER: "unknown"}, 20)

    ui.open("#/notifications/queue?state=failed")
    ui.says("550 5.7.1 Refused by policy")
    ui.page.get_by_label(f"Choose the message to {REFUSED}").check()
    ui.button("Send 1 again").click()
    ui.button("Send again").click()
    ui.says("No such message")
    sent = mail_server.wait_messages(1)[0]
    assert sent.recipients == (REFUSED,)

    ui.open("#/notifications/queue?channel=email")
    ui.page.get_by_role("link", name=REFUSED).click()
    said = ui.page.get_by_role("region", name="As it was sent")
    said.get_by_text(str(sent.parsed["Subject"]), exact=True).first.wait_for()
    ui.page.frame_locator("iframe.mail").get_by_text(f"Your order, {REFUSED}").wait_for()
    said.get_by_text("version 1, which never changes").wait_for()
    assert "owned" not in ui.page.title()

    with ui.expecting(HTTPStatus.CONFLICT):
        versions = stack.database["notification_templates"]
        versions.update_many({}, {"$set": {"html": "{{ nobody }}"}})
        ui.page.reload()
        said.get_by_role("alert").get_by_text("'nobody' is undefined").wait_for()
        ui.page.get_by_role("heading", name="Attempts").wait_for()
        versions.update_many({}, {"$set": {"html": None}})
        said.get_by_role("button", name="Try again").click()
        said.get_by_label("Text", exact=True).wait_for()

    ui.open("#/notifications/queue?state=unknown")
    ui.page.get_by_role("link", name=NUMBER).click()
    ui.says("What became of it?")
    said = ui.page.get_by_role("region", name="As it was handed to the provider")
    said.get_by_text(f"Hello {NUMBER}").wait_for()
    said.get_by_text("1 segment (GSM-7)").wait_for()
    ui.button("It arrived").click()
    ui.says("Counts as sent. Nothing leaves any more.")
    ui.dialog("It arrived?").get_by_role("button", name="It arrived").click()
    ui.page.get_by_role("heading", name="What became of it?").wait_for(state="detached")
    wait_until(lambda: states(running) == {REFUSED: "sent", NUMBER: "sent"}, 10)

    ui.page.get_by_role("link", name="its scheduled notification").click()
    ui.page.get_by_role("heading", name=ONCE).wait_for()
    assert len(twilio.asked) == 1
