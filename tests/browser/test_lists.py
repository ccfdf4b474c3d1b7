"""Lists as people use them: found again, told of how many, acted on as a whole, and shown to whoever may only read."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi, Ui
from tests.support.http_objects import create, create_job, create_welcome_template, ended_run, schedule_welcome, soon
from tests.support.stack import Stack

JOBS = "/api/admin/scheduler/jobs"
ONCE = {"retry": {"maxAttempts": 1}}
RARELY = {"kind": "interval", "every": "30d"}
pytestmark = [pytest.mark.xdist_group("browser-lists"), pytest.mark.usefixtures("running")]


def changed(api: ApiProcess, job: dict[str, Any], **fields: Any) -> None:
    answer = api.request("PATCH", f"{JOBS}/{job['id']}", json=fields, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


def test_a_list_is_found_again_as_it_was_left(served: ApiProcess, ui: Ui) -> None:
    for number in range(60):
        create_job(served, "noop", name=f"Sync {number:02}", schedule=RARELY, labels={"team": "crm"})
    create_job(served, "noop", name="Other", schedule=RARELY)
    ui.open("#/jobs")
    ui.page.get_by_label("Search names").fill("sync")
    expect(ui.page.get_by_text("Page 1, 50 rows of 60")).to_be_visible()
    ui.button("Next").click()
    expect(ui.page.get_by_text("Page 2, 10 rows of 60")).to_be_visible()
    left = ui.page.url
    ui.page.get_by_role("link", name="Sync 55").click()
    expect(ui.heading("Sync 55")).to_be_visible()
    ui.page.go_back()
    expect(ui.page.get_by_text("Page 2, 10 rows of 60")).to_be_visible()
    expect(ui.page.get_by_label("Search names")).to_have_value("sync")
    ui.button("Previous").click()
    expect(ui.page.get_by_text("Page 1, 50 rows of 60")).to_be_visible()
    ui.page.go_back()
    ui.page.go_back()
    expect(ui.page.get_by_text("Page 1, 50 rows of 60")).to_be_visible()
    ui.open("#/runs")
    ui.page.goto(left)  # as somebody else opens it
    expect(ui.page.get_by_text("Page 2, 10 rows of 60")).to_be_visible()
    ui.page.get_by_label("Label", exact=True).fill("crm")
    expect(ui.page.get_by_text("Write name=value")).to_be_visible()
    assert ui.page.locator("datalist option").evaluate_all("all => all.map((each) => each.value)") == ["team=crm"]
    ui.page.get_by_label("Label", exact=True).fill("team=shop")
    expect(ui.page.get_by_role("heading", name="No job fits")).to_be_visible()
    ui.button("Show all").click()
    expect(ui.page.get_by_text(re.compile("Page 1, 50 rows of 6"))).to_be_visible()
    expect(ui.page.get_by_label("Search names")).to_have_value("")


def test_all_that_fit_are_acted_on_with_a_preview_in_portions_and_an_account(served: ApiProcess, ui: Ui) -> None:
    for number in range(30):
        create_job(served, "noop", name=f"Bulk {number:02}", schedule=RARELY)
    ui.open("#/jobs?q=Bulk")
    fitting = ui.page.get_by_role("region", name="All jobs that fit")
    fitting.get_by_label("All that fit the filters:").select_option("delete")
    dialog = ui.page.get_by_role("dialog")
    expect(dialog.get_by_text("30 would be changed")).to_be_visible()
    expect(dialog.get_by_role("cell", name="would change", exact=True)).to_have_count(30)
    delete = ui.button("Delete 30 jobs", within=dialog)
    assert "danger" in (delete.get_attribute("class") or "")
    asked: list[Route] = []

    def hold_the_second(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.continue_()

    ui.page.route("**/jobs/bulk", hold_the_second)
    delete.click()
    expect(dialog.get_by_text("25 of 30 are done")).to_be_visible()
    asked[1].continue_()
    expect(dialog.get_by_text("30 changed")).to_be_visible()
    with ui.page.expect_download() as download:
        ui.button("Save as CSV", within=dialog).click()
    saved = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert (len(saved), saved[0]) == (31, "Id,Name,Outcome,Why")
    dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(ui.page.get_by_role("heading", name="No job fits")).to_be_visible()


def test_who_may_only_read_sees_who_changed_what_and_no_way_to_change_it(
    served: ApiProcess, stack: Stack, open_ui: OpenUi
) -> None:
    arabic = "مزامنة"
    job = create_job(served, "noop", name=arabic, schedule=RARELY, params={"outcome": "failure"}, policies=ONCE)
    changed(served, job, labels={"team": "crm"})
    run = ended_run(served, job)
    long = "\n".join(f"line {number} of what went wrong" for number in range(80))
    stack.database.job_runs.update_one({"_id": run["id"]}, {"$set": {"error.message": long}})
    wave = schedule_welcome(served, ["ada@example.com"], soon(86_400), name="First wave")
    token = create(served, "/api/admin/tokens", {"name": "reader", "role": "viewer", "expiresIn": "1d"})["token"]
    viewer = open_ui(served, token=token)
    viewer.open("#/jobs")
    expect(viewer.page.get_by_role("link", name=arabic)).to_have_attribute("dir", "auto")
    assert viewer.page.get_by_role("columnheader", name="Actions").count() == 0
    viewer.page.get_by_role("link", name=arabic).click()
    changes = viewer.page.get_by_role("table", name="Changes")
    expect(changes.get_by_role("row")).to_have_count(3)
    changes.get_by_text("labels", exact=False).first.click()
    expect(changes.get_by_role("rowheader", name="labels.team")).to_be_visible()
    assert viewer.page.get_by_role("columnheader", name="Actions").count() == 0
    viewer.page.get_by_label("State", exact=True).select_option("succeeded")
    expect(viewer.page.get_by_text("No run is in this state")).to_be_visible()
    viewer.page.reload()
    expect(viewer.page.get_by_text("No run is in this state")).to_be_visible()
    viewer.open(f"#/notifications/scheduled/{wave['id']}")
    expect(viewer.page.get_by_role("table", name="Changes").get_by_role("cell", name="created")).to_be_visible()
    viewer.open(f"#/runs/{run['id']}")
    expect(viewer.heading(f"Run of {arabic}")).to_be_visible()
    error = viewer.page.get_by_text("line 0 of what went wrong")
    expect(error).to_have_count(1)
    folded = error.bounding_box()
    viewer.button("Show all").click()
    expect(viewer.button("Show less")).to_be_visible()
    unfolded = error.bounding_box()
    assert folded is not None
    assert unfolded is not None
    assert folded["height"] * 5 < unfolded["height"]


def test_administrators_are_told_what_it_is_about_and_where_it_is_in_force(
    served: ApiProcess, stack: Stack, ui: Ui
) -> None:
    job = create_job(served, "noop", name="Nightly", schedule=RARELY)
    changed(served, job, labels={"team": "crm"})
    gone = create_job(served, "noop", name="Gone", schedule=RARELY)
    assert served.request("DELETE", f"{JOBS}/{gone['id']}", headers={"If-Match": "*"}).status_code == 204
    template = create_welcome_template(served)
    ui.open("#/admin/audit")
    rows = ui.page.get_by_role("table", name="Changes").get_by_role("row")
    patch = rows.filter(has_text="job.update").filter(has_text="Nightly")
    expect(patch.get_by_role("link", name="Nightly")).to_be_visible()
    expect(rows.filter(has_text="job.create").filter(has_text="Gone").get_by_role("link")).to_have_count(0)
    made = rows.filter(has_text="notification_template.create").get_by_role("link", name="Welcome").first
    assert (made.get_attribute("href") or "").endswith(template)
    ui.page.get_by_label("Action", exact=True).select_option("job.delete")
    expect(rows.filter(has_text="job.create")).to_have_count(0)
    expect(rows.filter(has_text="Gone")).to_have_count(1)
    assert "tests" in ui.page.locator("datalist option").evaluate_all("all => all.map((each) => each.value)")
    state = stack.database.scheduler_state
    alive = state.find_one({"_id": re.compile("^daemon:")}) or {}
    holder = {**alive["holder"], "instance": "before"}
    before = {**alive, "_id": "daemon:before", "holder": holder, "beatAt": alive["startedAt"] - timedelta(minutes=1)}
    state.insert_one(before)
    ui.open("#/admin/daemons")
    expect(ui.page.get_by_role("row", name=re.compile("before.*replaced"))).to_be_visible()
    expect(ui.page.get_by_role("row", name=re.compile("alive"))).to_have_count(1)
    state.delete_one({"_id": "daemon:before"})
    ui.open("#/admin/settings")
    folder = ui.page.get_by_role("row", name=re.compile("DAEMON_RUNTIME_FOLDER"))
    expect(folder.get_by_text(str(stack.folder))).to_be_visible()
    bound = ui.page.get_by_role("row", name=re.compile("API_BIND"))
    expect(bound.get_by_text(served.base_url.removeprefix("http://"))).to_be_visible()
