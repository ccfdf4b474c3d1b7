"""Nothing typed is ever lost, nor the focus: lost sessions, dialogs, messages, refused forms, conflicts, deletions."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi, Ui
from tests.support.http_objects import create, create_job, create_welcome_template, schedule_welcome, soon

JOBS = "/api/admin/scheduler/jobs"
TOKENS = "/api/admin/tokens"
HOURLY = {"kind": "interval", "every": "1h", "timezone": "Asia/Tokyo"}
LONGER_THAN_MESSAGES = 60_000
pytestmark = [pytest.mark.xdist_group("browser-dialogs"), pytest.mark.usefixtures("running")]


@pytest.fixture
def ui(served: ApiProcess, open_ui: OpenUi) -> Ui:
    """A page of its own for each test, on which no time passes but what the test lets pass."""
    shown = open_ui(served)
    shown.page.clock.install()
    return shown


def a_token(api: ApiProcess, name: str) -> dict[str, Any]:
    return create(api, TOKENS, {"name": name, "role": "editor", "expiresIn": "1d"})


def revoke(api: ApiProcess, token: dict[str, Any]) -> None:
    assert api.request("DELETE", f"{TOKENS}/{token['id']}", headers={"If-Match": "*"}).ok


def stored(api: ApiProcess, job: dict[str, Any]) -> int:
    """Whether the API has it: the status of its answer."""
    return api.request("GET", f"{JOBS}/{job['id']}").status_code


def press(place: Any, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def name_field(place: Any) -> Locator:
    field: Locator = place.get_by_role("textbox", name=re.compile(r"^Name( \*)?$"))
    return field.first


def test_a_form_outlives_the_session_for_the_same_person_alone(served: ApiProcess, open_ui: OpenUi) -> None:
    first, bob = a_token(served, "Ada"), a_token(served, "Bob")
    template = create_welcome_template(served)
    ui = open_ui(served, token=first["token"])
    ui.open("#/jobs/new/noop")
    name_field(ui.page).fill("Typed before")
    lost = ui.dialog("Sign in again")
    with ui.expecting(HTTPStatus.UNAUTHORIZED):
        revoke(served, first)
        expect(lost.get_by_text("The token is unknown, revoked or expired.")).to_be_visible()
        expect(lost.get_by_label("Token")).to_be_focused()
        ui.press("Escape", "Escape")
        lost.get_by_label("Token").fill("no-such-token")
        press(lost, "Sign in")
        expect(lost.get_by_role("alert")).to_be_visible()
        second = a_token(served, "Ada")
        lost.get_by_label("Token").fill(second["token"])
        press(lost, "Sign in")
        expect(lost).to_have_count(0)
    expect(name_field(ui.page)).to_have_value("Typed before")
    expect(name_field(ui.page)).to_be_focused()
    press(ui.page, "Create job")
    expect(ui.heading("Typed before")).to_be_visible()

    ui.page.evaluate(f"location.hash = '#/notifications/templates/{template}'")
    press(ui.page, "⏰ Schedule")
    modal = ui.dialog("Schedule “Welcome”")
    name_field(modal).fill("Typed in a dialog")
    with ui.expecting(HTTPStatus.UNAUTHORIZED):
        revoke(served, second)
        lost.get_by_label("Token").fill(bob["token"])
        expect(name_field(modal)).to_have_value("Typed in a dialog")
        press(lost, "Sign in")
        expect(lost).to_have_count(0)
    expect(modal).to_have_count(0)
    expect(ui.page.get_by_role("navigation", name="Main").get_by_text("Bob")).to_be_visible()
    expect(name_field(ui.page)).to_have_value("Welcome")


def test_a_form_in_a_form_leaves_the_guard_and_every_dialog_gives_the_focus_back(served: ApiProcess, ui: Ui) -> None:
    job = create_job(served, "noop", name="Under the focus")
    template = create_welcome_template(served)
    ui.open("#/jobs")
    ui.page.evaluate(f"location.hash = '#/notifications/templates/{template}'")
    clock = ui.button("⏰ Schedule")
    clock.focus()
    ui.press("Enter")
    modal = ui.dialog("Schedule “Welcome”")
    expect(name_field(modal)).to_be_focused()
    name_field(modal).fill("Typed")
    press(modal, "Send a test first")
    test = ui.dialog("Test of Welcome")
    expect(test.get_by_label("E-mail")).to_be_focused()
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        press(test, "Send it")
        expect(test.get_by_role("alert")).to_be_visible()
        expect(modal.get_by_role("alert")).to_have_count(1)  # the form around it was not sent
    ui.press("Escape")
    expect(test).to_have_count(0)
    expect(modal.get_by_role("button", name="Send a test first")).to_be_focused()
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    ui.page.on("dialog", stay)
    with ui.page.expect_event("dialog"):
        ui.page.evaluate("history.back()")
    expect(name_field(modal)).to_have_value("Typed")
    assert asked == ["What you typed is not saved. Leave it?"]
    question = ui.dialog("Leave without saving?")
    for _ in range(2):
        ui.press("Escape")
        expect(question.get_by_role("button", name="Cancel")).to_be_focused()
        ui.press("Escape")
        expect(question).to_have_count(0)
        expect(modal.get_by_role("button", name="Send a test first")).to_be_focused()
    ui.press("Escape")
    press(question, "Leave it")
    expect(modal).to_have_count(0)
    expect(clock).to_be_focused()
    assert len(asked) == 1

    ui.open(f"#/jobs/{job['id']}")
    ui.button("Pause").focus()
    ui.press("Enter")
    pause = ui.dialog("Pause “Under the focus”")
    expect(pause.get_by_label("Reason")).to_be_focused()
    ui.page.keyboard.type("Stocktaking")
    ui.press("Enter")
    expect(ui.button("Resume")).to_be_focused()
    ui.press("Enter")
    expect(ui.button("Pause")).to_be_focused()


def test_a_secret_is_closed_by_one_button_alone_and_messages_are_read_over_dialogs(served: ApiProcess, ui: Ui) -> None:
    ui.open("#/admin/tokens")
    ui.button("New token").click()
    name_field(ui.dialog("New token")).fill("CRM")
    press(ui.dialog("New token"), "Make token")
    secret = ui.dialog("Token “CRM”")
    expect(secret.get_by_label("Token", exact=True)).to_be_focused()
    question = ui.dialog("Is the token kept?")
    for close in ("Escape", "Escape", "✕"):
        press(secret, "Close") if close == "✕" else ui.press(close)
        expect(question.get_by_role("button", name="Back to the token")).to_be_focused()
        ui.press("Enter")
        expect(question).to_have_count(0)
        expect(secret.get_by_label("Token", exact=True)).to_have_value(re.compile("^.{20,}$"))
    press(secret, "Copy")
    message = secret.get_by_role("status").filter(has_text=re.compile("Copied|does not allow"))
    expect(message).to_be_visible()
    message.get_by_role("button", name="Dismiss").click()
    press(secret, "I have kept it")
    expect(ui.button("New token")).to_be_focused()

    job = create_job(served, "noop", name="Changed meanwhile")
    ui.open("#/jobs")
    ui.page.get_by_label("Actions for Changed meanwhile").click()
    actions = ui.dialog("Changed meanwhile")
    changed = served.request("PATCH", f"{JOBS}/{job['id']}", json={"enabled": True}, headers={"If-Match": "*"})
    assert changed.ok
    with ui.expecting(HTTPStatus.PRECONDITION_FAILED):
        press(actions, "Disable")
        press(actions.get_by_role("status"), "Dismiss")
    expect(actions.get_by_role("heading", name="Changed meanwhile")).to_be_focused()
    ui.press("Escape")
    expect(ui.page.get_by_label("Actions for Changed meanwhile")).to_be_focused()


def test_a_message_stays_while_it_has_the_pointer_or_the_focus(served: ApiProcess, ui: Ui) -> None:
    job = create_job(served, "noop", name="Held")
    ui.open(f"#/jobs/{job['id']}")
    ui.button("Delete").click()
    undo = ui.button("Undo")
    undo.hover()
    ui.page.clock.run_for(LONGER_THAN_MESSAGES)
    undo.focus()
    ui.page.mouse.move(5, 5)
    ui.page.clock.run_for(LONGER_THAN_MESSAGES)
    expect(undo).to_be_focused()
    assert stored(served, job) == HTTPStatus.OK
    with ui.page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        ui.press("Tab", "Tab")
        ui.page.clock.run_for(LONGER_THAN_MESSAGES)
    assert deleted.value.status == HTTPStatus.NO_CONTENT
    expect(undo).to_have_count(0)


def test_what_is_deleted_is_deleted_before_the_session_ends_and_says_so_until_then(served: ApiProcess, ui: Ui) -> None:
    job = create_job(served, "noop", name="Going")
    ui.open("#/jobs")
    ui.page.get_by_role("link", name="Going", exact=True).click()
    ui.button("Delete").click()
    expect(ui.heading("Jobs")).to_be_visible()
    ui.page.evaluate("history.back()")
    ui.says("This job is being deleted.")
    expect(ui.button("Run now")).to_have_count(0)
    press(ui.page.get_by_role("main"), "Undo")
    expect(ui.button("Run now")).to_be_visible()
    ui.button("Delete").click()
    expect(ui.heading("Jobs")).to_be_visible()
    ui.button("Sign out").click()
    expect(ui.page.get_by_label("Token")).to_be_visible()
    assert ui.page.get_by_text("Send Authorization").count() == 0
    assert stored(served, job) == HTTPStatus.NOT_FOUND
    with ui.expecting(HTTPStatus.NOT_FOUND):
        ui.page.evaluate(f"location.hash = '#/jobs/{job['id']}'")
        ui.page.reload()
        expect(ui.heading("Job")).to_be_visible()
        ui.page.get_by_role("main").get_by_role("link", name="Jobs: all of them").click()
        expect(ui.heading("Jobs")).to_be_visible()
        ui.open("#/runs/nope")
        ui.says("There is no run nope yet. If it was just asked for, it appears here when the daemon takes it.")
        ui.page.clock.run_for(LONGER_THAN_MESSAGES)
        expect(ui.heading("No such run")).to_be_visible()
        ui.button("Look again").click()
        expect(ui.heading("Run")).to_be_visible()
        ui.page.get_by_role("link", name="All runs").click()
        expect(ui.heading("Runs")).to_be_visible()


def test_a_refused_form_leads_to_each_wrong_field_and_forgets_what_is_mended(served: ApiProcess, ui: Ui) -> None:
    template = create_welcome_template(served)
    ui.open(f"#/notifications/templates/{template}")
    ui.button("⏰ Schedule").click()
    modal = ui.dialog("Schedule “Welcome”")
    name_field(modal).fill("")
    sending = modal.locator("summary", has_text="Sending")
    sending.click()
    modal.get_by_label("Expires after").fill("soon")
    sending.click()
    expect(modal.get_by_label("Expires after")).to_be_hidden()
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        press(modal, "Schedule it")
        summary = modal.get_by_role("alert")
        expect(summary.get_by_role("listitem").filter(has_text=re.compile("^Name: "))).to_be_visible()
    expect(modal.get_by_label("Expires after")).to_be_visible()
    expect(summary).not_to_contain_text("expiresAfter")
    summary.get_by_role("button", name=re.compile("^Expires after: ")).click()
    expect(modal.get_by_label("Expires after")).to_be_focused()
    ui.page.keyboard.type("2h")
    expect(modal.get_by_label("Expires after")).not_to_have_attribute("aria-invalid", "true")
    expect(summary.get_by_role("button", name=re.compile("^Expires after: "))).to_have_count(0)
    expect(name_field(modal)).to_have_attribute("aria-invalid", "true")


def test_a_conflict_is_told_in_the_words_of_the_form_and_says_that_theirs_is_paused(served: ApiProcess, ui: Ui) -> None:
    job = create_job(served, "noop", name="Labelled", labels={"team": "crm"})
    ui.open(f"#/jobs/{job['id']}/edit")
    name_field(ui.page).fill("Mine")
    theirs = served.request("PATCH", f"{JOBS}/{job['id']}", json={"labels": {}}, headers={"If-Match": '"1"'})
    assert theirs.ok
    conflict = ui.dialog("Somebody else was faster")
    with ui.expecting(HTTPStatus.PRECONDITION_FAILED):
        press(ui.page, "Save")
        expect(conflict.get_by_role("rowheader")).to_have_text(["Name", "Labels: team"])
    press(conflict, "Keep editing")
    expect(ui.button("Save")).to_be_focused()

    notice = schedule_welcome(served, ["ada@example.com"], soon(86_400))
    ui.page.on("dialog", lambda dialog: dialog.accept())
    ui.open(f"#/notifications/scheduled/{notice['id']}")
    ui.button("Edit").click()
    path = f"/api/notifications/scheduled/{notice['id']}/pause"
    assert served.request("POST", path, json={"reason": "Stocktaking"}, headers={"If-Match": "*"}).ok
    with ui.expecting(HTTPStatus.PRECONDITION_FAILED):
        press(ui.dialog("Edit Welcome wave"), "Save")
        expect(conflict.get_by_text("It is paused now, by tests: Stocktaking.")).to_be_visible()
    press(conflict, "Save mine over it")
    expect(conflict).to_have_count(0)
    assert served.request("GET", path.removesuffix("/pause")).json()["pause"]["reason"] == "Stocktaking"


def test_maintenance_asks_and_exact_times_are_shown_without_a_mouse(served: ApiProcess, ui: Ui) -> None:
    ui.open("#/admin/maintenance")
    question = ui.dialog("Start maintenance?")
    for answer, active in (("Cancel", False), ("Start it", True)):
        ui.button("Start maintenance").click()
        question.get_by_text("Nothing starts and nothing is sent in any daemon until it ends.").wait_for()
        press(question, answer)
        expect(ui.button("End maintenance")).to_have_count(int(active))
        assert served.request("GET", "/api/admin/scheduler/maintenance").json()["active"] is active
    ui.button("End maintenance").click()
    ui.says("Maintenance is off.")

    create_job(served, "noop", name="In Tokyo", schedule=HOURLY)
    ui.open("#/jobs")
    row = ui.page.get_by_role("row").filter(has_text="In Tokyo")
    expect(row.locator("time[title*='Asia/Tokyo']")).to_be_visible()
    assert ui.page.locator("time[tabindex]").count() == 0
    ui.button("Exact times").focus()
    ui.press("Enter")
    expect(row.locator("time").first).to_have_text(re.compile(r"\d\d:\d\d:\d\d Asia/Tokyo.*\d\d:\d\d:\d\d UTC"))
    expect(ui.button("Exact times")).to_have_attribute("aria-pressed", "true")
