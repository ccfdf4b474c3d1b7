"""The overview, and the banner of every screen, over a real daemon."""

from collections.abc import Callable
from typing import Any

from pymongo.database import Database

from shared.collections import SCHEDULER_STATE
from shared.models.scheduler_state import HEARTBEAT_PREFIX
from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi
from tests.support.daemon_process import DaemonProcess
from tests.support.http_objects import create_job
from tests.support.waiting import wait_until

AWAY = "The daemon is away: nothing runs and nothing is sent until it is back."


def wait_until_all_is_well(api: ApiProcess) -> None:
    wait_until(lambda: api.request("GET", "/api/admin/scheduler/status").json()["alarms"] == [])


def test_it_tells_what_failed_and_that_the_daemon_is_away_until_it_is_back(
    daemon: Callable[..., DaemonProcess],
    api: Callable[..., ApiProcess],
    open_ui: OpenUi,
    db: Database[dict[str, Any]],
) -> None:
    served, running = api(), daemon(DAEMON_LEASE_TTL_SECONDS=3)
    policies = {"retry": {"maxAttempts": 1}}
    job = create_job(served, "noop", name="Nightly import", params={"outcome": "failure"}, policies=policies)
    assert served.request("POST", f"/api/admin/scheduler/jobs/{job['id']}/run").status_code == 202
    running.wait_event("run_finished")
    ui = open_ui(served)
    ui.open("#/")
    failures = ui.page.get_by_role("region", name="Failures of the last day")
    failures.get_by_role("link", name="Nightly import").wait_for()
    failures.get_by_text("failed, as its parameters ask").wait_for()
    ui.page.get_by_role("region", name="Next 24 hours").get_by_role("link", name="Nightly import").wait_for()
    running.kill9()
    running.wait()
    long_ago = {"$dateSubtract": {"startDate": "$beatAt", "unit": "second", "amount": 60}}
    db[SCHEDULER_STATE].update_many({"_id": {"$regex": f"^{HEARTBEAT_PREFIX}"}}, [{"$set": {"beatAt": long_ago}}])
    ui.says(AWAY)
    ui.page.get_by_role("list", name="Alarms").get_by_text("Nothing runs until it is back.").wait_for()
    daemon(DAEMON_LEASE_TTL_SECONDS=3)
    wait_until_all_is_well(served)
    ui.look_again()
    ui.page.get_by_text(AWAY).wait_for(state="detached")
    ui.says("All is well")
    ui.open("#/admin/daemons")
    ui.page.get_by_role("table", name="Daemons").get_by_text("leader").wait_for()
