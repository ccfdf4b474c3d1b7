"""Documents put into the database by hand: listed, readable, deletable and mendable, whatever is in them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, MaxKey, MinKey, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from bson.objectid import ObjectId

from tests.integration.api.conftest import (
    JOBS,
    RUNS,
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    job_body,
    scheduled_body,
    template_body,
)

ODD_VALUES: list[Any] = [
    None, True, 5, -1.5, float("nan"), float("inf"), "text", "", [], [1, "z"], [datetime(2020, 1, 1, tzinfo=UTC)],
    [[1]], {}, {"a": 1}, {"nested": {"deeper": [1]}}, Binary(b"\x00\xff"), ObjectId(), Decimal128("NaN"), Int64(2**62),
    DatetimeMS(2**62), DatetimeMS(-(2**62)), datetime(2020, 1, 1, tzinfo=UTC), Timestamp(1, 1), Regex("a+"),
    MinKey(), MaxKey(),
]  # fmt: skip
NOT_RESUMED = (Regex("a+"), [[1]])
"""Values that cannot be compared: a page that ends on one of them goes on after all of its type."""
LISTS = [
    ("dynamic_jobs", JOBS),
    ("scheduled_notifications", SCHEDULED),
    ("job_runs", RUNS),
    ("notification_queue", "/api/notifications/queue"),
    ("deliveries", "/api/notifications/deliveries"),
    ("recipients", "/api/notifications/recipients"),
    ("recipient_groups", "/api/notifications/groups"),
]
SORTED_BY = {"job_runs": "scheduledFor", "deliveries": "startedAt"}


@pytest.mark.parametrize(("collection", "path"), LISTS)
@pytest.mark.parametrize("limit", [1, 4, 200])
def test_lists_show_every_document_once_whatever_stands_in_the_sort_field(
    admin: Caller, db: Db, collection: str, path: str, limit: int
) -> None:
    field = SORTED_BY.get(collection, "createdAt")
    documents = [{"_id": f"n{place}", field: value} for place, value in enumerate(ODD_VALUES)]
    documents += [
        {"_id": f"m{place}", field: value} for place, value in enumerate(ODD_VALUES) if value not in NOT_RESUMED
    ]
    documents += [{"_id": "missing"}, {"_id": ObjectId()}, {"_id": 7}, {"_id": 7.5}, {"_id": {"a": 1}}]
    db[collection].insert_many(documents)
    listed = [item["id"] for item in admin.all_pages(path, limit)]
    assert len(listed) == len(set(listed))
    assert set(listed) == {item["id"] for item in admin.all_pages(path, 200)}
    assert len(listed) == len(documents)


@pytest.mark.parametrize(("collection", "path"), LISTS)
def test_every_field_of_every_type_is_listed_and_readable(admin: Caller, db: Db, collection: str, path: str) -> None:
    names = (
        "name", "template", "params", "schedule", "enabled", "labels", "policies", "pause", "revision", "scheduleSince",
        "createdAt", "createdBy", "updatedAt", "plannedRevision", "daemon", "templateId", "recipients", "channels",
        "variables", "state", "jobId", "scheduledFor", "result", "error", "attempts", "occurrence", "recipient",
        "lastError", "sendAfter", "address", "members", "email", "expireAt",
    )  # fmt: skip
    documents = [{"_id": f"{name}-{place}", name: value} for name in names for place, value in enumerate(ODD_VALUES)]
    documents += [{"_id": f"all-{place}", **dict.fromkeys(names, value)} for place, value in enumerate(ODD_VALUES)]
    db[collection].insert_many(documents)
    items = admin.all_pages(path, 200)
    assert {item["id"] for item in items} == {document["_id"] for document in documents}
    assert all(item["problem"] for item in items)
    if collection in ("dynamic_jobs", "scheduled_notifications", "job_runs"):
        assert {item["state"] for item in items} == {"quarantined"}
    for item in items[::25]:
        response = admin.get(f"{path}/{item['id']}")
        assert response.status_code == 200, response.text
        assert response.json["id"] == item["id"]


def test_whatever_stands_in_free_fields_of_a_sound_definition_is_shown(admin: Caller, db: Db) -> None:
    template_id = admin.created(TEMPLATES, template_body())["id"]
    job = admin.created(JOBS, job_body())["id"]
    wave = admin.created(SCHEDULED, scheduled_body(template_id))["id"]
    odd = {f"v{place}": value for place, value in enumerate(ODD_VALUES)}
    db["dynamic_jobs"].update_one({"_id": job}, {"$set": {"params": odd}})
    addresses = [{"email": "ada@example.com", "variables": odd}]
    db["scheduled_notifications"].update_one(
        {"_id": wave}, {"$set": {"variables": odd, "recipients.addresses": addresses}}
    )
    for path, each, field in ((JOBS, job, "params"), (SCHEDULED, wave, "variables")):
        [listed] = admin.get(path).json["items"]
        assert listed["state"] == "active"
        assert listed[field].keys() == odd.keys()
        assert admin.get(f"{path}/{each}").json == listed


@pytest.mark.parametrize(
    "daemon", [5, "text", [], {"nextRun": "soon"}, {"lastRun": 1}, {"cursor": {}}, {"quarantine": True}]
)
def test_a_sound_job_with_a_malformed_daemon_part_is_quarantined_with_its_reason(
    admin: Caller, db: Db, daemon: Any
) -> None:
    made = admin.created(JOBS, job_body())
    db["dynamic_jobs"].update_one({"_id": made["id"]}, {"$set": {"daemon": daemon, "plannedRevision": 1}})
    shown = admin.get(f"{JOBS}/{made['id']}").json
    assert shown["state"] == "quarantined"
    assert shown["problem"].startswith("daemon")
    assert admin.get(JOBS).json["items"] == [shown]


def test_the_daemons_reason_is_shown_for_a_malformed_job(admin: Caller, db: Db) -> None:
    quarantine = {"reason": "no schedule", "field": "schedule", "at": datetime.now(UTC)}
    db["dynamic_jobs"].insert_one({"_id": "bad", "name": "Bad", "daemon": {"quarantine": quarantine}})
    assert admin.get(f"{JOBS}/bad").json["problem"] == "schedule: no schedule"


@pytest.mark.parametrize("stored_id", [ObjectId("65a000000000000000000001"), 42, -3, 7.0])
def test_an_id_that_is_no_text_is_found_by_its_text(admin: Caller, db: Db, stored_id: Any) -> None:
    db["dynamic_jobs"].insert_one({"_id": stored_id, "name": "Odd"})
    [listed] = admin.get(JOBS).json["items"]
    assert admin.get(f"{JOBS}/{listed['id']}").json == listed
    assert admin.get(f"{JOBS}/{listed['id']}/runs").status_code == 200
    assert admin.delete(f"{JOBS}/{listed['id']}").status_code == 204
    assert_problem(admin.get(f"{JOBS}/{listed['id']}"), 404, "not_found")


@pytest.mark.parametrize("revision", [None, "abc", 0, -4, [1], {"a": 1}, 2.5, 3.0, 7, True])
def test_a_malformed_job_is_mended_by_put_and_can_be_deleted(admin: Caller, db: Db, revision: Any) -> None:
    db["dynamic_jobs"].insert_one(
        {
            "_id": "bad", "name": 5, "revision": revision, "pause": "yes", "createdAt": "then", "deletedAt": "no",
            "labels": 7, "scheduleSince": [], "plannedRevision": 0,
        }
    )  # fmt: skip
    assert_problem(admin.post(f"{JOBS}/bad/run"), 409, "quarantined")
    assert_problem(admin.post(f"{JOBS}/bad/pause"), 409, "quarantined")
    assert_problem(admin.patch(f"{JOBS}/bad", {"enabled": False}), 422, "invalid_fields", "name")
    mended = admin.put(f"{JOBS}/bad", job_body())
    assert mended.status_code == 200, mended.text
    assert (mended.json["state"], mended.json["problem"]) == ("active", None)
    assert mended.json["revision"] >= 1
    assert admin.delete(f"{JOBS}/bad").status_code == 204


def test_a_malformed_message_keeps_its_state_and_says_what_is_wrong(admin: Caller, db: Db) -> None:
    db["notification_queue"].insert_many(
        [
            {"_id": "dead", "state": "dead", "lastError": {"type": "InvalidDocument", "message": "channel: missing"}},
            {"_id": "fresh", "state": "pending"},
        ]
    )
    dead = admin.get("/api/notifications/queue/dead").json
    assert (dead["state"], dead["lastError"]["message"]) == ("dead", "channel: missing")
    fresh = admin.get("/api/notifications/queue/fresh").json
    assert fresh["state"] == "pending"
    assert fresh["lastError"]["type"] == "InvalidDocument"


def test_a_malformed_definition_beside_a_sound_one_stops_nothing(admin: Caller, db: Db) -> None:
    db["dynamic_jobs"].insert_one({"_id": "bad", "createdAt": "?"})
    made = admin.created(JOBS, job_body())
    assert {item["id"]: item["state"] for item in admin.get(JOBS).json["items"]} == {
        "bad": "quarantined",
        made["id"]: "active",
    }
    assert admin.get("/api/admin/scheduler/status").status_code == 200
