"""What the frame promises on every screen: whoever signs in learns what they may do, and no address blanks the page."""

import json
from http import HTTPStatus

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi, Ui
from tests.support.http_objects import create, create_job

TOKENS = "/api/admin/tokens"
SCHEDULER = "/api/admin/scheduler"
pytestmark = [pytest.mark.xdist_group("browser-robustness"), pytest.mark.usefixtures("running")]

PARIS = "Europe/Paris"
NOVEMBER = "2026-11-"

# (now, moment, told): around midnights and changes of the clock of Paris, and where rounding lied.
RELATIVE = [
    ("29T22:30:00Z", "30T23:30:00Z", "in 2 days"),  # Sunday 23:30, Tuesday 00:30: 25 hours
    ("29T09:00:00Z", "30T11:00:00Z", "tomorrow"),
    ("29T09:00:00Z", "30T08:59:59Z", "in 23 hours"),
    ("29T09:00:00Z", "29T09:59:59Z", "in 59 minutes"),
    ("29T09:00:00Z", "29T09:00:59.900Z", "in 59 seconds"),
    ("29T09:00:00Z", "29T09:00:00.400Z", "now"),
    ("29T09:00:00.400Z", "29T09:00:00Z", "now"),
    ("29T09:00:00Z", "29T07:00:01Z", "1 hour ago"),
    ("29T09:00:00Z", "28T08:00:00Z", "yesterday"),
    ("29T23:30:00Z", "28T22:30:00Z", "2 days ago"),
    ("29T09:00:00Z", "13T09:00:00Z", "16 days ago"),
]
LONG_DAY = ("2026-10-24T22:00:00Z", "2026-10-25T22:30:00Z", "in 24 hours")  # 25 October in Paris has 25 hours


def token_of(api: ApiProcess, role: str) -> str:
    return str(create(api, TOKENS, {"name": f"the {role}", "role": role})["token"])


def rights(ui: Ui, name: str) -> Locator:
    return ui.page.get_by_role("region", name=name, exact=True)


def test_whoever_signs_in_learns_what_they_may_do_and_lands_where_they_may_be(
    running: ApiProcess, open_ui: OpenUi
) -> None:
    job = create_job(running, "noop", name="Nightly import")
    ui = open_ui(running, token=token_of(running, "viewer"))
    ui.open("")
    ui.heading("Overview").wait_for()
    ui.page.get_by_role("link", name="the viewer", exact=True).click()
    ui.heading("You").wait_for()
    rights(ui, "You may").get_by_text("see everything but exports, tokens and the audit log").wait_for()
    rights(ui, "You may not").get_by_text("pause and resume").wait_for()
    ui.open("#/admin/tokens")
    ui.says("The screen “Tokens” is for those who may make and revoke tokens")
    ui.page.get_by_role("link", name="What you may do", exact=True).click()
    ui.heading("You").wait_for()

    ui = open_ui(running, token=token_of(running, "switcher"))
    ui.open("")
    ui.heading("You").wait_for()
    ui.says("Your token sees no jobs and no other screen")
    assert "If-Match" in ui.page.get_by_label("Pause a job").inner_text()
    assert ui.button("Run now").count() == 0
    ui.field("Job id").fill(job["id"])
    ui.button("Pause").click()
    ui.says("“Nightly import” is paused.")
    assert running.request("GET", f"{SCHEDULER}/jobs/{job['id']}").json()["pause"] is not None
    ui.button("Resume").click()
    ui.says("“Nightly import” goes on.")

    ui = open_ui(running, token=token_of(running, "runner"))
    ui.open("")
    ui.heading("You").wait_for()
    rights(ui, "You may").get_by_text("see the runs that you asked for").wait_for()
    ui.field("Job id").fill(job["id"])
    with ui.expecting(HTTPStatus.NOT_FOUND):  # until the daemon has taken it
        ui.button("Run now").click()
        ui.heading("Run of Nightly import").wait_for()


