"""What long use leaves in the database: jobs and ended runs, messages and the people who got them, the audit log."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.benchmarks.bench import Documents, insert_all
from tests.benchmarks.documents import (
    audit_entry,
    idle_job,
    person,
    scheduled_notification,
    sent_message,
    template_document,
)
from tests.benchmarks.sizes import History

MESSAGES_OF_ONE = 100
"""Messages of each scheduled notification."""
_STATES = (*("sent",) * 46, "failed", "unknown", "suppressed", "bounced")


def store(db: Documents, history: History, now: datetime) -> None:
    """Jobs that are not due, each with its share of ended runs, the latest just now; and everything else."""
    jobs = ({**idle_job(n, now), "createdAt": now - timedelta(seconds=n)} for n in range(history.jobs))
    insert_all(db.dynamic_jobs, jobs)
    insert_all(db.job_runs, _runs(history, now))
    db.notification_templates.insert_one(template_document(now))
    notifications = history.others // MESSAGES_OF_ONE + 1
    insert_all(db.scheduled_notifications, (scheduled_notification(n, now) for n in range(notifications)))
    insert_all(db.notification_queue, (_message(n, now) for n in range(history.others)))
    insert_all(db.recipients, (person(n, now) for n in range(history.others)))
    insert_all(db.audit_log, (audit_entry(n, now) for n in range(history.others)))
    db.client.admin.command("fsync")


def _runs(history: History, now: datetime) -> Iterator[dict[str, Any]]:
    for n in range(history.runs):
        at = now - timedelta(milliseconds=250 * n)
        failed = n % 50 == 0
        yield {
            "_id": f"run-{n}",
            "jobId": f"idle-{n % history.jobs}",
            "jobRevision": 1,
            "template": "noop",
            "trigger": "schedule",
            "scheduledFor": at,
            "state": "failed" if failed else "succeeded",
            "attempt": 1,
            "maxAttempts": 1,
            "interruptions": 0,
            "timeoutMs": 3_600_000,
            "backoffMs": 10_000,
            "maxBackoffMs": 3_600_000,
            "params": {},
            "priority": 0,
            "waiting": False,
            "createdAt": at,
            "createdBy": "schedule",
            "startedAt": at,
            "finishedAt": at + timedelta(milliseconds=20),
            "durationMs": 20,
            "attempts": [],
            "result": None if failed else {"summary": "done", "metrics": {}},
            "error": {"type": "ValueError", "message": "no"} if failed else None,
            "expireAt": now + timedelta(days=30),
        }


def _message(n: int, now: datetime) -> dict[str, Any]:
    """Nearly all of them were sent; some wait for a decision or for another try."""
    state = _STATES[n % len(_STATES)]
    found = {**sent_message(n, now), "scheduledNotificationId": f"wave-{n // MESSAGES_OF_ONE}", "state": state}
    if state == "failed":
        found["lastError"] = {"type": "SmtpRefused", "message": "550 no such mailbox"}
    if state == "unknown":
        return {**found, "finishedAt": None, "expireAt": None}
    return found
