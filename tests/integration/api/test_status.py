"""The status, from MongoDB alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from shared.indexes import INDEXES
from tests.integration.api.conftest import (
    JOBS,
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    job_body,
    scheduled_body,
    template_body,
)

STATUS = "/api/admin/scheduler/status"


def insert_heartbeat(db: Db, *, ago: float, role: str = "leader", problem: str | None = None) -> None:
    now = datetime.now(UTC)
    holder = {"instance": "one", "host": "h", "pid": 7, "bootId": "b", "version": "1"}
    db["scheduler_state"].insert_many(
        [
            {
                "_id": "daemon:one",
                "holder": holder,
                "role": role,
                "startedAt": now,
                "beatAt": now - timedelta(seconds=ago),
                "problem": problem,
                "running": 3,
                "expireAt": now,
            },
            {"_id": "leader", "epoch": 4, "seq": 9, "holder": holder, "released": False, "renewedAt": now},
        ]
    )


def test_without_any_daemon_the_status_says_so_and_is_200(admin: Caller) -> None:
    response = admin.get(STATUS)
    assert response.status_code == 200
    assert response.json["daemonAlive"] is False
    assert response.json["daemons"] == []
    assert response.json["leader"] is None
    assert any("away" in problem for problem in response.json["problems"])


def test_a_living_leader_is_shown_without_problems(admin: Caller, db: Db) -> None:
    insert_heartbeat(db, ago=1)
    status = admin.get(STATUS).json
    assert status["daemonAlive"] is True
    assert status["problems"] == []
    [daemon] = status["daemons"]
    assert (daemon["instance"], daemon["host"], daemon["pid"], daemon["role"]) == ("one", "h", 7, "leader")
    assert (daemon["alive"], daemon["running"]) == (True, 3)
    assert (status["leader"]["instance"], status["leader"]["epoch"], status["leader"]["alive"]) == ("one", 4, True)


def test_a_heartbeat_older_than_fifteen_seconds_means_away_since(admin: Caller, db: Db) -> None:
    insert_heartbeat(db, ago=16)
    status = admin.get(STATUS).json
    assert status["daemonAlive"] is False
    since = f"{datetime.fromisoformat(status['daemons'][0]['beatAt']):%Y-%m-%d %H:%M:%S} UTC"
    assert f"The daemon is away since {since}. Nothing runs until it is back." in status["problems"]


def test_a_daemon_that_was_killed_and_started_again_is_told_from_one_that_is_away(admin: Caller, db: Db) -> None:
    now = datetime.now(UTC)

    def beat(instance: str, host: str, started: float, heard: float) -> dict[str, Any]:
        holder = {"instance": instance, "host": host, "pid": 7, "bootId": "b", "version": "1"}
        moments = {"startedAt": now - timedelta(seconds=started), "beatAt": now - timedelta(seconds=heard)}
        return {"_id": f"daemon:{instance}", "holder": holder, "role": "standby", "running": 0, **moments}

    db["scheduler_state"].insert_many(
        [
            beat("a-old", "a", 900, 300),
            beat("a-new", "a", 290, 1),
            beat("b-gone", "b", 900, 300),
            beat("c-beside", "c", 900, 1),
            beat("c-gone", "c", 800, 300),
        ]
    )
    daemons = admin.get(STATUS).json["daemons"]
    assert {each["instance"]: each["state"] for each in daemons} == {
        "a-new": "alive", "c-beside": "alive", "a-old": "replaced", "b-gone": "away", "c-gone": "away",
    }  # fmt: skip
    assert [each["alive"] for each in daemons] == [True, True, False, False, False]


def test_overdue_unplanned_open_and_quarantined_are_counted(admin: Caller, db: Db) -> None:
    insert_heartbeat(db, ago=0, problem="the clock is wrong")
    job = admin.created(JOBS, job_body())
    admin.post(f"{JOBS}/{job['id']}/run")
    past = datetime.now(UTC) - timedelta(minutes=5)
    db["dynamic_jobs"].insert_many(
        [
            {"_id": "late", "plannedRevision": 1, "daemon": {"nextRun": past}},
            {"_id": "bad", "plannedRevision": 0, "daemon": {"quarantine": {"reason": "x", "at": past}}},
        ]
    )
    db["job_runs"].insert_one({"_id": "r", "state": "pending"})
    db["notification_queue"].insert_one({"_id": "m", "state": "unknown"})
    status = admin.get(STATUS).json
    assert (status["overdue"], status["unplanned"], status["openCommands"]) == (1, 1, 1)
    assert status["quarantined"] == {"jobs": 1, "scheduledNotifications": 0}
    assert status["queues"]["runs"]["pending"] == 1
    assert status["queues"]["messages"]["unknown"] == 1
    text = " ".join(status["problems"])
    for part in ("overdue", "quarantined", "may or may not", "Daemon one: the clock is wrong"):
        assert part in text


def test_scheduled_notifications_without_the_jobs_that_send_them_are_a_problem(admin: Caller, db: Db) -> None:
    insert_heartbeat(db, ago=0)
    template = admin.created(TEMPLATES, template_body())["id"]
    admin.created(SCHEDULED, scheduled_body(template))
    assert len(admin.get(STATUS).json["problems"]) == 2
    admin.created(JOBS, job_body(template="scheduled_notification_processor"))
    admin.created(JOBS, job_body(template="email_notifier", enabled=False))
    [problem] = admin.get(STATUS).json["problems"]
    assert "email_notifier" in problem


@pytest.mark.parametrize("value", [5, "x", [], {}, None])
def test_a_malformed_heartbeat_or_lease_breaks_nothing(admin: Caller, db: Db, value: Any) -> None:
    names = ("holder", "role", "beatAt", "problem", "running", "released", "epoch")
    db["scheduler_state"].insert_many(
        [{"_id": "daemon:x", **dict.fromkeys(names, value)}, {"_id": "leader", **dict.fromkeys(names, value)}]
    )
    assert admin.get(STATUS).status_code == 200


def test_the_hot_lists_and_statistics_use_their_indexes(app: Flask, admin: Caller, db: Db) -> None:
    for index in INDEXES:
        if index.expire_after_seconds is None:
            options = {"partialFilterExpression": index.partial} if index.partial else {}
            db[index.collection].create_index(list(index.keys), name=index.name, unique=index.unique, **options)
    now = datetime.now(UTC)
    for collection, field in (("dynamic_jobs", "createdAt"), ("job_runs", "scheduledFor")):
        db[collection].insert_many(
            [{"_id": f"{n:05}", field: now + timedelta(seconds=n), "jobId": "j"} for n in range(2000)]
        )
    for path in (JOBS, "/api/admin/scheduler/runs"):
        first = admin.get(f"{path}?limit=200").json
        collection = "dynamic_jobs" if path == JOBS else "job_runs"
        db.command("profile", 2)
        assert len(admin.get(f"{path}?limit=50&cursor={first['nextCursor']}").json["items"]) == 50
        db.command("profile", 0)
        [seen] = db["system.profile"].find({"ns": f"{db.name}.{collection}", "op": "query"})
        assert seen["docsExamined"] < 120, "a page costs what it shows, not what lies before it"
        db.drop_collection("system.profile")
