"""The API while no daemon runs: everything is taken, the answers say so, and it is done when a daemon comes."""

from collections.abc import Callable
from typing import Any

from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess
from tests.support.http_objects import (
    create,
    create_job,
    create_notification_jobs,
    ended_run,
    items,
    schedule_welcome,
    soon,
)
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import wait_until

SCHEDULER = "/api/admin/scheduler"


def test_all_is_taken_while_the_daemon_is_down_and_done_when_it_is_back(
    audited: None, daemon: Callable[..., DaemonProcess], api: Callable[..., ApiProcess], smtp_server: SmtpServer
) -> None:
    first = daemon(**smtp_server.environment)
    served = api()
    existing = create_job(served, "noop", schedule={"kind": "cron", "expression": "0 0 1 1 *", "timezone": "UTC"})
    create_notification_jobs(served)
    assert _run(served, existing["id"])["daemonAlive"] is True
    ended_run(served, existing)
    first.stop()
    wait_until(lambda: not _status(served)["daemonAlive"], timeout=30)

    assert "daemon_away" in [alarm["code"] for alarm in _status(served)["alarms"]]
    assert any("away" in problem for problem in _status(served)["problems"])
    created = create_job(served, "noop", name="made meanwhile", schedule=existing["schedule"])
    edited = served.request(
        "PATCH", f"{SCHEDULER}/jobs/{existing['id']}", json={"name": "edited"}, headers={"If-Match": "*"}
    )
    assert edited.status_code == 200, edited.text
    asked = [_run(served, job_id) for job_id in (existing["id"], created["id"])]
    assert [answer["daemonAlive"] for answer in asked] == [False, False]
    schedule_welcome(served, ["ada@example.com"], soon(1))
    calendar = {
        "name": "Holidays",
        "timezone": "UTC",
        "entries": [{"name": "x", "first": "2126-12-25", "last": "2126-12-25"}],
    }
    create(served, f"{SCHEDULER}/calendars", calendar)
    preview = served.request("POST", f"{SCHEDULER}/schedules/preview", json={"schedule": existing["schedule"]})
    assert preview.status_code == 200, preview.text
    for path in ("jobs", "runs", "templates", "status", "calendars", f"jobs/{created['id']}"):
        assert served.request("GET", f"{SCHEDULER}/{path}").status_code == 200
    assert {job["name"] for job in items(served, f"{SCHEDULER}/jobs")} >= {"edited", "made meanwhile"}

    daemon(**smtp_server.environment)
    wait_until(lambda: all(_state(served, answer["runId"]) == "succeeded" for answer in asked), timeout=30)
    (message,) = smtp_server.wait_messages(1)
    assert message.recipients == ("ada@example.com",)
    assert _status(served)["daemonAlive"]


def _run(api: ApiProcess, job_id: str) -> dict[str, Any]:
    answer = api.request("POST", f"{SCHEDULER}/jobs/{job_id}/run")
    assert answer.status_code == 202, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


def _state(api: ApiProcess, run_id: str) -> str | None:
    answer = api.request("GET", f"{SCHEDULER}/runs/{run_id}")
    return str(answer.json()["state"]) if answer.status_code == 200 else None


def _status(api: ApiProcess) -> dict[str, Any]:
    status: dict[str, Any] = api.request("GET", f"{SCHEDULER}/status").json()
    return status
