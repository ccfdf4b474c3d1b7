"""Recipients, groups and opt-outs in the browser."""

from http import HTTPStatus

import pytest

from tests.support.api_process import ApiProcess
from tests.support.browser import Ui
from tests.support.http_objects import items

GROUPS = "/api/notifications/groups"

GOOD = "name,email,timezone\nAda,ada@example.com,Europe/Paris\nBob,bob@example.com,Asia/Tokyo\n"
BAD = "name,email\nAda,ada@\nBob,bob@example.com,surplus\n"
pytestmark = pytest.mark.xdist_group("browser-people")


def choose(ui: Ui, content: str) -> None:
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": content.encode()}
    ui.page.get_by_label("CSV file").set_input_files(file)  # type: ignore[arg-type]  # a dictionary is allowed


def test_people_are_imported_into_a_group_after_a_preview(served: ApiProcess, ui: Ui) -> None:
    ui.open("#/notifications/groups")
    ui.button("Add a group").first.click()
    ui.page.get_by_role("textbox", name="Name", exact=True).fill("Customers")
    ui.button("Save").click()
    ui.says("“Customers” is saved.")

    ui.open("#/notifications/recipients")
    ui.button("Import CSV").first.click()
    ui.page.get_by_label("Into the group").select_option(label="Customers")
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        choose(ui, BAD)
        ui.says("line 2.email")
        ui.says("line 3")
    assert ui.button("Import").count() == 0

    choose(ui, GOOD)
    ui.says("2 people join the group")
    ui.says("Nothing is changed yet.")
    assert items(served, "/api/notifications/recipients") == []
    ui.button("Import").click()
    ui.says("Imported: 2 new, 0 changed, 0 unchanged.")

    ui.page.get_by_label("Search", exact=True).fill("bo")
    ui.page.get_by_role("cell", name="ada@example.com").wait_for(state="detached")
    ui.page.get_by_role("cell", name="bob@example.com").wait_for()
    assert "bob" not in ui.page.url
    ui.open("#/notifications/groups")
    ui.button("Edit Customers").click()
    ui.button("Remove Ada, ada@example.com").click()
    ui.says("1 member")
    ui.button("Save").click()
    ui.page.get_by_role("cell", name="1", exact=True).wait_for()


def test_a_group_that_somebody_else_changed_shows_both_versions(served: ApiProcess, ui: Ui) -> None:
    made = served.request("POST", GROUPS, json={"name": "Ours", "members": []})
    assert made.status_code == HTTPStatus.CREATED
    ui.open("#/notifications/groups")
    ui.button("Edit Ours").click()
    path = f"{GROUPS}/{made.json()['id']}"
    theirs = served.request("PUT", path, json={"name": "Theirs", "members": []}, headers={"If-Match": '"1"'})
    assert theirs.status_code == HTTPStatus.OK
    ui.page.get_by_role("textbox", name="Name", exact=True).fill("Mine")
    conflict = ui.dialog("Somebody else was faster")
    with ui.expecting(HTTPStatus.PRECONDITION_FAILED):
        ui.button("Save").click()
        conflict.get_by_role("row", name="name Theirs Mine").wait_for()
    conflict.get_by_role("button", name="Take theirs").click()
    conflict.wait_for(state="detached")
    assert ui.page.get_by_role("textbox", name="Name", exact=True).input_value() == "Theirs"
    ui.page.get_by_role("textbox", name="Name", exact=True).fill("Mine")
    ui.button("Save").click()
    ui.says("“Mine” is saved.")
    assert "Mine" in {group["name"] for group in items(served, GROUPS)}


def test_a_recipient_is_added_with_the_keyboard_alone_and_errors_stand_at_the_fields(ui: Ui) -> None:
    ui.open("#/notifications/recipients")
    ui.tab_to("Add a recipient")
    ui.press("Enter")
    ui.dialog("Add a recipient").wait_for()
    ui.tab_to("Name")
    ui.page.keyboard.type("Grace")
    ui.tab_to("E-mail address")
    ui.page.keyboard.type("grace@")
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        ui.press("Enter")
        ui.page.locator("input[type=email][aria-invalid=true]").wait_for()
    assert ui.page.get_by_label("Name").first.input_value() == "Grace"
    ui.tab_to("E-mail address")
    ui.press("End")
    ui.page.keyboard.type("example.com")
    ui.tab_to("Add an opt-out")
    ui.press("Enter")
    ui.tab_to("Category")
    ui.page.keyboard.type("news")
    ui.tab_to("Save")
    ui.press("Enter")
    ui.says("Grace is saved.")
    ui.page.get_by_role("cell", name="news", exact=True).wait_for()

    ui.button("Edit Grace").focus()
    ui.press("Enter")
    ui.tab_to("Name")
    ui.page.keyboard.type("x")
    ui.press("Escape")
    ui.dialog("Leave without saving?").wait_for()
    ui.press("Escape")
    ui.dialog("Leave without saving?").wait_for(state="detached")
    assert ui.dialog("Edit Grace").is_visible()


def test_an_address_is_suppressed_and_taken_off_after_a_warning(ui: Ui) -> None:
    ui.open("#/notifications/suppressions")
    ui.button("Add an address").first.click()
    ui.page.get_by_label("E-mail address").last.fill("gone@example.com")
    ui.page.get_by_label("Reason").last.select_option("unsubscribed")
    ui.button("Add").click()
    ui.says("The address is on the list.")
    ui.button("Remove gone@example.com").click()
    ui.says("This person asked for no more messages.")
    ui.button("Remove").click()
    ui.says("gone@example.com is off the list.")
    ui.says("The list is empty")
