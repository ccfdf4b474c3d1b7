"""Dynamic Scheduler: jobs made, run, changed and deleted by hand and by keyboard alone."""

import re
import secrets
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect
from pymongo import MongoClient

from tests.support.api_process import ApiProcess
from tests.support.browser import WAIT_MS, OpenUi, Ui
from tests.support.daemon_process import DaemonProcess
from tests.support.environment import SECRETS_KEY

JOBS = "/api/admin/scheduler/jobs"
HOURLY = {"kind": "interval", "every": "1h"}
expect.set_options(timeout=WAIT_MS)
pytestmark = pytest.mark.xdist_group("browser-jobs")


class Stack(NamedTuple):
    """An API with a daemon beside it, and its web UI."""

    api: ApiProcess
    shown: Ui

    @property
    def page(self) -> Page:
        return self.shown.page


@pytest.fixture(scope="module")
def running(
    mongodb_client: MongoClient[dict[str, Any]], mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiProcess]:
    """One API with a daemon beside it for all these tests: each has jobs of its own."""
    database, folder = f"test_{secrets.token_hex(8)}", tmp_path_factory.mktemp("jobs")
    given = {"MONGODB_URI": mongodb_uri, "MONGODB_DATABASE": database, "SECRETS_KEY": SECRETS_KEY}
    daemon = DaemonProcess(folder, DAEMON_RUNTIME_FOLDER=folder, **given)
    api = ApiProcess(folder, **given)
    try:
        daemon.wait_ready()
        api.wait_ready()
        api.log_in()
        yield api
    finally:
        api.end()
        daemon.end()
        mongodb_client.drop_database(database)


@pytest.fixture
def ui(running: ApiProcess, open_ui: OpenUi) -> Stack:
    """A page of its own for each test."""
    return Stack(running, open_ui(running))


