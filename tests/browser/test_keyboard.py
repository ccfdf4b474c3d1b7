"""Each form by keyboard alone: opened, left with Escape, filled in, sent, and the focus back where it was."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from playwright.sync_api import Locator, expect

from tests.support.api_process import ApiProcess
from tests.support.browser import Ui
from tests.support.http_objects import create, create_job, items

JOBS = "/api/admin/scheduler/jobs"
RECIPIENTS, GROUPS = "/api/notifications/recipients", "/api/notifications/groups"
TEMPLATES, SCHEDULED = "/api/notifications/templates", "/api/notifications/scheduled"
SUPPRESSIONS = "/api/notifications/suppressions"
CSV = "name,email\nCarla,carla@example.com\n"
pytestmark = [pytest.mark.xdist_group("browser-keyboard"), pytest.mark.usefixtures("running")]


@contextmanager
def opened(ui: Ui, opener: str, title: str, *, back: bool = True) -> Iterator[Locator]:
    """
    The dialog that a button opens. Escape closes it while nothing is typed, and the focus returns; also at the end,
    when the test has sent the form, unless the button is then another (back=False).
    """
    dialog = ui.dialog(title)
    ui.tab_to(opener)
    ui.press("Enter")
    dialog.wait_for()
    ui.press("Escape")
    dialog.wait_for(state="detached")
    assert ui.focused == opener
    ui.press("Enter")
    dialog.wait_for()
    yield dialog
    dialog.wait_for(state="detached")
    if back:
        assert ui.focused == opener


def leave_by_mistake(ui: Ui, title: str, typed: Locator, text: str) -> None:
    """Escape asks before what was typed is lost, and a second one keeps it, with the focus where it was."""
    name = ui.focused
    ui.press("Escape")
    question = ui.dialog("Leave without saving?")
    question.wait_for()
    ui.press("Escape")
    question.wait_for(state="detached")
    assert ui.dialog(title).is_visible()
    assert (ui.focused, typed.input_value()) == (name, text)


def type_moment(ui: Ui, date: str, time: str) -> None:
    """Into a field of date and time that has the focus: "11282026", "0900AM"."""
    ui.type(date)
    ui.press("Tab")
    ui.type(time)


def test_groups_imports_and_suppressions(served: ApiProcess, ui: Ui) -> None:
    for name in ("Ada", "Bob"):
        create(served, RECIPIENTS, {"name": name, "email": f"{name.lower()}@example.com"})
    ui.page.on("filechooser", lambda _: None)  # told to the browser now: it does not wait when a key opens it
    ui.open("#/notifications/groups")
    with opened(ui, "Add a group", "Add a group"):
        with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
            ui.tab_to("Name")
            ui.press("Enter")
            expect(ui.field("Name")).to_have_attribute("aria-invalid", "true")
        expect(ui.page.locator(":focus")).to_contain_text("Name: ")  # all that is wrong, before the fields
        ui.tab_to("Name")
        ui.type("Customers")
        ui.tab_to("Member: Ada, ada@example.com")
        ui.press("Space")
        ui.says("1 member")
        assert ui.focused == "Member: Ada, ada@example.com"
        ui.tab_to("Save")
        ui.press("Enter")
    ui.tab_to("Edit Customers")
    ui.press("Enter")
    ui.tab_to("Name")
    ui.press("End")
    ui.type(" of Paris")
    leave_by_mistake(ui, "Edit “Customers”", ui.field("Name"), "Customers of Paris")
    ui.press("Escape")
    ui.tab_to("Leave it")
    ui.press("Enter")
    ui.dialog("Edit “Customers”").wait_for(state="detached")
    assert ui.focused == "Edit Customers"
    assert [(group["name"], len(group["members"])) for group in items(served, GROUPS)] == [("Customers", 1)]

    ui.open("#/notifications/recipients")
    with opened(ui, "Import CSV", "Import recipients"):
        ui.tab_to("CSV file")
        with ui.page.expect_file_chooser() as chooser:
            ui.press("Enter")
        ui.page.locator("input[type=file]").dispatch_event("cancel", {"bubbles": True})  # nothing chosen after all
        assert ui.dialog("Import recipients").is_visible()
        file = {"name": "people.csv", "mimeType": "text/csv", "buffer": CSV.encode()}
        chooser.value.set_files(file)  # type: ignore[arg-type]  # a dictionary is allowed
        ui.says("Nothing is changed yet.")
        ui.tab_to("Import")
        ui.press("Enter")
    ui.page.get_by_role("cell", name="carla@example.com").wait_for()

    ui.open("#/notifications/suppressions")
    with opened(ui, "Add an address", "Add an address"):
        assert ui.focused == "E-mail address"  # a dialog begins with its first field
        ui.press("ArrowDown")
        ui.tab_to("Phone number")
        ui.type("12")
        with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
            ui.press("Enter")
            expect(ui.field("Phone number")).to_have_attribute("aria-invalid", "true")
        ui.tab_to("Phone number")  # the choice
        ui.tab_to("Phone number")
        ui.press("ControlOrMeta+a")
        ui.type("+33612345678")
        ui.tab_to("Reason")
        ui.type("unsub")
        ui.tab_to("Add")
        ui.press("Enter")
    assert [(each["address"], each["reason"]) for each in items(served, SUPPRESSIONS)] == [
        ("+33612345678", "unsubscribed")
    ]


def test_run_now_backfill_pause_and_many_jobs(served: ApiProcess, ui: Ui) -> None:
    hourly = {"kind": "cron", "expression": "0 * * * *", "timezone": "UTC"}
    job = create_job(served, "noop", name="Nightly", schedule=hourly)
    create_job(served, "noop", name="Weekly")
    ui.open(f"#/jobs/{job['id']}")
    with opened(ui, "Run now", "Run “Nightly” now"):
        ui.tab_to("With other parameters, for this run only")
        ui.press("Space")
        ui.tab_to("Duration")
        ui.press("ControlOrMeta+a")
        ui.type("1ms")
        leave_by_mistake(ui, "Run “Nightly” now", ui.field("Duration"), "1ms")
        ui.press("Enter")
    ui.says("Asked to run “Nightly”.")
    with opened(ui, "Backfill", "Backfill “Nightly”"):
        assert ui.focused == "From"
        type_moment(ui, "11022026", "0900AM")
        ui.tab_to("To")
        type_moment(ui, "11022026", "1100AM")
        ui.says("3 runs")
        ui.press("Enter")
    ui.says("Asked to run 3 past occurrences of “Nightly”.")
    with opened(ui, "Pause", "Pause “Nightly”", back=False):
        ui.tab_to("Reason")
        ui.type("Stocktaking")
        ui.press("Enter")
    ui.says("Paused by tests: Stocktaking.")

    ui.open("#/jobs")
    ui.page.get_by_role("link", name="Weekly").wait_for()
    ui.tab_to("Choose all on this page")
    ui.press("Space")
    with opened(ui, "Disable", "Disable: many jobs"):
        ui.says("2 would be changed")
        ui.tab_to("Disable 2 jobs")
        ui.press("Enter")
        ui.dialog("Disable: what was done").wait_for()
        ui.says("2 changed")
        ui.press("Escape")
        ui.dialog("Disable: what was done").wait_for(state="detached")
    assert {each["enabled"] for each in items(served, JOBS)} == {False}


def test_template_test_and_schedule_while_words_follow_what_is_typed(served: ApiProcess, ui: Ui) -> None:
    ui.open("#/notifications/templates/new")
    ui.tab_to("Name")
    ui.type("Order ready")
    ui.tab_to("Subject")
    ui.type("Hello {{ name")
    ui.tab_to("Text")
    ui.type("Your order is ready.")
    preview = ui.page.get_by_role("region", name="Preview")
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        preview.get_by_text("subject: ").wait_for()
        ui.tab_to("Create")
        ui.press("Enter")
        expect(ui.field("Subject")).to_have_attribute("aria-invalid", "true")
        ui.tab_to("Subject")
        ui.press("End")
        ui.type(" }}")
        ui.tab_to("Add a variable")
        ui.press("Enter")
        ui.tab_to("Name", back=True)
        ui.type("name")
        ui.tab_to("Default")
        ui.type("friend")
        preview.get_by_text("Hello friend").wait_for()
    ui.tab_to("Create")
    ui.press("Enter")
    expect(ui.heading("Order ready")).to_be_visible()

    with opened(ui, "Send a test", "Test of Order ready"):
        ui.tab_to("E-mail")
        ui.type("ada@")
        with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
            ui.press("Enter")
            expect(ui.field("E-mail")).to_have_attribute("aria-invalid", "true")
        ui.tab_to("E-mail")
        ui.press("End")
        ui.type("example.com")
        ui.press("Enter")
    ui.says("A test is on its way by email.")

    asked: list[tuple[str, str]] = []
    ui.page.on("request", lambda request: asked.append((request.method, request.url.removeprefix(ui.base_url))))
    title = "Schedule “Order ready”"
    with opened(ui, "⏰ Schedule", title, back=False):
        ui.tab_to("Addresses")
        ui.type("ada@example.com, bob@example.com")
        ui.tab_to("Once")
        while ui.focused != "Cron":
            ui.press("ArrowRight")
        ui.tab_to("Cron expression")
        ui.press("ControlOrMeta+a")
        with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
            ui.type("0 9 * *")
            ui.says("write 5 fields")
            ui.type(" MON#2")
            ui.says("on the 2nd Monday of the month")
        ui.says(re.compile("^2 e-mails"))
        leave_by_mistake(ui, title, ui.field("Cron expression"), "0 9 * * MON#2")
        ui.tab_to("Send a test first")
        ui.press("Enter")
        ui.tab_to("E-mail")
        ui.type("ada@example.com")
        ui.press("Enter")
        ui.dialog("Test of Order ready").wait_for(state="detached")
        assert ui.focused == "Send a test first"
        assert ("POST", SCHEDULED) not in asked, "only the test was sent"
        ui.tab_to("Schedule it")
        ui.press("Enter")
    expect(ui.heading("Order ready")).to_be_visible()
    assert [each["schedule"]["expression"] for each in items(served, SCHEDULED)] == ["0 9 * * MON#2"]


def test_tokens_and_maintenance(served: ApiProcess, ui: Ui) -> None:
    ui.open("#/admin/tokens")
    with opened(ui, "New token", "New token", back=False):
        ui.tab_to("Name")
        ui.type("CI")
        leave_by_mistake(ui, "New token", ui.field("Name"), "CI")
        ui.press("Enter")
    ui.dialog("Token “CI”").wait_for()
    ui.tab_to("I have kept it")
    ui.press("Enter")
    ui.dialog("Token “CI”").wait_for(state="detached")
    assert ui.focused == "New token"

    ui.open("#/admin/maintenance")
    ui.tab_to("Reason")
    ui.type("The database moves")
    ui.tab_to("Start maintenance")
    ui.press("Enter")
    ui.dialog("Start maintenance?").wait_for()
    ui.tab_to("Start it")
    ui.press("Enter")
    ui.says("Maintenance is on; nothing starts any more.")
    ui.tab_to("End maintenance")
    ui.press("Enter")
    ui.says("Maintenance has ended; jobs start again.")
    assert served.request("GET", "/api/admin/scheduler/maintenance").json()["active"] is False
