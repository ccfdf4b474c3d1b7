"""From the clock button of a template to the delivered mail; the editor with its preview and versions."""

from http import HTTPStatus

import pytest

from tests.support.api_process import ApiProcess
from tests.support.browser import Ui
from tests.support.http_objects import create, create_notification_jobs
from tests.support.smtp_server import SmtpServer

ORDER = {
    "name": "Order ready",
    "category": "orders",
    "channels": ["email"],
    "subject": "Hello {{ name }}",
    "text": "Your order is ready, {{ name }}.",
    "html": "<p style='color: red'>Your order is <b>ready</b>.</p><script>parent.document.title = 'owned'</script>",
    "variables": [{"name": "name", "type": "string", "default": "friend"}],
}
pytestmark = pytest.mark.xdist_group("browser-sending")


def test_from_the_clock_to_the_delivered_mail(running: ApiProcess, ui: Ui, mail_server: SmtpServer) -> None:
    create_notification_jobs(running)
    create(running, "/api/notifications/templates", ORDER)
    ui.open("#/notifications/templates")
    ui.button("Schedule Order ready").click()
    modal = ui.dialog("Schedule “Order ready”")
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        modal.get_by_role("button", name="Schedule it").click()
        modal.get_by_text("name at least one recipient").first.wait_for()
    modal.get_by_label("Addresses").fill("ada@example.com, bob@example.com")
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        modal.get_by_label("Date and time").fill("2020-01-01T09:00")
        modal.get_by_text("is in the past").first.wait_for()
    soon = ui.page.evaluate(
        "new Date(Date.now() + 2000 - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 19)"
    )
    modal.get_by_label("Date and time").fill(soon)
    modal.get_by_text("2 e-mails").wait_for()
    modal.get_by_role("button", name="Schedule it").click()
    ui.page.get_by_role("heading", name="Order ready", level=1).wait_for()
    messages = mail_server.wait_messages(2)
    assert {message.recipients for message in messages} == {("ada@example.com",), ("bob@example.com",)}
    assert str(messages[0].parsed["Subject"]) == "Hello friend"


def test_a_template_is_written_with_its_preview_saved_and_restored(ui: Ui) -> None:
    ui.open("#/notifications/templates/new")
    page = ui.page
    page.get_by_label("Name").first.fill("Order sent")
    page.get_by_label("Subject").fill("Hello Ada")
    page.get_by_label("Text", exact=True).first.fill("One")
    page.get_by_label("HTML").fill(str(ORDER["html"]))
    preview = page.get_by_role("region", name="Preview")
    preview.get_by_text("Hello Ada").wait_for()
    page.frame_locator("iframe").get_by_text("Your order is").wait_for()
    ui.button("Create").click()
    ui.heading("Order sent").wait_for()
    assert "owned" not in page.title()
    page.get_by_label("Subject").fill("Hello Bob")
    ui.button("Save a new version").click()
    ui.says("Version 2")
    ui.button("Versions").click()
    ui.button("Compare version 1").click()
    ui.dialog("Versions of Order sent").get_by_text("Hello Ada").first.wait_for()
    ui.button("Restore version 1").click()
    assert page.get_by_label("Subject").input_value() == "Hello Ada"
    ui.button("Save a new version").click()
    ui.says("Version 3")
