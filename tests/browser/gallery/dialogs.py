"""What is looked at beside the screens: dialogs, and what the API or the daemon has to say."""

import re
from collections.abc import Callable
from http import HTTPStatus

from tests.browser.gallery.scenes import Scene
from tests.support.bookshop import notices, work
from tests.support.bookshop.shop import Shop
from tests.support.browser import Ui
from tests.support.http_objects import items

CALENDARS = "/api/admin/scheduler/calendars"
_PEOPLE = "name,email,timezone\nAda,ada@example.com,Europe/Paris\nBob,bob@example.com,Asia/Tokyo\n"


def _job(name: str, shows: str, *buttons: str) -> Scene:
    return Scene(
        name,
        "/jobs/:id",
        "timed out",
        of=lambda shop: shop.jobs[work.STOCK],
        act=_pressing(shows, *buttons),
        dialog=True,
    )


def _pressing(shows: str, *names: str) -> Callable[[Ui, Shop], None]:
    def press(ui: Ui, shop: Shop) -> None:
        for name in names:
            ui.button(name).first.click()
        ui.page.get_by_role("dialog").last.get_by_text(shows).first.wait_for()

    return press


def fill_schedule(ui: Ui, shop: Shop) -> None:
    """From the clock to the coming sends in words."""
    ui.button(f"Schedule {notices.READY}").click()
    modal = ui.page.get_by_role("dialog")
    modal.get_by_label(re.compile("warehouse staff")).check()
    modal.get_by_label("Daily").check()
    modal.get_by_text("6 e-mails and 6 SMS").first.wait_for()
    modal.get_by_role("button", name="Schedule it").scroll_into_view_if_needed()


def _backfill(ui: Ui, shop: Shop) -> None:
    ui.button("Backfill").click()
    dialog = ui.page.get_by_role("dialog")
    dialog.get_by_label(re.compile("^From")).fill("2026-11-02T00:00")
    dialog.get_by_label(re.compile("^To")).fill("2026-11-06T23:00")
    dialog.get_by_text("15 runs").wait_for()


def _bulk(ui: Ui, shop: Shop) -> None:
    ui.page.get_by_label("Choose all on this page").check()
    ui.page.get_by_role("region", name="Chosen jobs").get_by_role("button", name="Pause", exact=True).click()
    ui.page.get_by_role("dialog").get_by_text("would be changed").wait_for()


def _choose(ui: Ui, shop: Shop) -> None:
    ui.page.get_by_label("Choose all on this page").check()
    ui.page.get_by_role("region", name="Chosen jobs").wait_for()


def _import(ui: Ui, shop: Shop) -> None:
    ui.button("Import CSV").click()
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": _PEOPLE.encode()}
    ui.page.get_by_label("CSV file").set_input_files(file)  # type: ignore[arg-type]  # a dictionary is allowed
    ui.says("Nothing is changed yet.")


def _refused(ui: Ui, shop: Shop) -> None:
    ui.page.get_by_role("button", name="Create job").click()
    ui.page.locator("[aria-invalid=true]").first.wait_for()


def _conflict(ui: Ui, shop: Shop) -> None:
    ui.button("Edit Public holidays").click()
    dialog = ui.dialog("Edit Public holidays")
    dialog.get_by_label("Name").first.fill("Holidays")
    (stored,) = [each for each in items(shop.api, CALENDARS) if each["name"] == "Public holidays"]
    theirs = {"name": stored["name"], "timezone": "Europe/London", "entries": stored["entries"]}
    answer = shop.api.request("PUT", f"{CALENDARS}/{stored['id']}", json=theirs, headers={"If-Match": "*"})
    assert answer.status_code == HTTPStatus.OK, answer.text
    ui.button("Save calendar").click()
    ui.dialog("Somebody else was faster").get_by_text("Europe/London").first.wait_for()


def _versions(ui: Ui, shop: Shop) -> None:
    ui.button("Versions").click()
    ui.button("Compare version 1").click()
    ui.page.get_by_role("dialog").get_by_text("six new novels").first.wait_for()


def _make_token(ui: Ui, shop: Shop) -> None:
    ui.button("New token").click()
    dialog = ui.dialog("New token")
    dialog.get_by_label("Name").fill("Till at the door")
    dialog.get_by_role("button", name="Make token").click()
    ui.dialog("Token “Till at the door”").wait_for()


