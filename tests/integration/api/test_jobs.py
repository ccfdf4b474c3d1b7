"""Jobs: created, read, changed and deleted by compare-and-set, and handed to the daemon each time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.collections import AUDIT_LOG, DYNAMIC_JOBS
from shared.models.jobs import Job
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem, job_body


def stored(db: Db, job_id: str) -> dict[str, Any]:
    document = db[DYNAMIC_JOBS].find_one({"_id": job_id})
    assert document is not None
    return document


def as_if_planned(db: Db, job_id: str, **daemon: Any) -> None:
    document = stored(db, job_id)
    db[DYNAMIC_JOBS].update_one(
        {"_id": job_id}, {"$set": {"plannedRevision": document["revision"], "daemon": {"nextRun": None, **daemon}}}
    )


def test_a_new_job_is_answered_as_documented_and_stored_whole(admin: Caller, db: Db) -> None:
    response = admin.post(JOBS, job_body(labels={"team": "crm"}, params={"count": 2}))
    made = response.json
    assert response.status_code == 201
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Location"] == f"{JOBS}/{made['id']}"
    assert made["state"] == "active"
    assert made["problem"] is None
    assert made["lastRun"] is None
    assert made["createdBy"] == "the admin"
    assert made["schedule"]["every"] == "5m"
    assert made["policies"]["misfire"] == {"policy": "latest", "window": "1d", "max": 100}
    document = stored(db, made["id"])
    assert "plannedRevision" not in document
    assert "daemon" not in document
    assert document["scheduleSince"] == document["createdAt"] == document["updatedAt"]
    Job.from_document(document)


def test_next_run_is_computed_while_the_daemon_has_not_planned_the_job(admin: Caller) -> None:
    made = admin.created(JOBS, job_body())
    created, following = (datetime.fromisoformat(made[name]) for name in ("createdAt", "nextRun"))
    assert following - created == timedelta(minutes=5)


def test_next_run_is_the_daemons_once_it_has_planned_the_job(admin: Caller, db: Db) -> None:
    made = admin.created(JOBS, job_body())
    planned = datetime(2030, 1, 1, tzinfo=UTC)
    as_if_planned(db, made["id"], nextRun=planned)
    assert admin.get(f"{JOBS}/{made['id']}").json["nextRun"] == "2030-01-01T00:00:00.000Z"
    edited = admin.patch(f"{JOBS}/{made['id']}", {"name": "Another name"}).json
    assert edited["nextRun"] != "2030-01-01T00:00:00.000Z"


def test_a_once_a_moment_ago_still_runs_and_one_longer_ago_is_refused(admin: Caller, db: Db) -> None:
    just_now = datetime.now(UTC) - timedelta(seconds=10)
    made = admin.created(JOBS, job_body(schedule={"kind": "once", "at": just_now.isoformat()}))
    assert stored(db, made["id"])["scheduleSince"] < just_now
    assert made["nextRun"] is not None
    earlier = (just_now - timedelta(minutes=2)).isoformat()
    problem = assert_problem(
        admin.post(JOBS, job_body(schedule={"kind": "once", "at": earlier})), 422, "invalid_fields", "schedule.at"
    )
    assert "is in the past" in problem["detail"]


def test_every_change_raises_the_revision_and_hands_the_job_to_the_daemon(admin: Caller, db: Db) -> None:
    made = admin.created(JOBS, job_body())
    path = f"{JOBS}/{made['id']}"
    changes: list[Callable[[], Any]] = [
        lambda: admin.put(path, job_body(name="Another")),
        lambda: admin.patch(path, {"labels": {"a": "b"}}),
        lambda: admin.post(f"{path}/pause", {"reason": "tired"}),
        lambda: admin.post(f"{path}/resume"),
    ]
    for revision, change in enumerate(changes, start=2):
        as_if_planned(db, made["id"], runsStarted=7)
        response = change()
        assert response.status_code == 200, response.text
        assert response.json["revision"] == revision
        assert response.headers["ETag"] == f'"{revision}"'
        document = stored(db, made["id"])
        assert "plannedRevision" not in document
        assert document["daemon"] == {"nextRun": None, "runsStarted": 7}, "the API writes nothing of the daemon's"


def test_only_schedule_enabled_and_pause_move_the_instant_that_the_rule_counts_from(admin: Caller, db: Db) -> None:
    made = admin.created(JOBS, job_body())
    path = f"{JOBS}/{made['id']}"
    since = stored(db, made["id"])["scheduleSince"]
    admin.patch(path, {"name": "B", "params": {"count": 1}, "policies": {"timeout": "1m"}})
    admin.put(path, job_body(name="C"))
    assert stored(db, made["id"])["scheduleSince"] == since
    for change in (
        lambda: admin.patch(path, {"schedule": {"kind": "interval", "every": "6m"}}),
        lambda: admin.patch(path, {"enabled": False}),
        lambda: admin.patch(path, {"enabled": True}),
        lambda: admin.post(f"{path}/pause"),
        lambda: admin.post(f"{path}/resume"),
    ):
        assert change().status_code == 200
        moved = stored(db, made["id"])["scheduleSince"]
        assert moved > since
        since = moved


def test_patch_sets_only_the_given_fields_and_checks_the_whole(admin: Caller) -> None:
    made = admin.created(JOBS, job_body(params={"count": 2}, policies={"timeout": "1m", "priority": 3}))
    path = f"{JOBS}/{made['id']}"
    changed = admin.patch(path, {"policies": {"retry": {"maxAttempts": 9}}}).json
    assert changed["policies"]["retry"]["maxAttempts"] == 9
    assert changed["policies"]["priority"] == 3
    assert changed["params"] == {"count": 2}
    assert_problem(admin.patch(path, {"template": "email_notifier"}), 422, "invalid_fields", "params.count")
    assert_problem(admin.patch(path, {"name": None}), 422, "invalid_fields", "name")
    assert_problem(admin.patch(path, {"id": "other"}), 422, "invalid_fields", "id")
    assert admin.get(path).json["revision"] == 2


def test_if_match_of_another_revision_is_412_and_changes_nothing(admin: Caller) -> None:
    made = admin.created(JOBS, job_body())
    path = f"{JOBS}/{made['id']}"
    old = {"headers": {"If-Match": '"1"'}}
    assert admin.put(path, job_body(name="First"), **old).status_code == 200
    for response in (admin.put(path, job_body(name="Second"), **old), admin.delete(path, **old)):
        assert_problem(response, 412, "revision_mismatch")
        assert response.headers["ETag"] == '"2"'
    assert admin.get(path).json["name"] == "First"
    assert admin.put(path, job_body(name="Any"), headers={"If-Match": "*"}).status_code == 200
    assert admin.delete(path, headers={"If-Match": 'W/"3"'}).status_code == 204


def test_a_deleted_job_is_gone_and_leaves_a_tombstone(admin: Caller, db: Db) -> None:
    made = admin.created(JOBS, job_body())
    path = f"{JOBS}/{made['id']}"
    as_if_planned(db, made["id"])
    response = admin.delete(path)
    assert response.status_code == 204
    assert response.data == b""
    for gone in (
        admin.get(path), admin.delete(path), admin.put(path, job_body()), admin.patch(path, {"name": "x"}),
        admin.post(f"{path}/run"), admin.post(f"{path}/pause"), admin.post(f"{path}/resume"), admin.get(f"{path}/runs"),
    ):  # fmt: skip
        assert_problem(gone, 404, "not_found")
    assert admin.get(JOBS).json == {"items": [], "nextCursor": None}
    tombstone = stored(db, made["id"])
    assert tombstone["expireAt"] - tombstone["deletedAt"] == timedelta(days=30)
    assert tombstone["revision"] == 2
    assert "plannedRevision" not in tombstone


def test_the_list_filters_by_template_enabled_and_name(admin: Caller) -> None:
    admin.created(JOBS, job_body(name="Morning mail", template="email_notifier"))
    admin.created(JOBS, job_body(name="Night (noop)", enabled=False))

    def names(query: str) -> list[str]:
        return [job["name"] for job in admin.get(f"{JOBS}?{query}").json["items"]]

    assert names("template=email_notifier") == ["Morning mail"]
    assert names("enabled=false") == ["Night (noop)"]
    assert names("q=MAIL") == ["Morning mail"]
    assert names("q=(noop)") == ["Night (noop)"]
    assert names("q=.*") == []


def test_a_paused_job_says_why_and_a_pause_that_is_over_does_not_count(admin: Caller, db: Db) -> None:
    made = admin.created(JOBS, job_body())
    path = f"{JOBS}/{made['id']}"
    paused = admin.post(f"{path}/pause", {"reason": "holidays", "until": "2100-01-01T00:00:00Z"}).json
    assert paused["state"] == "paused"
    assert paused["nextRun"] is None
    assert paused["pause"]["reason"] == "holidays"
    assert paused["pause"]["by"] == "the admin"
    assert_problem(admin.post(f"{path}/pause", {"until": "2020-01-01T00:00:00Z"}), 422, "invalid_fields", "until")
    db[DYNAMIC_JOBS].update_one({"_id": made["id"]}, {"$set": {"pause.until": datetime(2020, 1, 1, tzinfo=UTC)}})
    assert admin.get(path).json["state"] == "active"


def test_resume_makes_a_disabled_job_active_and_does_nothing_to_an_active_one(admin: Caller) -> None:
    made = admin.created(JOBS, job_body(enabled=False))
    path = f"{JOBS}/{made['id']}"
    assert made["state"] == "paused"
    resumed = admin.post(f"{path}/resume").json
    assert (resumed["state"], resumed["enabled"], resumed["revision"]) == ("active", True, 2)
    assert admin.post(f"{path}/resume").json["revision"] == 2


@pytest.mark.parametrize(
    ("daemon", "state", "problem"),
    [
        ({"completed": True}, "completed", None),
        ({"quarantine": {"reason": "no such thing", "field": "params.x", "at": datetime.now(UTC)}},
         "quarantined", "params.x: no such thing"),
        ({"autoPaused": {"reason": "failed 5 times", "at": datetime.now(UTC)}}, "paused", None),
    ],
)  # fmt: skip
def test_what_the_daemon_says_of_a_job_shows_until_it_is_edited(
    admin: Caller, db: Db, daemon: dict[str, Any], state: str, problem: str | None
) -> None:
    made = admin.created(JOBS, job_body())
    path = f"{JOBS}/{made['id']}"
    as_if_planned(db, made["id"], **daemon)
    shown = admin.get(path).json
    assert (shown["state"], shown["problem"], shown["nextRun"]) == (state, problem, None)
    edited = admin.patch(path, {"schedule": {"kind": "interval", "every": "7m"}}).json
    assert (edited["state"], edited["problem"]) == ("active", None)


def test_each_change_is_in_the_audit_log_with_who_before_and_after_and_no_secret(admin: Caller, db: Db) -> None:
    made = admin.created(JOBS, job_body(labels={"api_key": "hush"}))
    path = f"{JOBS}/{made['id']}"
    admin.patch(path, {"name": "Another"}, headers={"X-Request-Id": "request-7"})
    admin.delete(path)
    entries = list(db[AUDIT_LOG].find({"documentId": made["id"]}).sort("at", 1))
    assert [entry["action"] for entry in entries] == ["job.create", "job.update", "job.delete"]
    assert entries[0]["after"]["labels"] == {"api_key": "***"}
    update = entries[1]
    assert (update["by"], update["requestId"]) == ("the admin", "request-7")
    assert (update["before"]["name"], update["after"]["name"]) == ("A job", "Another")
    assert "schedule" not in update["after"]


def test_a_refused_change_writes_no_audit_entry(admin: Caller, db: Db) -> None:
    made = admin.created(JOBS, job_body())
    admin.patch(f"{JOBS}/{made['id']}", {"name": "x"}, headers={"If-Match": '"9"'})
    assert db[AUDIT_LOG].count_documents({}) == 1


def test_without_any_daemon_the_catalogue_is_empty_and_a_job_says_what_to_do(app: Any, bare_db: Db) -> None:
    caller = Caller(app, "admin")
    assert caller.get("/api/admin/scheduler/templates").json == {"items": [], "nextCursor": None}
    problem = assert_problem(caller.post(JOBS, job_body()), 422, "invalid_fields", "template")
    assert "start the daemon" in problem["detail"]


def test_the_catalogue_lists_templates_with_their_schema(admin: Caller, db: Db) -> None:
    db["job_templates"].insert_one({"_id": "broken", "name": 5})
    items = admin.get("/api/admin/scheduler/templates").json["items"]
    assert [item["type"] for item in items] == ["email_notifier", "gone", "noop", "scheduled_notification_processor"]
    assert items[2]["parametersSchema"]["properties"]["count"] == {"type": "integer", "minimum": 1}
    assert {"name", "category", "description", "version", "available"} <= set(items[2])


def test_a_search_for_what_no_text_can_hold_is_the_clients_mistake(admin: Caller) -> None:
    assert admin.get(f"{JOBS}?q=%00").status_code == 422


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": "", "params": {"count": 0}}, {"name", "params.count"}),
        ({"name": "", "template": "none", "params": {"count": 0}}, {"name"}),
        ({"name": "", "params": {"count": "***"}}, {"name"}),
        ({"params": "text"}, {"params"}),
        (
            {
                "params": {"count": 0},
                "schedule": {"kind": "interval", "every": "5m", "excludeCalendars": ["none"]},
                "policies": {"softTimeout": "20m"},
            },
            {"params.count", "schedule.excludeCalendars.0", "policies.softTimeout"},
        ),
    ],
)
def test_all_that_is_wrong_is_told_at_the_first_try(admin: Caller, fields: dict[str, Any], wrong: set[str]) -> None:
    made = admin.created(JOBS, job_body())
    for refused in (admin.post(JOBS, job_body(**fields)), admin.put(f"{JOBS}/{made['id']}", job_body(**fields))):
        assert {each["field"] for each in assert_problem(refused, 422, "invalid_fields")["errors"]} == wrong
