"""Dynamic Scheduler: jobs made, run, changed and deleted by hand and by keyboard alone."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.api_process import ApiProcess
from tests.support.browser import Ui
from tests.support.http_objects import create

JOBS = "/api/admin/scheduler/jobs"
HOURLY = {"kind": "interval", "every": "1h"}
pytestmark = [pytest.mark.xdist_group("browser-jobs"), pytest.mark.usefixtures("running")]


def a_job(api: ApiProcess, **fields: Any) -> dict[str, Any]:
    return create(api, JOBS, {"name": "Import", "template": "noop", "params": {}, "schedule": HOURLY, **fields})


def test_a_job_is_made_with_the_form_and_its_run_succeeds(served: ApiProcess, ui: Ui) -> None:
    ui.open("#/jobs/new")
    ui.page.get_by_role("link", name="Webhook Trigger").click()
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        ui.button("Create job").click()
        expect(ui.field("Name")).to_have_attribute("aria-invalid", "true")
        ui.field("Name").fill("Hook")
        ui.button("Create job").click()
        expect(ui.field("Address")).to_have_attribute("aria-invalid", "true")
    ui.field("Address").fill("https://example.com/hook")
    ui.page.get_by_label("Dry run").check()
    ui.button("Add to Secret headers").click()
    headers = ui.page.get_by_role("group", name="Secret headers")
    headers.get_by_label("Name").fill("X-Key")
    headers.get_by_label(re.compile("^Value")).fill("a secret value")
    ui.page.get_by_label("Cron", exact=True).check()
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        ui.field("Cron expression").fill("0 9 * *")
        expect(ui.page.get_by_text("write 5 fields")).to_be_visible()
    ui.field("Cron expression").fill("0 9 * * MON#2")
    expect(ui.page.get_by_text("At 09:00, on the 2nd Monday of the month ")).to_be_visible()
    ui.button("Create job").click()
    expect(ui.heading("Hook")).to_be_visible()
    ui.button("Run now").click()
    ui.button("Run now", within=ui.page.get_by_role("dialog")).click()
    expect(ui.page.get_by_role("row", name=re.compile("succeeded.*manual"))).to_be_visible()
    ui.button("Edit").click()
    expect(ui.page.get_by_text("A value is stored; it stays unless you type another one.")).to_be_visible()
    ui.button("Save").click()
    expect(ui.heading("Hook")).to_be_visible()
    (job,) = served.request("GET", f"{JOBS}?q=Hook").json()["items"]
    assert job["params"]["secretHeaders"] == {"X-Key": "***"}
    assert job["schedule"]["expression"] == "0 9 * * MON#2"


def test_a_change_that_meets_another_shows_both_and_loses_nothing(served: ApiProcess, ui: Ui) -> None:
    job = a_job(served, name="Ours")
    ui.open(f"#/jobs/{job['id']}/edit")
    ui.field("Name").fill("Mine")
    theirs = served.request("PATCH", f"{JOBS}/{job['id']}", json={"name": "Theirs"}, headers={"If-Match": '"1"'})
    assert theirs.status_code == 200
    dialog = ui.dialog("Somebody else was faster")
    with ui.expecting(HTTPStatus.PRECONDITION_FAILED):
        ui.button("Save").click()
        expect(dialog.get_by_role("row", name="name Theirs Mine")).to_be_visible()
        ui.button("Keep editing", within=dialog).click()
        expect(ui.field("Name")).to_have_value("Mine")
        ui.button("Save").click()
        ui.button("Save mine over it", within=dialog).click()
        expect(ui.heading("Mine")).to_be_visible()


def test_a_run_is_cancelled_and_retried_and_the_job_paused_and_resumed(served: ApiProcess, ui: Ui) -> None:
    job = a_job(served, params={"duration": "10m"})
    ui.open(f"#/jobs/{job['id']}")
    ui.button("Run now").click()
    ui.button("Run now", within=ui.page.get_by_role("dialog")).click()
    for place, then in ((1, "Retry"), (2, None)):
        expect(ui.page.get_by_role("row", name=re.compile("running"))).to_be_visible()
        ui.button("Cancel run").click()
        ui.button("Cancel the run", within=ui.page.get_by_role("dialog")).click()
        expect(ui.page.get_by_role("row", name=re.compile("cancelled"))).to_have_count(place)
        if then:
            ui.button(then).click()
    ui.button("Run now").click()
    dialog = ui.page.get_by_role("dialog")
    dialog.get_by_label("With other parameters, for this run only").check()
    dialog.get_by_label("Duration").fill("1ms")
    ui.button("Run now", within=dialog).click()
    expect(ui.page.get_by_role("row", name=re.compile("succeeded"))).to_be_visible()
    ui.button("Pause").click()
    ui.page.get_by_role("dialog").get_by_label("Reason").fill("Stocktaking")
    ui.button("Pause", within=ui.page.get_by_role("dialog")).click()
    expect(ui.page.get_by_text("Paused by tests: Stocktaking.")).to_be_visible()
    ui.button("Resume").click()
    expect(ui.page.get_by_role("button", name="Pause", exact=True)).to_be_visible()


def test_many_jobs_at_once_and_a_delete_that_is_undone(served: ApiProcess, ui: Ui) -> None:
    for name in ("one", "two", "three"):
        a_job(served, name=name, labels={"team": "crm" if name != "three" else "shop"})
    ui.open("#/jobs")
    ui.page.get_by_role("button", name="team=crm").first.click()
    expect(ui.page.get_by_role("link", name="three")).to_have_count(0)
    ui.page.get_by_label("Choose all on this page").check()
    ui.button("Pause", within=ui.page.get_by_role("region", name="Chosen jobs")).click()
    dialog = ui.page.get_by_role("dialog")
    expect(dialog.get_by_text("2 would be changed")).to_be_visible()
    ui.button("Pause 2 jobs", within=dialog).click()
    expect(dialog.get_by_text("2 changed")).to_be_visible()
    dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(ui.page.get_by_role("row", name=re.compile("paused"))).to_have_count(2)
    ui.page.get_by_label("Actions for one").click()
    ui.button("Delete", within=ui.page.get_by_role("dialog")).click()
    expect(ui.page.get_by_role("link", name="one", exact=True)).to_have_count(0)
    ui.button("Undo").click()
    expect(ui.page.get_by_role("link", name="one", exact=True)).to_be_visible()
    ui.page.get_by_label("Actions for two").click()
    ui.button("Delete", within=ui.page.get_by_role("dialog")).click()
    ui.button("Dismiss").click()
    expect(ui.page.get_by_role("link", name="two", exact=True)).to_have_count(0)
    assert {job["name"] for job in served.request("GET", JOBS).json()["items"]} >= {"one", "three"}


def test_a_job_is_made_by_keyboard_alone(ui: Ui) -> None:
    ui.open("#/jobs/new/noop")
    expect(ui.field("Name")).to_be_visible()
    ui.tab_to("Name")
    ui.type("By keyboard")
    ui.tab_to("Daily")
    ui.press("ArrowRight")
    ui.tab_to("Saturday")
    ui.press("Space")
    expect(ui.page.get_by_text("on Monday to Saturday")).to_be_visible()
    ui.tab_to("Create job")
    ui.press("Enter")
    expect(ui.heading("By keyboard")).to_be_visible()
    ui.tab_to("Edit")
    ui.press("Space")
    expect(ui.page.get_by_label("Weekly")).to_be_checked()
