"""kill -9 of the leader, again and again, while one notification becomes a message to each of many."""

from typing import Any

from tests.faults.world import World
from tests.support.documents import job_document, once
from tests.support.http_objects import soon
from tests.support.waiting import wait_until

SHORT = {"people": 8_000, "kills": 2}
LONG = {"people": 100_000, "kills": 20}
INSERT_BATCH = 5_000
LONGEST_SECONDS = 300
FINDS = {"double", "audit"}


def run(world: World, *, people: int, kills: int) -> None:
    """Each kill meets it when so many more messages are queued; the last ones meet the rest."""
    for name in ("a", "b"):
        world.daemon(name, wait=False)
    world.leader()
    store_wave(world, people)
    for done in range(1, kills + 1):
        _kill_at(world, people * done // (kills + 1))
        world.restart_the_dead()
        world.progress(done, kills, "kills")
    _wait_for_end(world)


def control(world: World) -> None:
    """The identity of a message says nothing about its recipient."""
    plan = {"off": ["message_identity"]}
    for name in ("a", "b"):
        world.daemon(name, plan=plan, wait=False)
    world.leader()
    store_wave(world, SHORT["people"])
    _kill_at(world, SHORT["people"] // 2)
    _wait_for_end(world)


def store_wave(world: World, people: int) -> None:
    """A notification that is due now, to a large group, and the job that queues it."""
    db, at = world.db, soon(0)
    made = {"revision": 1, "createdAt": at, "createdBy": "test", "updatedAt": at, "updatedBy": "test"}
    ids = [f"p{number}" for number in range(people)]
    for first in range(0, people, INSERT_BATCH):
        some = ids[first : first + INSERT_BATCH]
        db.recipients.insert_many([{"_id": each, "email": f"{each}@example.com", **made} for each in some])
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


def _kill_at(world: World, messages: int) -> None:
    wait_until(lambda: _queued(world) >= messages, LONGEST_SECONDS, message=f"{messages} messages", every=0.005)
    world.kill_leader()
    assert _last_run(world) is None, f"killed too late: {_queued(world)} messages"


def _wait_for_end(world: World) -> None:
    def ended() -> bool:
        world.restart_the_dead()
        return _last_run(world) is not None

    wait_until(ended, LONGEST_SECONDS, message="every message")


def _queued(world: World) -> int:
    return world.db.notification_queue.estimated_document_count()


def _last_run(world: World) -> dict[str, Any] | None:
    wave = world.db.scheduled_notifications.find_one({"_id": "wave"}) or {}
    return wave.get("daemon", {}).get("lastRun")