def _undo(ui: Ui, shop: Shop) -> None:
    ui.page.get_by_label("Actions for Tidy the system").click()
    ui.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    ui.button("Undo").wait_for()


def _change(ui: Ui, shop: Shop) -> None:
    ui.button(re.compile("^Show the change token.revoke"), exact=False).first.click()
    ui.page.get_by_role("dialog").get_by_role("rowheader", name="revokedAt").wait_for()


DIALOGS: tuple[Scene, ...] = (
    Scene("schedule-notification", "/notifications/templates", notices.READY, act=fill_schedule, dialog=True),
    _job("run-now", "With other parameters", "Run now"),
    _job("pause", "what it misses is not caught up", "Pause"),
    Scene(
        "backfill", "/jobs/:id", "timed out", of=lambda shop: shop.jobs[work.STOCK], act=_backfill, dialog=True
    ),
    Scene("jobs-chosen", "/jobs", work.EXPORT, act=_choose),
    Scene("bulk", "/jobs", work.EXPORT, act=_bulk, dialog=True),
    Scene("job-actions", "/jobs", work.EXPORT, act=_pressing("Backfill", f"Actions for {work.EXPORT}"), dialog=True),
    Scene("job-deleted", "/jobs", work.EXPORT, act=_undo),
    Scene(
        "job-form-refused", "/jobs/new/:template", "Create job", of=lambda _: "data_export", act=_refused,
        expects=(HTTPStatus.UNPROCESSABLE_ENTITY,),
    ),
    Scene("job-quarantined", "/jobs/:id", work.MALFORMED, of=lambda _: "publishers"),
    Scene("job-paused", "/jobs/:id", "The fair is closed", of=lambda shop: shop.jobs[work.PAUSED]),
    Scene(
        "cancel-run", "/runs/:id", "checkout: passed", of=lambda shop: shop.runs["running"],
        act=_pressing("Cancel the run", "Cancel run"), dialog=True,
    ),
    Scene("calendar", "/calendars", "Public holidays", act=_pressing("Add a day", "Edit Public holidays"), dialog=True),
    Scene(
        "conflict", "/calendars", "Public holidays", act=_conflict, dialog=True,
        expects=(HTTPStatus.PRECONDITION_FAILED,),
    ),
    Scene("confirm", "/calendars", "Warehouse closed", act=_pressing("Cancel", "Delete Warehouse closed"), dialog=True),
    Scene(
        "test-send", "/notifications/templates", notices.READY,
        act=_pressing("The newest saved version", f"Test {notices.READY}"), dialog=True,
    ),
    Scene(
        "versions", "/notifications/templates/:id", "Version 3", of=lambda shop: shop.templates[notices.NEWSLETTER],
        act=_versions, dialog=True,
    ),
    Scene(
        "edit-scheduled", "/notifications/scheduled/:id", "Coming sends",
        of=lambda shop: shop.scheduled[notices.WEEKLY], act=_pressing("Recipients", "Edit"), dialog=True,
    ),
    Scene(
        "decide", "/notifications/queue/:id", "What became of it?", of=lambda shop: shop.messages["unknown"],
        act=_pressing("Counts as sent", "It arrived"), dialog=True,
    ),
    Scene(
        "recipient", "/notifications/recipients", "Dana Whitfield",
        act=_pressing("Opt-outs", "Edit Dana Whitfield"), dialog=True,
    ),
    Scene("import", "/notifications/recipients", "Amelia Hart", act=_import, dialog=True),
    Scene("group", "/notifications/groups", "Customers", act=_pressing("24 members", "Edit Customers"), dialog=True),
    Scene(
        "suppression", "/notifications/suppressions", "press@example.org",
        act=_pressing("Reason", "Add an address"), dialog=True,
    ),
    Scene("new-token", "/admin/tokens", "Point of sale", act=_pressing("Make token", "New token"), dialog=True),
    Scene("token-shown", "/admin/tokens", "Point of sale", act=_make_token, dialog=True),
    Scene("change", "/admin/audit", "api_tokens", act=_change, dialog=True),
    Scene("not-found", "/nowhere", "There is no screen at this address."),
)  # fmt: skip
