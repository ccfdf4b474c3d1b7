"""kill -9 in the middle of a fan-out to many: no gap and no double."""

from collections.abc import Callable
from typing import Any

from pymongo.database import Database

from tests.support.daemon_process import DaemonProcess
from tests.support.documents import job_document, once
from tests.support.http_objects import soon
from tests.support.waiting import wait_until

Documents = Database[dict[str, Any]]
PEOPLE = 8000
KILLS = (500, 3000)


def test_a_fan_out_that_is_killed_twice_in_the_middle_reaches_everybody_once(
    audited: None, daemon: Callable[..., DaemonProcess], db: Documents
):
    store_wave(db)
    running = daemon()
    for rows in KILLS:
        wait_until(lambda rows=rows: db.notification_queue.count_documents({}) >= rows, timeout=30, every=0.005)
        running.kill9()
        left = db.notification_queue.count_documents({})
        assert rows <= left < PEOPLE, f"killed too late: {left} rows"
        assert (db.scheduled_notifications.find_one() or {})["daemon"].get("lastRun") is None
        running = daemon()
    wait_until(lambda: (db.scheduled_notifications.find_one() or {})["daemon"].get("lastRun"), timeout=60)
    assert (db.scheduled_notifications.find_one() or {})["daemon"]["lastRun"]["queued"] == PEOPLE
    assert db.notification_queue.count_documents({}) == PEOPLE
    assert len(db.notification_queue.distinct("recipient.recipientId")) == PEOPLE


def store_wave(db: Documents) -> None:
    """A notification that is due now, to a large group."""
    at = soon(0)
    made = {"revision": 1, "createdAt": at, "createdBy": "test", "updatedAt": at, "updatedBy": "test"}
    ids = [f"p{number}" for number in range(PEOPLE)]
    db.recipients.insert_many([{"_id": each, "email": f"{each}@example.com", **made} for each in ids])
    db.recipient_groups.insert_one({"_id": "all", "name": "all", "members": ids, **made})
    db.notification_templates.insert_one(
        {
            "_id": "news:1", "templateId": "news", "version": 1, "latest": True, "name": "News", "channels": ["email"],
            "subject": "News for {{ email }}", "text": "News.", "createdAt": at, "createdBy": "test",
        }
    )  # fmt: skip
    db.dynamic_jobs.insert_one(job_document("processor", since=at, template="scheduled_notification_processor"))
    db.scheduled_notifications.insert_one(
        {
            "_id": "wave", "name": "wave", "templateId": "news", "templateVersion": 1, "channels": ["email"],
            "recipients": {"groups": ["all"]}, "schedule": once(at), "scheduleSince": at, **made,
        }
    )  # fmt: skip
