"""From an empty database to two mails in the sink, over HTTP only, on real processes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pymongo.database import Database

from tests.benchmarks.documents import due_job
from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess
from tests.support.http_objects import create_notification_jobs, items, schedule_welcome, soon
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import wait_until

StartDaemon = Callable[..., DaemonProcess]
StartApi = Callable[..., ApiProcess]


def test_two_mails_leave_within_a_second_of_their_time_although_the_jobs_say_every_five_minutes(
    audited: None, daemon: StartDaemon, api: StartApi, smtp_server: SmtpServer
):
    daemon(**smtp_server.environment)
    served = api()
    types = {template["type"] for template in items(served, "/api/admin/scheduler/templates")}
    assert {"email_notifier", "scheduled_notification_processor", "noop"} <= types
    jobs = create_notification_jobs(served)
    at = soon(3)
    scheduled = schedule_welcome(served, ["ada@example.com", "bob@example.com"], at)
    messages = smtp_server.wait_messages(2)
    assert sorted(message.recipients for message in messages) == [("ada@example.com",), ("bob@example.com",)]
    assert all(at <= message.arrived_at <= at + timedelta(seconds=1) for message in messages)
    assert [str(message.parsed["Subject"]) for message in messages] == ["Hello friend"] * 2

    def sent() -> bool:
        shown = served.request("GET", f"/api/notifications/scheduled/{scheduled['id']}").json()
        return bool(shown["statistics"]["sent"] == 2 and shown["state"] == "completed")

    wait_until(sent)
    ran = wait_until(lambda: {run["jobId"] for run in _succeeded(served)} == {job["id"] for job in jobs})
    assert ran
    assert len(smtp_server.messages) == 2


def _succeeded(api: ApiProcess) -> list[dict[str, object]]:
    return [run for run in items(api, "/api/admin/scheduler/runs") if run["state"] == "succeeded"]


def test_a_notification_that_was_scheduled_while_the_daemon_was_dead_leaves_when_it_is_back(
    audited: None, daemon: StartDaemon, api: StartApi, smtp_server: SmtpServer
):
    first = daemon(**smtp_server.environment)
    served = api()
    create_notification_jobs(served)
    first.kill9()
    at = soon(1)
    schedule_welcome(served, ["ada@example.com"], at)
    status = served.request("GET", "/api/admin/scheduler/status").json()
    assert status["daemons"]
    wait_until(lambda: soon(0) > at)
    daemon(**smtp_server.environment)
    (message,) = smtp_server.wait_messages(1)
    assert message.arrived_at > at


def test_ten_thousand_jobs_that_are_due_at_once_run_exactly_once(
    audited: None, daemon: StartDaemon, db: Database[dict[str, Any]]
):
    db.dynamic_jobs.insert_many([due_job(f"job-{number}", soon(0)) for number in range(10_000)])
    running = daemon()
    wait_until(lambda: db.job_runs.count_documents({"state": "succeeded"}) == 10_000, timeout=90)
    assert db.job_runs.count_documents({}) == 10_000
    assert len(db.job_runs.distinct("jobId")) == 10_000
    assert db.job_runs.count_documents({"attempt": {"$ne": 1}}) == 0
    assert db.dynamic_jobs.count_documents({"daemon.completed": True}) == 10_000
    assert len(running.log_events("Unified Scheduler initialized")) == 1
