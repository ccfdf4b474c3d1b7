"""Runs in the browser, over a real daemon: the log while it is written, cancelling, and running again."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus

import pytest
from playwright.sync_api import expect

from tests.support.api_process import ApiProcess
from tests.support.browser import Ui
from tests.support.http_objects import create_job
from tests.support.stack import Stack
from tests.support.waiting import wait_until

RUNS = "/api/admin/scheduler/runs"
GATE = "gate"
pytestmark = pytest.mark.xdist_group("browser-runs")


@pytest.fixture(scope="module")
def daemon_settings(stack: Stack) -> Mapping[str, str]:
    """A suite that writes its second page when the gate is there."""
    gate = stack.folder / GATE
    suite = f"sh -c 'echo first page; while [ ! -e {gate} ]; do sleep 0.05; done; echo second page'"
    return {"TEST_SUITES": json.dumps({"smoke": suite})}


def start_run(api: ApiProcess, job_id: str) -> str:
    """The id of a run that runs."""
    answer = api.request("POST", f"/api/admin/scheduler/jobs/{job_id}/run")
    assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
    run = str(answer.json()["runId"])
    wait_until(lambda: api.request("GET", f"{RUNS}/{run}").json().get("state") == "running")
    return run


def test_the_log_of_a_run_is_followed_while_it_is_written(running: ApiProcess, ui: Ui, stack: Stack) -> None:
    job = create_job(running, "test_scheduler", name="Smoke tests", params={"suite": "smoke"})
    run = start_run(running, job["id"])
    ui.open(f"#/runs/{run}")
    log = ui.page.get_by_role("log")
    log.get_by_text("first page").wait_for()
    clock = log.locator("time").filter(has_text=re.compile(r"^\d\d:\d\d:\d\d\.\d{3}$"))
    expect(clock).to_have_attribute("title", re.compile(r"\d{4}, \d\d:\d\d:\d\d UTC$"))
    ui.says(re.compile(r"Times of \S+\."))
    ui.says("1 line, more may come")
    (stack.folder / GATE).touch()
    log.get_by_text("second page").wait_for()
    ui.says("smoke: exit code 0")
    ui.button("Cancel run").wait_for(state="detached")
    ui.page.get_by_label("Search the log").fill("SECOND")
    ui.says("1 of 2 lines")
    log.get_by_text("first page").wait_for(state="detached")


def test_a_run_is_cancelled_and_run_again(running: ApiProcess, ui: Ui) -> None:
    job = create_job(running, "noop", name="Rebuild the index", params={"duration": "10m"})
    run = start_run(running, job["id"])
    ui.open("#/runs?state=running")
    ui.page.get_by_role("link", name="Run of Rebuild the index, running").click()
    ui.button("Cancel run").click()
    ui.dialog("Cancel this run?").get_by_role("button", name="Cancel the run").click()
    ui.button("Retry").wait_for()
    assert running.request("GET", f"{RUNS}/{run}").json()["state"] == "cancelled"
    with ui.expecting(HTTPStatus.NOT_FOUND):  # until the daemon has taken the command
        ui.button("Retry").click()
        ui.page.wait_for_url(re.compile("#/runs/(?!" + re.escape(run.replace(":", "%3A")) + ")"))
        ui.button("Cancel run").wait_for()
    ui.open(f"#/runs?jobId={job['id']}&state=cancelled")
    ui.page.get_by_role("cell", name="cancelled").first.wait_for()
    ui.page.get_by_label("State").select_option("timed_out")
    ui.says("No run fits")
    ui.button("Show all runs").click()
    ui.page.get_by_role("link", name="Run of Rebuild the index, running").wait_for()
