"""What a frozen daemon cannot hide: the API sees it in MongoDB itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.indexes import INDEXES
from shared.models.run_statistics import hour_id, hour_of
from tests.integration.api.conftest import Caller, Db
from tests.integration.api.test_status import STATUS, insert_heartbeat


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def codes(admin: Caller) -> set[str]:
    return {alarm["code"] for alarm in admin.get(STATUS).json["alarms"]}


def job(**fields: Any) -> dict[str, Any]:
    return {"_id": "late", "plannedRevision": 1, "enabled": True, "daemon": {"nextRun": ago(90)}, **fields}


def message(seconds: float, **fields: Any) -> dict[str, Any]:
    return {"_id": "m", "channel": "email", "state": "pending", "sendAfter": ago(seconds), "token": None, **fields}


def waiting_run(seconds: float, **fields: Any) -> dict[str, Any]:
    common = {"_id": "r", "jobId": "j", "state": "pending", "waiting": False, "priority": 0}
    return {**common, "scheduledFor": ago(seconds), "createdAt": ago(seconds), **fields}


def failing_job(failures: int, **fields: Any) -> dict[str, Any]:
    progress = {"nextRun": ago(-900), "consecutiveFailures": failures, **fields.pop("daemon", {})}
    return {**job(daemon=progress), "_id": "failing", "name": "Nightly import", **fields}


def hour(back: int = 0, **counts: int) -> dict[str, Any]:
    """What ended in this hour of the clock, or in one before."""
    at = hour_of(datetime.now(UTC)) - timedelta(hours=back)
    return {"_id": hour_id(at), "at": at, "counts": counts}


FAULTS: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
    "jobs_overdue": lambda: ("dynamic_jobs", job()),
    "notifications_overdue": lambda: ("scheduled_notifications", {"_id": "n", "daemon": {"nextRun": ago(90)}}),
    "runs_stuck": lambda: ("job_runs", waiting_run(400)),
    "messages_stuck": lambda: ("notification_queue", message(400)),
    "channel_paused": lambda: (
        "scheduler_state",
        {"_id": "channel:email", "channel": "email", "reason": "535", "at": ago(5)},
    ),
    "jobs_failing": lambda: ("dynamic_jobs", failing_job(3)),
    "runs_failing": lambda: ("run_statistics", hour(succeeded=4, failed=3, timed_out=2, interrupted=1)),
}

HARMLESS: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
    "a job whose time came just now": lambda: ("dynamic_jobs", job(daemon={"nextRun": ago(30)})),
    "a job that somebody switched off while the daemon was away": lambda: ("dynamic_jobs", job(enabled=False)),
    "a paused job": lambda: ("dynamic_jobs", job(pause={"at": ago(100), "until": None})),
    "a job paused until later": lambda: ("dynamic_jobs", job(pause={"at": ago(100), "until": ago(-100)})),
    "a deleted job": lambda: ("dynamic_jobs", job(deletedAt=ago(10))),
    "a job that failed twice": lambda: ("dynamic_jobs", failing_job(2)),
    "a failing job that somebody paused": lambda: ("dynamic_jobs", failing_job(9, pause={"at": ago(9), "until": None})),
    "a failing job that somebody disabled": lambda: ("dynamic_jobs", failing_job(9, enabled=False)),
    "a failing job that was deleted": lambda: ("dynamic_jobs", failing_job(9, deletedAt=ago(10))),
    "as many good runs as bad ones": lambda: ("run_statistics", hour(succeeded=5, failed=5, skipped=90)),
    "nine bad runs and no more": lambda: ("run_statistics", hour(failed=9)),
    "bad runs of two hours ago": lambda: ("run_statistics", hour(2, failed=90)),
    "malformed statistics": lambda: ("run_statistics", {**hour(), "counts": {"failed": "many", "succeeded": None}}),
    "a run that waits behind another of its job": lambda: ("job_runs", waiting_run(400, waiting=True)),
    "a run that was tried a moment ago": lambda: ("job_runs", waiting_run(400, attempts=[{"finishedAt": ago(2)}])),
    "a malformed run": lambda: ("job_runs", waiting_run(400, createdAt="yesterday", attempts={"finishedAt": 5})),
    "a message that is due since a minute": lambda: ("notification_queue", message(60)),
    "a message that is being sent": lambda: ("notification_queue", message(400, state="sending")),
}


@pytest.fixture
def world(db: Db) -> Db:
    """A daemon that lives and leads."""
    insert_heartbeat(db, ago=1)
    return db


def test_nothing_wrong_raises_no_alarm(admin: Caller, world: Db) -> None:
    assert codes(admin) == set()


@pytest.mark.parametrize("code", FAULTS)
def test_an_alarm_is_raised_although_the_daemon_says_that_all_is_well(admin: Caller, world: Db, code: str) -> None:
    collection, document = FAULTS[code]()
    world[collection].insert_one(document)
    status = admin.get(STATUS).json
    [alarm] = status["alarms"]
    assert alarm["code"] == code
    assert alarm["detail"] in status["problems"]


@pytest.mark.parametrize("case", HARMLESS)
def test_what_rests_or_has_just_fallen_due_raises_no_alarm(admin: Caller, world: Db, case: str) -> None:
    collection, document = HARMLESS[case]()
    world[collection].insert_one(document)
    assert codes(admin) == set()


def test_a_channel_on_which_something_is_tried_is_slow_and_not_stuck(admin: Caller, world: Db) -> None:
    world["notification_queue"].insert_one(message(4000))
    world["deliveries"].insert_one({"_id": "sms", "channel": "sms", "startedAt": ago(1)})
    assert codes(admin) == {"messages_stuck"}, "another channel proves nothing"
    world["deliveries"].insert_one({"_id": "email", "channel": "email", "startedAt": ago(1)})
    assert codes(admin) == set()


def test_a_resting_channel_is_one_alarm_and_not_two(admin: Caller, world: Db) -> None:
    for code in ("messages_stuck", "channel_paused"):
        collection, document = FAULTS[code]()
        world[collection].insert_one(document)
    assert codes(admin) == {"channel_paused"}


def test_in_maintenance_mode_nothing_is_late(admin: Caller, world: Db) -> None:
    for fault in FAULTS.values():
        collection, document = fault()
        world[collection].insert_one(document)
    assert admin.put("/api/admin/scheduler/maintenance", {"reason": "a new disk"}).status_code == 200
    assert codes(admin) == {"channel_paused", "jobs_failing", "runs_failing"}, "what failed has failed all the same"


def test_the_alarm_names_some_of_the_jobs_that_fail(admin: Caller, world: Db) -> None:
    paused = {"autoPaused": {"at": ago(9), "until": None, "reason": "1 failure"}}
    named = [("Import", 3, {}), ("Sync", 4, {}), ("Mirror", 5, {}), ("Upload", 1, paused)]
    world["dynamic_jobs"].insert_many(
        failing_job(failures, _id=name, name=name, daemon=fields) for name, failures, fields in named
    )
    [alarm] = admin.get(STATUS).json["alarms"]
    assert alarm["detail"].startswith("4 job(s) fail again and again: “")
    assert alarm["detail"].count("in a row") == 3
    assert ", ...." in alarm["detail"]
    world["dynamic_jobs"].delete_many({"_id": {"$ne": "Upload"}})
    [alarm] = admin.get(STATUS).json["alarms"]
    assert alarm["detail"] == "1 job(s) fail again and again: “Upload” (1 in a row). Their runs say why."


def test_the_hour_before_counts_until_enough_has_ended_in_this_one(admin: Caller, world: Db) -> None:
    world["run_statistics"].insert_many([hour(1, failed=8), hour(succeeded=1, failed=2)])
    [alarm] = admin.get(STATUS).json["alarms"]
    assert (alarm["code"], alarm["detail"]) == ("runs_failing", "10 of the 11 runs that ended of late failed.")
    world["run_statistics"].update_one({"_id": hour()["_id"]}, {"$inc": {"counts.succeeded": 7}})
    assert codes(admin) == set()


@pytest.mark.parametrize(("fields", "expected"), [({}, {"lease_stale"}), ({"released": True}, set())])
def test_a_leader_that_does_not_renew_is_an_alarm_though_its_heartbeat_goes_on(
    admin: Caller, world: Db, fields: dict[str, Any], expected: set[str]
) -> None:
    world["scheduler_state"].update_one({"_id": "leader"}, {"$set": {"renewedAt": ago(31), **fields}})
    assert codes(admin) == expected


def test_daemons_without_a_leader_and_no_daemon_at_all_are_alarms(admin: Caller, db: Db) -> None:
    assert codes(admin) == {"daemon_away"}
    insert_heartbeat(db, ago=1, role="standby")
    assert codes(admin) == {"no_leader"}
    db["scheduler_state"].update_one({"_id": "daemon:one"}, {"$set": {"beatAt": ago(16)}})
    assert codes(admin) == {"daemon_away"}


def test_every_look_for_what_is_late_walks_an_index(admin: Caller, world: Db) -> None:
    for index in INDEXES:
        if index.expire_after_seconds is None:
            options = {"partialFilterExpression": index.partial} if index.partial else {}
            world[index.collection].create_index(list(index.keys), name=index.name, unique=index.unique, **options)
    soon = datetime.now(UTC) + timedelta(hours=1)
    for collection in ("dynamic_jobs", "scheduled_notifications"):
        world[collection].insert_many(
            [{"_id": f"idle-{n}", "plannedRevision": 1, "daemon": {"nextRun": soon}} for n in range(500)]
        )
    world["dynamic_jobs"].insert_many([failing_job(n % 3, _id=f"well-{n}") for n in range(500)])
    world["run_statistics"].insert_many([hour(n, succeeded=1) for n in range(1, 500)])
    world["notification_queue"].insert_many([message(9, _id=f"old-{n}", state="sent") for n in range(500)])
    world["job_runs"].insert_many([waiting_run(9, _id=f"old-{n}", state="succeeded") for n in range(500)])
    world["deliveries"].insert_many(
        [{"_id": f"old-{n}", "channel": "email", "startedAt": ago(900)} for n in range(500)]
    )
    for fault in FAULTS.values():
        collection, document = fault()
        world[collection].insert_one(document)
    world.command("profile", 2)
    assert len(codes(admin)) == 6
    world.command("profile", 0)
    looked = list(
        world["system.profile"].find({"op": {"$in": ["query", "command"]}, "ns": {"$ne": f"{world.name}.$cmd"}})
    )
    assert len(looked) > 10
    wasteful = [(each["ns"], each.get("command")) for each in looked if each.get("docsExamined", 0) > 20]
    assert not wasteful, wasteful
