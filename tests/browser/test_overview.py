"""The overview, and the banner of every screen, over a real daemon."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from playwright.sync_api import expect
from pymongo.database import Database

from shared.clock import rfc3339
from shared.collections import SCHEDULER_STATE
from shared.models.scheduler_state import HEARTBEAT_PREFIX
from tests.support.api_process import ApiProcess
from tests.support.browser import WAIT_MS, OpenUi, Ui
from tests.support.daemon_process import DaemonProcess
from tests.support.http_objects import create_job
from tests.support.waiting import wait_until

MAINTENANCE = "/api/admin/scheduler/maintenance"
STATUS = "**/api/admin/scheduler/status"
OLD_AFTER_MS = 20_000
ANY_REVISION = {"If-Match": "*"}
ALL_IS_WELL = re.compile("All is well:")
AWAY = "The daemon is away: nothing runs and nothing is sent until it is back."


def alarm_codes(api: ApiProcess) -> list[str]:
    return [alarm["code"] for alarm in api.request("GET", "/api/admin/scheduler/status").json()["alarms"]]


def counted_failures(api: ApiProcess) -> int:
    """Daemons add to the statistics every few seconds."""
    now = datetime.now(UTC)
    span = f"from={rfc3339(now - timedelta(hours=1))}&to={rfc3339(now)}"
    hours = api.request("GET", f"/api/admin/scheduler/statistics?{span}").json()["hours"]
    return sum(hour.get("failed", 0) for hour in hours)


def test_it_tells_what_failed_and_that_the_daemon_is_away_until_it_is_back(
    daemon: Callable[..., DaemonProcess],
    api: Callable[..., ApiProcess],
    open_ui: OpenUi,
    db: Database[dict[str, Any]],
) -> None:
    served, running = api(), daemon(DAEMON_LEASE_TTL_SECONDS=3)
    policies = {"retry": {"maxAttempts": 1}}
    job = create_job(served, "noop", name="Nightly import", params={"outcome": "failure"}, policies=policies)
    path = f"/api/admin/scheduler/jobs/{job['id']}"
    ui = open_ui(served, timezone_id="Asia/Tokyo")
    ui.open("#/")
    ui.says("All is well")
    for failures in range(1, 4):
        assert served.request("POST", f"{path}/run").status_code == HTTPStatus.ACCEPTED
        wait_until(lambda count=failures: served.request("GET", path).json()["consecutiveFailures"] == count)
    ui.look_again()
    alarms = ui.page.get_by_role("list", name="Alarms")
    alarms.get_by_text("1 job(s) fail again and again: “Nightly import” (3 in a row).").wait_for()
    assert ui.page.get_by_text(ALL_IS_WELL).count() == 0
    failures_panel = ui.page.get_by_role("region", name="Failures of the last day")
    failures_panel.get_by_text("3 failures").wait_for()
    failures_panel.get_by_text("failed, as its parameters ask").wait_for()
    failures_panel.get_by_role("button", name="Retry").click()
    ui.says("Asked to run it again, as a new run.")
    failures_panel.get_by_role("link", name="failed runs of Nightly import").click()
    ui.page.get_by_role("heading", name="Runs", level=1).wait_for()
    expect(ui.page.get_by_role("textbox", name="Job", exact=True)).to_have_value("Nightly import")
    ui.page.get_by_role("table", name="Runs").get_by_role("link", name="Nightly import").first.wait_for()

    wait_until(lambda: counted_failures(served) == 4)
    ui.open("#/")
    coming = ui.page.get_by_role("region", name="Next 24 hours")
    coming.get_by_role("link", name="Nightly import").wait_for()
    coming.get_by_text("in 4 minutes").wait_for()
    every_time_of_the_overview_says_its_zone(ui)
    running.kill9()
    running.wait()
    long_ago = {"$dateSubtract": {"startDate": "$beatAt", "unit": "second", "amount": 60}}
    db[SCHEDULER_STATE].update_many({"_id": {"$regex": f"^{HEARTBEAT_PREFIX}"}}, [{"$set": {"beatAt": long_ago}}])
    assert (
        served.request("PUT", MAINTENANCE, json={"reason": "a new disk"}, headers=ANY_REVISION).status_code
        == HTTPStatus.OK
    )
    ui.look_again()
    ui.says(AWAY)
    ui.says("Maintenance: nothing starts. a new disk")
    away = alarms.get_by_role("listitem").filter(has_text="daemon away")
    away.get_by_text("Asia/Tokyo. Nothing runs until it is back.").wait_for()
    assert away.locator("time").get_attribute("title", timeout=WAIT_MS) is not None
    coming.get_by_text("The daemon is away: nothing of this starts until it is back.").wait_for()
    assert coming.get_by_text(re.compile(r"\bin \d|\bago\b")).count() == 0
    ui.open(f"#/jobs/{job['id']}")
    next_ones = ui.page.get_by_role("region", name="Next occurrences")
    next_ones.get_by_text("nothing of this starts until it is back").wait_for()
    next_ones.get_by_role("table").wait_for()
    assert next_ones.get_by_text(re.compile(r"\bin \d|\bago\b")).count() == 0

    daemon(DAEMON_LEASE_TTL_SECONDS=3)
    wait_until(lambda: "daemon_away" not in alarm_codes(served))
    ui.open("#/")
    ui.page.get_by_text(AWAY).wait_for(state="detached")
    ui.says("Maintenance: nothing starts. a new disk")
    assert served.request("PATCH", path, json={"enabled": False}, headers=ANY_REVISION).status_code == HTTPStatus.OK
    wait_until(lambda: alarm_codes(served) == [])
    ui.look_again()
    ui.says("No alarm, but nothing starts: maintenance mode is on")
    assert served.request("DELETE", MAINTENANCE, headers=ANY_REVISION).status_code == HTTPStatus.NO_CONTENT
    ui.look_again()
    ui.says(re.compile("No alarm now.*But . of the . runs of the last day failed"))
    ui.open("#/admin/daemons")
    ui.page.get_by_role("table", name="Daemons").get_by_text("leader").wait_for()


def every_time_of_the_overview_says_its_zone(ui: Ui) -> None:
    hours = ui.page.get_by_role("region", name="Next 24 hours")
    both = re.compile(r"\d Asia/Tokyo \(.*\d UTC\): \d")
    expect(hours.get_by_role("listitem").first).to_have_attribute("title", both)
    hours.get_by_text("Hours of Asia/Tokyo.").wait_for()
    ui.page.get_by_role("region", name="Runs per hour").get_by_text("Times of Asia/Tokyo.").wait_for()
    ended = ui.page.get_by_role("region", name="Runs by day and hour").locator("td:has(.failed)")
    expect(ended.first).to_have_attribute("title", both)


def test_nobody_claims_that_all_is_well_while_the_database_does_not_answer(
    daemon: Callable[..., DaemonProcess], api: Callable[..., ApiProcess], open_ui: OpenUi
) -> None:
    served = api()
    daemon()
    wait_until(lambda: alarm_codes(served) == [])
    ui = open_ui(served)
    ui.page.clock.install()
    ui.open("#/")
    ui.says("All is well")
    problem = {"title": "Service Unavailable", "code": "store_unavailable", "detail": "MongoDB does not answer."}
    refusal = {"status": HTTPStatus.SERVICE_UNAVAILABLE.value, "json": problem}
    with ui.expecting(HTTPStatus.SERVICE_UNAVAILABLE):
        ui.page.route(STATUS, lambda route: route.fulfill(**refusal))
        ui.look_again()
        ui.says("Nobody knows whether all is well.")
        ui.says("MongoDB does not answer. The last that is known is from")
        assert ui.page.get_by_text(ALL_IS_WELL).count() == 0
        ui.page.get_by_role("link", name="Calendars").click()
        ui.page.get_by_role("heading", name="Calendars", level=1).wait_for()
        ui.says("MongoDB does not answer. What you see may be old")
        ui.page.unroute(STATUS)
        ui.look_again()
        ui.page.get_by_text("MongoDB does not answer").wait_for(state="detached")
    ui.open("#/")
    ui.says("All is well")
    ui.page.route(STATUS, lambda _: None)  # MongoDB is frozen: no answer for now
    ui.page.clock.fast_forward(OLD_AFTER_MS)
    ui.says("The API takes long to answer. The last that is known is from")
