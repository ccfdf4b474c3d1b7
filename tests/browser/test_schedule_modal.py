"""The dialog that schedules a notification, and the editor of templates beside its preview: what they say while one
types."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi, Ui
from tests.support.http_objects import create, items
from tests.support.stack import Stack

pytestmark = pytest.mark.xdist_group("browser-schedule-modal")

TEMPLATES = "/api/notifications/templates"
SCHEDULED = "/api/notifications/scheduled"
CODE = {"name": "code", "type": "string", "required": True, "description": "Of the voucher."}
INVOICE: dict[str, Any] = {
    "name": "Invoice",
    "channels": ["email"],
    "subject": "Invoice {{ code }}",
    "text": "{{ greeting }}, {{ amount }} euros: {{ code }}",
    "variables": [
        CODE,
        {"name": "greeting", "type": "string", "default": "Hello"},
        {"name": "amount", "type": "number", "example": 7},
        {"name": "urgent", "type": "boolean"},
    ],
}
REFUSED = HTTPStatus.UNPROCESSABLE_ENTITY


def field(within: Locator, label: str) -> Locator:
    """The control of exactly that label, which may have the mark of what is required."""
    return within.get_by_label(re.compile(rf"^{re.escape(label)}( \*)?$"))


def error_at(control: Locator) -> Locator:
    """What stands at a control as its error."""
    return control.locator("xpath=ancestor::div[contains(@class, 'field')][1]").locator("small.error")


def open_modal(ui: Ui) -> Locator:
    ui.open("#/notifications/templates")
    ui.button("Schedule Invoice").click()
    return ui.dialog("Schedule “Invoice”")


@pytest.fixture(scope="module")
def invoice(served: ApiProcess) -> dict[str, Any]:
    """The template that all tests here schedule."""
    return create(served, TEMPLATES, INVOICE)


def test_the_dialog_says_what_is_wrong_and_when_it_goes_to_whom(
    served: ApiProcess, invoice: dict[str, Any], ui: Ui
) -> None:
    modal = open_modal(ui)
    code, addresses = field(modal, "code"), field(modal, "Addresses")
    expect(field(modal, "greeting")).to_have_attribute("placeholder", "Hello")
    expect(modal.get_by_text("Of the voucher.")).to_be_visible()
    with ui.expecting(REFUSED):
        addresses.fill('dup@example.com, DUP@example.com; "Lovelace, Ada" <ada@example.com>\nbob, nonsense')
        expect(error_at(addresses)).to_have_text("2 entries are no address: bob, nonsense")
        addresses.fill("dup@example.com, DUP@example.com, Ada Lovelace <ada@example.com>")
        expect(error_at(addresses)).to_have_count(0)
        expect(error_at(code)).to_contain_text("the template needs the variable 'code'")
        modal.get_by_role("button", name="Schedule it").click()
        modal.get_by_role("alert").wait_for()
        code.fill("A1")
        field(modal, "amount").fill("many")
        expect(error_at(field(modal, "amount"))).to_have_text("Write a number.")
        field(modal, "amount").fill("12.05")
        sending = modal.get_by_text("Sending: zones, quiet hours")
        sending.click()
        field(modal, "Expires after").fill("soon")
        expect(error_at(field(modal, "Expires after"))).to_contain_text("write a duration")
        sending.click()
        expect(field(modal, "Expires after")).to_be_hidden()
        field(modal, "amount").fill("12.5")
        expect(field(modal, "Expires after")).to_be_visible()
        field(modal, "Expires after").fill("1m")
    status = modal.get_by_role("status")
    expect(status.get_by_text("2 e-mails")).to_be_visible()
    expect(status.get_by_text("To dup@example.com, Ada Lovelace")).to_be_visible()
    modal.get_by_role("radio", name="Daily").check()
    field(modal, "Time").fill("23:30")
    modal.get_by_role("checkbox", name="Quiet hours").check()
    expect(status.get_by_text(re.compile(r"2 e-mails on \w+, .*, 08:00:00 "))).to_be_visible()
    expect(status.get_by_text(re.compile(r"It is due on .*, 23:30:00 .*waits for the end"))).to_be_visible()
    field(modal, "On the clock of").fill("Asia/Tokyo")
    expect(status.get_by_text("Quiet hours are read on each recipient's own clock")).to_have_count(0)
    field(modal, "On the clock of").fill("UTC")
    field(modal, "At most a minute").fill("1")
    expect(status.get_by_text("One of them expires before the throttle lets it leave")).to_be_visible()
    modal.get_by_role("button", name="Schedule it").click()
    ui.heading("Invoice").wait_for()
    ui.says(re.compile("due .*23:30:00 .*quiet hours"))
    [made] = items(served, SCHEDULED)
    assert made["variables"] == {"code": "A1", "amount": 12.5}
    assert made["quietHours"] == {"from": "22:00", "to": "08:00", "timezone": "UTC"}
    assert [each["name"] for each in made["recipients"]["addresses"]] == ["", "", "Ada Lovelace"]


@pytest.mark.usefixtures("invoice")
def test_a_test_send_has_the_values_that_are_typed(stack: Stack, ui: Ui) -> None:
    modal = open_modal(ui)
    field(modal, "code").fill("A1")
    modal.get_by_text("Other variables").click()
    modal.get_by_role("button", name="Add a variable").click()
    field(modal.get_by_role("group", name="Others"), "Name").fill("city")
    field(modal.get_by_role("group", name="Others"), "Value").fill("Paris")
    modal.get_by_role("button", name="Send a test first").click()
    test = ui.dialog("Test of Invoice")
    expect(field(test, "code")).to_have_value("A1")
    expect(field(test, "amount")).to_have_attribute("placeholder", "7")
    field(test, "E-mail").fill("me@example.com")
    field(test, "code").fill("")
    with ui.expecting(REFUSED):
        test.get_by_role("button", name="Send it").click()
        expect(error_at(field(test, "code"))).to_contain_text("the template needs the variable 'code'")
    field(test, "code").fill("B2")
    test.get_by_role("button", name="Send it").click()
    ui.says("A test is on its way by email.")
    expect(field(modal, "code")).to_have_value("A1")
    [sent] = stack.database["scheduled_notifications"].find({"purpose": "test"})
    assert sent["variables"] == {"amount": 7, "city": "Paris", "code": "B2"}


@pytest.mark.usefixtures("invoice")
def test_lists_and_numbers_are_typed_as_they_are_meant(ui: Ui) -> None:
    modal = open_modal(ui)
    with ui.expecting(REFUSED):
        numbers, every = field(modal, "Addresses"), field(modal, "Every")
        numbers.press_sequentially("+33 6 12 34 56 78")
        expect(numbers).to_have_value("+33 6 12 34 56 78")
        modal.get_by_text("Users of the host application").click()
        field(modal, "Roles").press_sequentially("admin, editor")
        expect(field(modal, "Roles")).to_have_value("admin, editor")
        modal.get_by_role("radio", name="Every").check()
        every.fill("")
        every.press_sequentially("1.5")
        expect(every).to_have_value("1.5")
        modal.get_by_text("Every 1 minute 30 seconds").first.wait_for()
        every.fill("")
        every.press_sequentially("-5")
        expect(every).to_have_value("-5")
        expect(error_at(every)).to_have_text("Write a number above 0.")
        every.fill("15")
        modal.get_by_role("radio", name="Cron").check()
        field(modal, "Cron expression").fill("*/7 * * * *")
        expect(modal.locator(".schedule").get_by_text(re.compile("^At minutes|[Ee]very 7 minutes"))).to_have_count(1)
        field(modal, "Cron expression").fill("0 0 30 2 *")
        expect(error_at(field(modal, "Cron expression"))).to_contain_text("never fires")
        expect(modal.get_by_text("February")).to_have_count(0)
        modal.get_by_role("radio", name="Once").check()
        field(modal, "Roles").fill("")
        field(modal, "code").fill("A1")
        modal.get_by_text("0 e-mails").wait_for()


def test_a_template_is_seen_with_values_to_try_whatever_is_wrong_with_one_text(invoice: dict[str, Any], ui: Ui) -> None:
    ui.open(f"#/notifications/templates/{invoice['id']}")
    preview = ui.page.get_by_role("region", name="Preview")
    preview.get_by_text("Invoice [code]").wait_for()
    preview.get_by_text("Hello, 7 euros: [code]").wait_for()
    field(preview, "code").fill("A1")
    preview.get_by_text("Hello, 7 euros: A1").wait_for()
    ui.page.get_by_label("Subject").fill("{{ nobody }}")
    preview.get_by_text("uses the variable 'nobody'").wait_for()
    expect(preview.get_by_text("Hello, 7 euros: A1")).to_be_visible()
    ui.button("Add a variable").click()
    field(ui.page.get_by_role("form"), "Text").fill("Only {{ code }}")
    expect(preview.get_by_text("Only A1")).to_be_visible()


def test_who_may_only_read_sees_a_template_without_a_form(
    served: ApiProcess, invoice: dict[str, Any], open_ui: OpenUi
) -> None:
    token = create(served, "/api/admin/tokens", {"name": "reader", "role": "viewer"})["token"]
    ui = open_ui(served, token=token)
    ui.open(f"#/notifications/templates/{invoice['id']}")
    ui.page.get_by_role("region", name="Template").get_by_text("{{ greeting }}").wait_for()
    ui.page.get_by_role("region", name="Preview").get_by_text("Invoice [code]").wait_for()
    for name in ("Subject", "HTML"):
        expect(ui.page.get_by_role("textbox", name=name)).to_have_count(0)
    for unwanted in ("Save a new version", "Add a variable", re.compile("^Remove"), "Send a test"):
        expect(ui.button(unwanted)).to_have_count(0)