@pytest.mark.parametrize("screen", ["runs", "admin/audit"])
def test_an_address_with_a_senseless_time_is_answered_at_its_field(ui: Ui, screen: str) -> None:
    with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):
        ui.open(f"#/{screen}?from=x")
        ui.says("“x” is no time: choose one.")
        ui.page.get_by_label("From").fill("2026-11-29T10:00")
        ui.page.get_by_text("is no time").wait_for(state="detached")


def test_no_address_and_no_answer_blanks_the_page(ui: Ui) -> None:
    ui.open("#/jobs/%E0%A4%A")
    ui.says("There is no screen at this address.")
    broken = {"items": [{"id": "r", "jobId": "j", "state": "failed", "scheduledFor": "yesterday"}], "nextCursor": None}
    answer = {"content_type": "application/json", "body": json.dumps(broken)}
    ui.page.route(f"**{SCHEDULER}/runs?*", lambda route: route.fulfill(**answer))  # type: ignore[arg-type]
    ui.page.route(f"**{SCHEDULER}/runs", lambda route: route.fulfill(**answer))  # type: ignore[arg-type]
    ui.open("#/runs?state=failed")
    ui.heading("This screen broke").wait_for()
    assert ui.page.get_by_role("link", name="Without filters").get_attribute("href") == "#/runs"
    ui.page.get_by_role("link", name="Calendars").click()
    ui.heading("Calendars").wait_for()
    ui.page.get_by_role("link", name="Runs").click()
    ui.heading("This screen broke").wait_for()
    ui.page.unroute(f"**{SCHEDULER}/runs?*")
    ui.page.unroute(f"**{SCHEDULER}/runs")
    ui.button("Try again").click()
    ui.heading("Runs").wait_for()


def test_runs_are_filtered_by_a_job_that_is_chosen_by_its_name_with_the_keyboard(
    running: ApiProcess, open_ui: OpenUi
) -> None:
    jobs = [create_job(running, "noop", name=name) for name in ("Hourly sync", "Hourly report", "Mail")]
    ui = open_ui(running)
    ui.open("#/runs")
    field = ui.page.get_by_role("combobox", name="Job", exact=True)
    field.fill("hour")
    options = ui.page.get_by_role("listbox", name="Jobs").get_by_role("option")
    expect(options).to_have_count(2)
    ui.press("Escape")
    options.first.wait_for(state="hidden")
    ui.press("ArrowDown")
    expect(options.filter(has_text="Hourly sync")).to_have_attribute("aria-selected", "true")
    ui.press("Enter")
    expect(ui.page.get_by_role("textbox", name="Job", exact=True)).to_have_value("Hourly sync")
    assert ui.page.url.endswith(f"#/runs?jobId={jobs[0]['id']}")
    expect(ui.button("Any job")).to_be_focused()
    ui.press("Enter")
    expect(field).to_be_focused()
    assert ui.page.url.endswith("#/runs")


def test_relative_times_never_say_more_than_it_is_and_know_the_calendar(ui: Ui) -> None:
    ui.open("#/")
    cases = [(f"{NOVEMBER}{now}", f"{NOVEMBER}{moment}", told) for now, moment, told in RELATIVE]
    asked = [[now, moment, PARIS] for now, moment, _ in (*cases, LONG_DAY)]
    told = ui.page.evaluate(
        """async (asked) => {
          const address = performance.getEntriesByType("resource").find((each) => each.name.endsWith("/core/time.js"));
          const { relative } = await import(address.name);
          return asked.map(([now, moment, zone]) => relative(moment, Date.parse(now), zone));
        }""",
        asked,
    )
    assert told == [words for _, _, words in (*cases, LONG_DAY)]


def test_a_slow_answer_is_waited_for_and_not_asked_for_anew(ui: Ui) -> None:
    held: list[Route] = []
    ui.page.clock.install()
    ui.page.route("**/api/admin/scheduler/maintenance", lambda route: held.append(route))
    with ui.page.expect_request("**/api/admin/scheduler/maintenance"):
        ui.open("#/admin/maintenance")
    ui.page.clock.run_for(11_000)  # it is read every five seconds
    assert len(held) == 1
    held[0].continue_()
    ui.says("Maintenance is off.")
