"""Tokens, maintenance mode, calendars and the audit log in the browser."""

from http import HTTPStatus

import pytest

from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi, Ui
from tests.support.http_objects import items

CALENDARS = "/api/admin/scheduler/calendars"
pytestmark = pytest.mark.xdist_group("browser-administration")


def test_a_token_is_made_shown_once_used_and_revoked(served: ApiProcess, open_ui: OpenUi) -> None:
    ui = open_ui(served)
    ui.open("#/admin/tokens")
    ui.button("New token").click()
    dialog = ui.dialog("New token")
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        dialog.get_by_role("button", name="Make token").click()
        dialog.get_by_label("Name").and_(ui.page.locator("[aria-invalid]")).wait_for()
    dialog.get_by_label("Name").fill("CRM")
    dialog.get_by_role("button", name="Make token").click()
    secret = ui.dialog("Token “CRM”").get_by_label("Token", exact=True).input_value()
    ui.button("I have kept it").click()
    assert ui.page.get_by_text(secret).count() == 0
    theirs = open_ui(served, token=secret)
    theirs.open("#/runs")
    menu = theirs.page.get_by_role("navigation", name="Main")
    menu.get_by_role("link", name="Daemons").wait_for()
    assert menu.get_by_role("link", name="Tokens").count() == 0
    ui.button("Revoke CRM").click()
    ui.dialog("Revoke this token?").get_by_role("button", name="Revoke").click()
    ui.page.get_by_role("cell", name="revoked").wait_for()
    with theirs.expecting(HTTPStatus.UNAUTHORIZED):
        theirs.says("The token is unknown, revoked or expired.")
    ui.open("#/admin/audit?action=token.revoke")
    ui.button("Show the change token.revoke", exact=False).click()
    ui.page.get_by_role("dialog").get_by_role("rowheader", name="revokedAt").wait_for()


def test_maintenance_is_started_told_everywhere_and_ended(ui: Ui) -> None:
    ui.open("#/admin/maintenance")
    ui.says("Maintenance is off.")
    ui.page.get_by_label("Reason").fill("The database moves")
    ui.button("Start maintenance").click()
    ui.dialog("Start maintenance?").get_by_role("button", name="Start it").click()
    ui.says("Maintenance is on; nothing starts any more.")
    ui.page.get_by_role("link", name="Runs").click()
    ui.says("Maintenance: nothing starts. The database moves")
    ui.page.get_by_role("link", name="Maintenance mode").click()
    ui.button("End maintenance").click()
    ui.says("Maintenance is off.")
    ui.page.get_by_text("Maintenance: nothing starts.").wait_for(state="detached")


def test_a_calendar_is_written_by_keyboard_and_a_conflict_shows_both_versions(served: ApiProcess, ui: Ui) -> None:
    ui.open("#/calendars")
    ui.tab_to("New calendar")
    ui.press("Enter")
    ui.dialog("New calendar").wait_for()
    ui.tab_to("Name")
    ui.page.keyboard.type("Holidays")
    ui.tab_to("Add a day")
    ui.press("Enter")
    ui.tab_to("What")
    ui.page.keyboard.type("Christmas")
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        ui.press("Enter")
        ui.dialog("New calendar").get_by_label("First day").and_(ui.page.locator("[aria-invalid]")).wait_for()
    ui.tab_to("First day")
    ui.page.keyboard.type("12252026")
    ui.press("Enter")
    ui.says("“Holidays” is saved.")
    (stored,) = items(served, CALENDARS)
    assert stored["entries"] == [{"name": "Christmas", "first": "2026-12-25", "last": "2026-12-25"}]
    ui.button("Edit Holidays").click()
    changed = {**{name: stored[name] for name in ("timezone", "entries")}, "name": "Holidays of Paris"}
    headers = {"If-Match": f'"{stored["revision"]}"'}
    assert (
        served.request("PUT", f"{CALENDARS}/{stored['id']}", json=changed, headers=headers).status_code == HTTPStatus.OK
    )
    ui.page.get_by_label("What").fill("Christmas Day")
    with ui.expecting(HTTPStatus.PRECONDITION_FAILED):
        ui.button("Save calendar").click()
        conflict = ui.dialog("Somebody else was faster")
        conflict.get_by_role("cell", name="Holidays of Paris").wait_for()
    conflict.get_by_role("button", name="Save mine over it").click()
    ui.dialog("Edit Holidays").wait_for(state="detached")
    (stored,) = items(served, CALENDARS)
    assert (stored["name"], stored["entries"][0]["name"]) == ("Holidays", "Christmas Day")
