"""`/api/admin/audit`: every change is there, findable by who, what, when and which document, by an index."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.collections import AUDIT_LOG, JOB_RUNS
from shared.indexes import INDEXES
from shared.queries import keyset
from shared.queries.audit_log import ORDER_FIELD, entries
from shared.queries.keyset import Order, Position
from tests.integration.api.conftest import (
    JOBS,
    RUNS,
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    job_body,
    publish,
    scheduled_body,
    template_body,
)

AUDIT = "/api/admin/audit"
CALENDARS = "/api/admin/scheduler/calendars"
MAINTENANCE = "/api/admin/scheduler/maintenance"
PEOPLE = "/api/notifications/recipients"
GROUPS = "/api/notifications/groups"
SUPPRESSIONS = "/api/notifications/suppressions"
DAY = {"name": "One", "first": "2026-12-25", "last": "2026-12-25"}
CALENDAR = {"name": "Days", "timezone": "UTC", "entries": [DAY]}
START = datetime(2026, 1, 1, tzinfo=UTC)


def test_every_change_over_the_api_has_its_entry_with_who_what_before_and_after(admin: Caller, db: Db) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    job = admin.created(JOBS, job_body())["id"]
    wave = admin.created(SCHEDULED, scheduled_body(template))["id"]
    calendar = admin.created(CALENDARS, CALENDAR)["id"]
    person = admin.created(PEOPLE, {"email": "ada@example.com"})["id"]
    group = admin.created(GROUPS, {"name": "All"})["id"]
    stop = admin.created(SUPPRESSIONS, {"email": "x@example.com"})["id"]
    db[JOB_RUNS].insert_one({"_id": "r", "jobId": job, "template": "noop", "state": "failed"})
    range_of_time = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z"}
    db["dynamic_jobs"].update_one({"_id": job}, {"$set": {"createdAt": START, "schedule.anchor": START}})
    changes: list[tuple[str, str, Any, str]] = [
        ("PUT", f"{JOBS}/{job}", job_body(name="New"), "job.update"),
        ("PATCH", f"{JOBS}/{job}", {"name": "Newer"}, "job.update"),
        ("POST", f"{JOBS}/{job}/pause", {}, "job.pause"),
        ("POST", f"{JOBS}/{job}/resume", {}, "job.resume"),
        ("POST", f"{JOBS}/{job}/run", {}, "command.run"),
        ("POST", f"{JOBS}/{job}/backfill", range_of_time, "command.backfill"),
        ("POST", f"{RUNS}/r/retry", {}, "command.retry"),
        ("DELETE", f"{JOBS}/{job}", None, "job.delete"),
        ("PUT", f"{SCHEDULED}/{wave}", scheduled_body(template, name="New"), "scheduled_notification.update"),
        ("PATCH", f"{SCHEDULED}/{wave}", {"name": "Newer"}, "scheduled_notification.update"),
        ("POST", f"{SCHEDULED}/{wave}/pause", {}, "scheduled_notification.pause"),
        ("POST", f"{SCHEDULED}/{wave}/resume", {}, "scheduled_notification.resume"),
        ("DELETE", f"{SCHEDULED}/{wave}", None, "scheduled_notification.delete"),
        ("PUT", f"{TEMPLATES}/{template}", template_body(name="New"), "notification_template.save"),
        ("POST", f"{TEMPLATES}/{template}/test", {"email": "a@example.com"}, "scheduled_notification.create"),
        ("DELETE", f"{TEMPLATES}/{template}", None, "notification_template.delete"),
        ("PUT", f"{CALENDARS}/{calendar}", {**CALENDAR, "name": "New"}, "calendar.update"),
        ("DELETE", f"{CALENDARS}/{calendar}", None, "calendar.delete"),
        ("PUT", f"{PEOPLE}/{person}", {"email": "b@example.com"}, "recipient.update"),
        ("DELETE", f"{PEOPLE}/{person}", None, "recipient.delete"),
        ("PUT", f"{GROUPS}/{group}", {"name": "New"}, "recipient_group.update"),
        ("DELETE", f"{GROUPS}/{group}", None, "recipient_group.delete"),
        ("DELETE", f"{SUPPRESSIONS}/{stop}", None, "suppression.delete"),
        ("PUT", MAINTENANCE, {"reason": "disks"}, "maintenance.start"),
        ("DELETE", MAINTENANCE, None, "maintenance.end"),
    ]
    for method, path, body, action in changes:
        response = admin.call(method, path, body)
        assert response.status_code < 300, (method, path, response.text)
        found = admin.get(f"{AUDIT}?q={response.headers['X-Request-Id']}").json["items"]
        assert [entry["action"] for entry in found] == [action]
        entry = found[0]
        assert (entry["by"], entry["byId"]) == ("the admin", "id-of-admin-token")
        assert entry["documentId"]
        assert entry["at"]
        if action.endswith((".update", ".pause", ".resume", ".save")):
            assert entry["before"]
            assert entry["before"] != entry["after"]
        assert admin.get(f"{AUDIT}/{entry['id']}").json == entry


def test_an_entry_names_what_it_is_about_as_it_stands_now(admin: Caller) -> None:
    job = admin.created(JOBS, job_body(name="First"))["id"]
    template = admin.created(TEMPLATES, template_body())["id"]
    admin.post(f"{JOBS}/{job}/pause", {})
    admin.post(f"{JOBS}/{job}/run")
    admin.patch(f"{JOBS}/{job}", {"name": "Nightly"})
    admin.put(f"{TEMPLATES}/{template}", template_body(name="Greeting"))
    admin.post(SUPPRESSIONS, {"email": "x@example.com"})
    found = {entry["action"]: entry["subject"] for entry in admin.get(AUDIT).json["items"]}
    nightly = {"resource": "dynamic_jobs", "id": job, "name": "Nightly", "exists": True}
    assert found["job.create"] == found["job.pause"] == found["command.run"] == nightly
    greeting = {"resource": "notification_templates", "id": template, "name": "Greeting", "exists": True}
    assert found["notification_template.save"] == found["notification_template.create"] == greeting
    assert found["suppression.create"] is None
    admin.delete(f"{JOBS}/{job}")
    admin.delete(f"{TEMPLATES}/{template}")
    found = {entry["action"]: entry["subject"] for entry in admin.get(AUDIT).json["items"]}
    assert found["job.pause"] == {**nightly, "exists": False}
    assert found["notification_template.delete"]["exists"] is False


def test_who_and_what_can_be_asked_for_is_told(admin: Caller, db: Db) -> None:
    insert_entries(db, 2000)
    for spec in INDEXES:
        if spec.collection == AUDIT_LOG:
            db[AUDIT_LOG].create_index(list(spec.keys), name=spec.name)
    assert admin.get(f"{AUDIT}/words").json == {
        "actors": [f"person {number}" for number in range(5)],
        "actions": ["job.create", "job.update", "token.create"],
    }
    plan = str(db.command("explain", {"aggregate": AUDIT_LOG, "pipeline": [{"$group": {"_id": "$by"}}], "cursor": {}}))
    assert "'DISTINCT_SCAN'" in plan


def test_an_import_has_an_entry_for_each_person(admin: Caller, db: Db) -> None:
    admin.created(PEOPLE, {"email": "ada@example.com", "name": "Ada"})
    file = "email,name\nada@example.com,Countess\nbob@example.com,Bob\n"
    done = admin.post(f"{PEOPLE}/import", data=file, content_type="text/csv")
    assert done.status_code == 200, done.text
    found = admin.get(f"{AUDIT}?q={done.headers['X-Request-Id']}").json["items"]
    by_action = {entry["action"]: entry for entry in found}
    assert set(by_action) == {"recipient.create", "recipient.update"}
    changed = by_action["recipient.update"]
    assert (changed["before"]["name"], changed["after"]["name"]) == ("Ada", "Countess")
    assert by_action["recipient.create"]["after"]["email"] == "bob@example.com"


def test_secret_parameters_are_masked_by_their_declaration_before_and_after(admin: Caller, db: Db) -> None:
    secret = {"type": "string", "format": "password", "writeOnly": True}
    publish(db, "hook", {"type": "object", "properties": {"key": secret, "url": {"type": "string"}}})
    made = admin.created(JOBS, job_body(template="hook", params={"key": "hunter2", "url": "a"}))
    admin.patch(f"{JOBS}/{made['id']}", {"params": {"key": "hunter3", "url": "b"}})
    admin.post(f"{JOBS}/{made['id']}/run", {"params": {"key": "hunter4"}})
    answer = admin.get(AUDIT)
    assert "hunter" not in answer.text
    assert "hunter" not in str(list(db[AUDIT_LOG].find()))
    changed = next(entry for entry in answer.json["items"] if entry["action"] == "job.update")
    assert (changed["before"]["params"], changed["after"]["params"]) == (
        {"key": "***", "url": "a"},
        {"key": "***", "url": "b"},
    )


def insert_entries(db: Db, count: int) -> None:
    db[AUDIT_LOG].insert_many(
        {
            "_id": f"e{number:05}",
            "at": START + timedelta(minutes=number // 2),
            "by": f"person {number % 5}",
            "byId": None,
            "action": ("job.update", "job.create", "token.create")[number % 3],
            "collection": ("dynamic_jobs", "dynamic_jobs", "api_tokens")[number % 3],
            "documentId": f"d{number % 50}",
            "requestId": f"request-{number}",
            "before": None,
            "after": {"number": number},
        }
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("actor=person 3", lambda number: number % 5 == 3),
        ("action=token.create", lambda number: number % 3 == 2),
        ("resource=dynamic_jobs", lambda number: number % 3 != 2),
        ("q=d7", lambda number: number % 50 == 7),
        ("q=request-7", lambda number: number == 7),
        ("from=2026-01-01T00:10:00Z&to=2026-01-01T00:20:00Z", lambda number: 10 <= number // 2 <= 20),
        ("actor=person 3&action=job.create&q=d13", lambda number: number % 50 == 13 and number % 3 == 1),
        ("actor=nobody", lambda _: False),
    ],
)
def test_entries_are_found_by_every_filter_in_pages_without_gaps(
    admin: Caller, db: Db, query: str, matches: Callable[[int], bool]
) -> None:
    insert_entries(db, 200)
    found = [item["after"]["number"] for item in admin.all_pages(f"{AUDIT}?{query}", 7)]
    assert found == sorted((number for number in range(200) if matches(number)), reverse=True)


@pytest.mark.parametrize("query", ["from=yesterday", "actor=", "limit=0", "cursor=x", f"q={'x' * 2000}"])
def test_what_cannot_be_asked_is_refused(admin: Caller, query: str) -> None:
    assert admin.get(f"{AUDIT}?{query}").status_code in (400, 422)
    assert_problem(admin.get(f"{AUDIT}/nonesuch"), 404, "not_found")


@pytest.mark.parametrize("position", [None, Position(START + timedelta(minutes=500), "e01000")])
@pytest.mark.parametrize(
    ("equal", "about", "index"),
    [
        ({}, None, "by_time"),
        ({"by": "person 3"}, None, "by_actor"),
        ({"action": "token.create"}, None, "by_action"),
        ({"collection": "api_tokens"}, None, "by_collection"),
        ({}, "d7", "history"),
        ({}, "request-7", "by_request"),
    ],
)
def test_each_filter_reads_by_its_index_in_the_order_of_the_list(
    db: Db, equal: dict[str, str], about: str | None, index: str, position: Position | None
) -> None:
    insert_entries(db, 2000)
    for spec in INDEXES:
        if spec.collection == AUDIT_LOG:
            db[AUDIT_LOG].create_index(list(spec.keys), name=spec.name)
    clauses = [entries(equal, about, START, None)]
    if position is not None:
        clauses.append(keyset.after(Order(ORDER_FIELD), position))
    found = db[AUDIT_LOG].find({"$and": clauses}).sort(Order(ORDER_FIELD).sort_keys()).limit(51).explain()
    plan = str(found["queryPlanner"]["winningPlan"])
    assert f"'indexName': '{index}'" in plan
    assert "'stage': 'SORT'" not in plan
    assert "COLLSCAN" not in plan
    statistics = found["executionStats"]
    assert statistics["totalDocsExamined"] <= 51 + 2
    assert statistics["totalKeysExamined"] <= 51 + 10
