"""Documents that somebody put straight into the database: shown with their reason, and nobody else is stopped."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess
from tests.support.documents import job_document
from tests.support.http_objects import create_job, create_notification_jobs, items, schedule_welcome, soon
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import wait_until

StartDaemon = Callable[..., DaemonProcess]
StartApi = Callable[..., ApiProcess]

JOBS: list[dict[str, Any]] = [
    {"_id": "bare"},
    {"_id": ObjectId("0123456789abcdef01234567"), "name": 5, "schedule": [], "enabled": "yes"},
    job_document("odd-schedule", schedule={"kind": "cron", "expression": "never"}),
    job_document("odd-due", plannedRevision=1, daemon={"nextRun": "2026-11-23T09:00:00Z"}),
]
NOTIFICATIONS: list[dict[str, Any]] = [
    {"_id": "bare"},
    {"_id": "odd", "name": "x", "recipients": 7, "schedule": {"kind": "once", "at": "soon"}, "revision": 1},
    {"_id": "odd-due", "plannedRevision": 1, "revision": 1, "daemon": {"nextRun": "noon"}},
]
MESSAGES: list[dict[str, Any]] = [
    {"_id": "bare"},
    {"_id": "odd-state", "state": "thinking", "channel": "email"},
    {"_id": "odd-due", "state": "pending", "channel": "email", "sendAfter": "now", "recipient": 5},
    {"_id": "odd-channel", "state": "pending", "channel": "pigeon"},
]


def test_malformed_documents_are_shown_with_their_reason_and_stop_nothing_else(
    audited: None, daemon: StartDaemon, api: StartApi, smtp_server: SmtpServer, db: Database[dict[str, Any]]
):
    running = daemon(**smtp_server.environment)
    served = api()
    create_notification_jobs(served)
    db.dynamic_jobs.insert_many([dict(each) for each in JOBS])
    db.scheduled_notifications.insert_many([dict(each) for each in NOTIFICATIONS])
    db.notification_queue.insert_many([dict(each) for each in MESSAGES])
    due = {"_id": "odd-recipient", "state": "pending", "channel": "email", "sendAfter": soon(0), "recipient": 5}
    db.notification_queue.insert_one(due)
    schedule_welcome(served, ["ada@example.com"], soon(1))
    smtp_server.wait_messages(1)

    wait_until(lambda: quarantined(served, "/api/admin/scheduler/jobs") == {str(each["_id"]) for each in JOBS})
    wait_until(
        lambda: quarantined(served, "/api/notifications/scheduled") == {str(each["_id"]) for each in NOTIFICATIONS},
        timeout=20,
    )
    expected = {str(each["_id"]) for each in (*MESSAGES, due)}
    wait_until(lambda: set(dead(served)) == expected, timeout=20, message="malformed messages")
    assert all(error["message"] for error in dead(served).values())
    assert running.is_running
    assert not running.log_events("loop_failed")


def quarantined(api: ApiProcess, path: str) -> set[str]:
    found = [item for item in items(api, path) if item["state"] == "quarantined"]
    assert all(item["problem"] for item in found)
    return {item["id"] for item in found}


def dead(api: ApiProcess) -> dict[str, dict[str, Any]]:
    return {item["id"]: item["lastError"] for item in items(api, "/api/notifications/queue") if item["state"] == "dead"}


CRON_THAT_NEVER_FIRES = {"kind": "cron", "expression": "0 0 30 2 *", "timezone": "UTC"}
UNKNOWN_ZONE = {"kind": "cron", "expression": "0 9 * * *", "timezone": "Mars/Base"}


@pytest.fixture
def before(api: StartApi, daemon: StartDaemon, db: Database[dict[str, Any]]) -> ApiProcess:
    daemon()
    served = api()
    wait_until(lambda: items(served, "/api/admin/scheduler/templates"))
    return served


def test_bad_input_is_refused_with_the_field_and_writes_nothing(before: ApiProcess, db: Database[dict[str, Any]]):
    good: dict[str, Any] = {"name": "Job", "template": "noop", "schedule": {"kind": "interval", "every": "5m"}}
    path = "/api/admin/scheduler/jobs"
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"data": "{", "headers": {"Content-Type": "application/json"}}, 400, ""),
        ({"data": "name=Job", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 415, ""),
        ({"json": [good]}, 400, ""),
        ({"json": good | {"enabled": "perhaps"}}, 422, "enabled"),
        ({"json": good | {"colour": "red"}}, 422, "colour"),
        ({"json": good | {"template": "unheard_of"}}, 422, "template"),
        ({"json": good | {"params": {"outcome": "applause"}}}, 422, "params.outcome"),
        ({"json": good | {"schedule": CRON_THAT_NEVER_FIRES}}, 422, "schedule.expression"),
        ({"json": good | {"schedule": UNKNOWN_ZONE}}, 422, "schedule.timezone"),
        ({"json": good | {"schedule": {"kind": "interval", "every": "soon"}}}, 422, "schedule.every"),
    ]
    for arguments, status, field in cases:
        answer = before.request("POST", path, **arguments)
        assert answer.status_code == status, (arguments, answer.text)
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert problem["code"]
        assert problem["requestId"]
        if field:
            assert field in [error["field"] for error in problem["errors"]], problem
    assert db.dynamic_jobs.count_documents({}) == 0
    assert create_job(before, "noop")["state"] == "active"