def a_job(ui: Stack, **fields: Any) -> dict[str, Any]:
    body = {"name": "Import", "template": "noop", "params": {}, "schedule": HOURLY, **fields}
    answer = ui.api.request("POST", JOBS, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def heading(ui: Stack, name: str) -> Locator:
    return ui.page.get_by_role("heading", name=name, level=1, exact=True)


def field(ui: Stack, label: str) -> Locator:
    """An input by its label; a star may say that it is required."""
    return ui.page.get_by_role("textbox", name=re.compile(rf"^{label}( \*)?$"))


def press(place: Any, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def test_a_job_is_made_with_the_form_and_its_run_succeeds(ui: Stack) -> None:
    ui.shown.open("#/jobs/new")
    ui.page.get_by_role("link", name="Webhook Trigger").click()
    with ui.shown.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        press(ui.page, "Create job")
        expect(field(ui, "Name")).to_have_attribute("aria-invalid", "true")
        field(ui, "Name").fill("Hook")
        press(ui.page, "Create job")
        expect(field(ui, "Address")).to_have_attribute("aria-invalid", "true")
    field(ui, "Address").fill("https://example.com/hook")
    ui.page.get_by_label("Dry run").check()
    press(ui.page, "Add to Secret headers")
    headers = ui.page.get_by_role("group", name="Secret headers")
    headers.get_by_label("Name").fill("X-Key")
    headers.get_by_label(re.compile("^Value")).fill("a secret value")
    ui.page.get_by_label("Cron", exact=True).check()
    with ui.shown.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        field(ui, "Cron expression").fill("0 9 * *")
        expect(ui.page.get_by_text("write 5 fields")).to_be_visible()
    field(ui, "Cron expression").fill("0 9 * * MON#2")
    expect(ui.page.get_by_text("on the second Monday of the month")).to_be_visible()
    expect(ui.page.get_by_text("At 09:00, on the 2nd Monday of the month ")).to_be_visible()
    press(ui.page, "Create job")
    expect(heading(ui, "Hook")).to_be_visible()
    press(ui.page, "Run now")
    press(ui.page.get_by_role("dialog"), "Run now")
    expect(ui.page.get_by_role("row", name=re.compile("succeeded.*manual"))).to_be_visible()
    press(ui.page, "Edit")
    expect(ui.page.get_by_text("A value is stored; it stays unless you type another one.")).to_be_visible()
    press(ui.page, "Save")
    expect(heading(ui, "Hook")).to_be_visible()
    (job,) = ui.api.request("GET", f"{JOBS}?q=Hook").json()["items"]
    assert job["params"]["secretHeaders"] == {"X-Key": "***"}
    assert job["schedule"]["expression"] == "0 9 * * MON#2"


def test_a_change_that_meets_another_shows_both_and_loses_nothing(ui: Stack) -> None:
    job = a_job(ui, name="Ours")
    ui.shown.open(f"#/jobs/{job['id']}/edit")
    field(ui, "Name").fill("Mine")
    theirs = ui.api.request("PATCH", f"{JOBS}/{job['id']}", json={"name": "Theirs"}, headers={"If-Match": '"1"'})
    assert theirs.status_code == 200
    dialog = ui.shown.dialog("Somebody else was faster")
    with ui.shown.expecting(HTTPStatus.PRECONDITION_FAILED):
        press(ui.page, "Save")
        expect(dialog.get_by_role("row", name="name Theirs Mine")).to_be_visible()
        press(dialog, "Keep editing")
        expect(field(ui, "Name")).to_have_value("Mine")
        press(ui.page, "Save")
        press(dialog, "Save mine over it")
        expect(heading(ui, "Mine")).to_be_visible()


def test_a_run_is_cancelled_and_retried_and_the_job_paused_and_resumed(ui: Stack) -> None:
    job = a_job(ui, params={"duration": "10m"})
    ui.shown.open(f"#/jobs/{job['id']}")
    press(ui.page, "Run now")
    press(ui.page.get_by_role("dialog"), "Run now")
    for place, then in ((1, "Retry"), (2, None)):
        expect(ui.page.get_by_role("row", name=re.compile("running"))).to_be_visible()
        press(ui.page, "Cancel run")
        press(ui.page.get_by_role("dialog"), "Cancel the run")
        expect(ui.page.get_by_role("row", name=re.compile("cancelled"))).to_have_count(place)
        if then:
            press(ui.page, then)
    press(ui.page, "Run now")
    dialog = ui.page.get_by_role("dialog")
    dialog.get_by_label("With other parameters, for this run only").check()
    dialog.get_by_label("Duration").fill("1ms")
    press(dialog, "Run now")
    expect(ui.page.get_by_role("row", name=re.compile("succeeded"))).to_be_visible()
    press(ui.page, "Pause")
    ui.page.get_by_role("dialog").get_by_label("Reason").fill("Stocktaking")
    press(ui.page.get_by_role("dialog"), "Pause")
    expect(ui.page.get_by_text("Paused by tests: Stocktaking.")).to_be_visible()
    press(ui.page, "Resume")
    expect(ui.page.get_by_role("button", name="Pause", exact=True)).to_be_visible()


def test_many_jobs_at_once_and_a_delete_that_is_undone(ui: Stack) -> None:
    for name in ("one", "two", "three"):
        a_job(ui, name=name, labels={"team": "crm" if name != "three" else "shop"})
    ui.shown.open("#/jobs")
    ui.page.get_by_role("button", name="team=crm").first.click()
    expect(ui.page.get_by_role("link", name="three")).to_have_count(0)
    ui.page.get_by_label("Choose all on this page").check()
    press(ui.page.get_by_role("region", name="Chosen jobs"), "Pause")
    dialog = ui.page.get_by_role("dialog")
    expect(dialog.get_by_text("2 would be changed")).to_be_visible()
    press(dialog, "Pause 2 jobs")
    expect(dialog.get_by_text("2 changed")).to_be_visible()
    dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(ui.page.get_by_role("row", name=re.compile("paused"))).to_have_count(2)
    ui.page.get_by_label("Actions for one").click()
    press(ui.page.get_by_role("dialog"), "Delete")
    expect(ui.page.get_by_role("link", name="one", exact=True)).to_have_count(0)
    press(ui.page, "Undo")
    expect(ui.page.get_by_role("link", name="one", exact=True)).to_be_visible()
    ui.page.get_by_label("Actions for two").click()
    press(ui.page.get_by_role("dialog"), "Delete")
    press(ui.page, "Dismiss")
    expect(ui.page.get_by_role("link", name="two", exact=True)).to_have_count(0)
    assert {job["name"] for job in ui.api.request("GET", JOBS).json()["items"]} >= {"one", "three"}


def test_a_job_is_made_by_keyboard_alone(ui: Stack) -> None:
    ui.shown.open("#/jobs/new/noop")
    name = field(ui, "Name")
    expect(name).to_be_visible()
    keyboard = ui.page.keyboard

    def tab_to(wanted: Locator) -> None:
        for _ in range(60):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            keyboard.press("Tab")
        raise AssertionError(f"{wanted} is not reached by Tab")

    tab_to(name)
    keyboard.type("By keyboard")
    tab_to(ui.page.get_by_label("Daily"))
    keyboard.press("ArrowRight")
    tab_to(ui.page.get_by_label("Saturday"))
    keyboard.press("Space")
    expect(ui.page.get_by_text("on Monday to Saturday")).to_be_visible()
    tab_to(ui.page.get_by_role("button", name="Create job"))
    keyboard.press("Enter")
    expect(heading(ui, "By keyboard")).to_be_visible()
    tab_to(ui.page.get_by_role("button", name="Edit", exact=True))
    keyboard.press("Space")
    expect(ui.page.get_by_label("Weekly")).to_be_checked()
