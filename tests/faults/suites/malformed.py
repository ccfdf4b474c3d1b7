"""The catalogue of malformed documents, put straight into the database while sound jobs fall due."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import bson
from bson import Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.raw_bson import RawBSONDocument
from pymongo.errors import PyMongoError

from shared.clock import EPOCH
from tests.faults.world import CALM_TTL, World
from tests.support.documents import command_document, job_document
from tests.support.http_objects import soon
from tests.support.waiting import wait_until

SHORT = {"jobs": 10, "wrong": 5, "megabytes": 15}
LONG = {"jobs": 40, "wrong": 99, "megabytes": 15}
WRONG = (
    "noon", None, 7, -1.5, True, [], [EPOCH], {}, {"$date": 0}, b"\x00", ObjectId("0123456789abcdef01234567"),
    MinKey(), MaxKey(), Timestamp(1, 1), Regex("a"), Decimal128("1"), Int64(2**62), float("nan"),
    datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC),
)  # fmt: skip
"""What stands in the place of a date."""
DATES = {
    "dynamic_jobs": (
        "scheduleSince", "createdAt", "updatedAt", "deletedAt", "schedule.anchor", "schedule.startAt", "schedule.endAt",
        "pause.until", "pause.at", "daemon.nextRun", "daemon.cursor", "daemon.lastRun.finishedAt",
        "daemon.autoPaused.at", "daemon.quarantine.at", "daemon.resting.since",
    ),
    "job_runs": (
        "scheduledFor", "createdAt", "startedAt", "finishedAt", "nextAttemptAt", "startBy", "slowAt", "expireAt",
        "span.from", "progress.at",
    ),
    "commands": ("createdAt", "range.from", "range.to"),
    "scheduled_notifications": ("scheduleSince", "createdAt", "updatedAt", "daemon.nextRun", "daemon.cursor"),
    "notification_queue": ("sendAfter", "createdAt", "expiresAt", "nextAttemptAt"),
    "calendars": ("createdAt", "updatedAt"),
}  # fmt: skip
"""Every date field that the daemon reads."""
_MOST_LEVELS = 175  # MongoDB takes 180, counting those around it


def run(world: World, *, jobs: int, wrong: int, megabytes: int) -> None:
    """The sound jobs lose nothing, no loop fails, and what cannot be a job is put aside with its reason."""
    world.daemon("a", DAEMON_LEASE_TTL_SECONDS=CALM_TTL, wait=False)
    world.leader()
    world.jobs(jobs, lasting=600)
    world.wait_finished(jobs)
    kept = [document for document in catalogue(world, wrong, megabytes) if _insert(world, *document)]
    insert_invalid_utf8(world)
    world.faults = len(kept) + 1
    world.note(f"{len(kept)} malformed documents")
    expected = {document["_id"] for name, document in kept if name == "dynamic_jobs" and document.get("mustRest")}
    wait_until(lambda: expected <= _put_aside(world), 60, message=f"put aside: {expected}")
    wait_until(lambda: not world.db.commands.count_documents({"handledAt": None}), 60, message=_open_commands(world))
    world.end_early(2)
    world.finish()
    failed = world.log_events("loop_failed")
    assert not failed, failed[:3]
    for name, document in kept:  # what they are is known; the audit is to look at everything else
        world.db[name].delete_one({"_id": document["_id"]})
    for collection in ("dynamic_jobs", "job_runs"):
        world.db[collection].delete_many({"_id": {"$regex": "^odd-"}})


def control(world: World) -> None:
    """A job that cannot be planned is not put aside."""
    world.daemon("a", plan={"off": ["quarantine"]}, wait=False)
    world.leader()
    world.jobs(5, lasting=3)
    world.db.dynamic_jobs.insert_one({"_id": "odd"})
    world.finish(patience=2)


FINDS = {"lost"}


def catalogue(world: World, wrong: int, megabytes: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """(collection, document). wrong: how many of the wrong values each date field gets, chosen by the seed."""
    for collection, fields in DATES.items():
        for field in fields:
            for value in world.random.sample(WRONG, min(wrong, len(WRONG))):
                yield collection, _with(_sound(collection, field), field, value)
    zone = {"kind": "cron", "expression": "0 9 * * *", "timezone": "Mars/Base"}
    deep: dict[str, Any] = {}
    for _ in range(_MOST_LEVELS):
        deep = {"d": deep}
    for name, changes in {
        "template": {"template": "unheard_of"},
        "zone": {"schedule": zone},
        "kind": {"schedule": {"kind": "whenever"}},
        "no-schedule": {"schedule": None},
        "deep": {"params": deep},
        "revision": {"revision": "one"},
        "policies": {"policies": {"overlap": ["skip"]}},
        "overflow": {"policies": {"timeout": "99999999999h"}},
        "large": {"template": "noop", "params": {"note": "x" * (megabytes * 1024 * 1024)}, "schedule": _EVERY_SECOND},
    }.items():
        job = job_document(
            f"odd-{name}", since=soon(0), **{"template": "journal", "schedule": _EVERY_SECOND, **changes}
        )
        yield "dynamic_jobs", job | {"mustRest": name != "large"}
    yield "dynamic_jobs", {"_id": ObjectId("0123456789abcdef01234567"), "name": 5, "schedule": [], "enabled": "yes"}
    yield "dynamic_jobs", {"_id": {"a": 1}}
    yield "commands", {**command_document("dance", soon(0)), "_id": "odd-kind"}
    yield "commands", {"_id": 7, "handledAt": None}
    yield "job_runs", {"_id": "odd-run", "state": "pending", "waiting": False, "priority": "high"}
    yield "scheduler_state", {"_id": "daemon:odd", "beatAt": "now", "holder": 5}


_EVERY_SECOND = {"kind": "interval", "every": "1s"}


def _sound(collection: str, field: str) -> dict[str, Any]:
    identity = f"odd-{field}-{ObjectId()}"
    match collection:
        case "dynamic_jobs":
            return job_document(identity, since=soon(0), schedule=dict(_EVERY_SECOND), template="noop")
        case "commands":
            return command_document(
                "backfill" if "range" in field else "run", soon(0), identity=identity, jobId="job-0"
            )
        case "job_runs":
            return {"_id": identity, "jobId": "job-0", "state": "pending", "waiting": False, "priority": 0}
        case _:
            return {"_id": identity, "state": "pending", "channel": "email", "revision": 1}


def _with(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split(".")
    place = document
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = value
    return document


def _insert(world: World, collection: str, document: dict[str, Any]) -> bool:
    """False: MongoDB itself refuses it."""
    try:
        world.db[collection].insert_one(document)
    except PyMongoError:
        return False
    return True


def insert_invalid_utf8(world: World) -> None:
    """A job whose name is no UTF-8: no driver would encode it, but the bytes in a database may say anything."""
    document = bson.encode(job_document("odd-utf8", since=soon(0), name="NAME", template="noop"))
    world.db.dynamic_jobs.insert_one(RawBSONDocument(document.replace(b"NAME", b"\xff\xfe\xc0\x80")))


def _open_commands(world: World) -> str:
    found = world.db.commands.find({"handledAt": None}, {"_id": 1}).limit(20)
    return f"answered: {[command['_id'] for command in found]}"


def _put_aside(world: World) -> set[Any]:
    found = world.db.dynamic_jobs.find({"daemon.quarantine.reason": {"$type": "string"}}, {"_id": 1})
    return {job["_id"] for job in found if isinstance(job["_id"], str)}
