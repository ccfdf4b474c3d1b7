"""Every policy of a job through the API: made, merged, cleared, refused; and what a job and a run show of them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.collections import DYNAMIC_JOBS, RECIPIENT_GROUPS, RECIPIENTS
from shared.models.jobs import Job
from tests.integration.api.conftest import JOBS, RUNS, Caller, Db, assert_problem, job_body
from tests.integration.api.test_commands import insert_run

ALERTS = {"on": ["failed", "skipped"], "recipients": {"people": ["ada"], "groups": ["ops"]}, "channels": ["email"]}
ALL = {
    "overlap": "allow:3",
    "misfire": {"policy": "all", "window": "2h", "max": 7},
    "timeout": "5m",
    "softTimeout": "1m",
    "startDeadline": "30m",
    "maxConcurrent": 2,
    "retry": {
        "maxAttempts": 5, "backoff": "2s", "maxBackoff": "1m", "on": ["timed_out"], "exceptErrors": ["ValueError"],
    },
    "pauseAfterFailures": 4,
    "priority": 9,
    "keepLast": 25,
    "alerts": ALERTS,
}  # fmt: skip


@pytest.fixture
def people(catalogue: Db) -> Db:
    catalogue[RECIPIENTS].insert_one({"_id": "ada", "email": "ada@example.com"})
    catalogue[RECIPIENT_GROUPS].insert_one({"_id": "ops", "members": ["ada"]})
    return catalogue


def test_a_job_is_made_with_every_policy_and_answers_them(admin: Caller, people: Db) -> None:
    made = admin.created(JOBS, job_body(policies=ALL))
    shown = admin.get(f"{JOBS}/{made['id']}").json["policies"]
    assert {**shown, "alerts": None} == {**ALL, "alerts": None}
    assert shown["alerts"] == {**ALERTS, "recipients": {**ALERTS["recipients"], "addresses": [], "users": None}}
    document = people[DYNAMIC_JOBS].find_one({})
    assert document is not None
    assert document["policies"]["softTimeout"] == "1m"
    assert Job.from_document(document).policies.keep_last == 25
    assert admin.created(JOBS, job_body())["policies"].items() >= {
        "softTimeout": None, "startDeadline": None, "maxConcurrent": None, "keepLast": 10, "alerts": None,
    }.items()  # fmt: skip


def test_a_patch_merges_policies_field_by_field_and_null_clears(admin: Caller, people: Db) -> None:
    path = f"{JOBS}/{admin.created(JOBS, job_body(policies=ALL))['id']}"
    patched = admin.patch(path, {"policies": {"retry": {"on": []}, "maxConcurrent": 5}}).json["policies"]
    assert patched["retry"] == {**ALL["retry"], "on": []}
    assert (patched["maxConcurrent"], patched["softTimeout"], patched["priority"]) == (5, "1m", 9)
    clear = ["softTimeout", "startDeadline", "maxConcurrent", "pauseAfterFailures", "alerts"]
    cleared = admin.patch(path, {"policies": dict.fromkeys(clear)}).json["policies"]
    assert [cleared[name] for name in clear] == [None] * len(clear)
    assert (cleared["keepLast"], cleared["overlap"]) == (25, "allow:3")
    assert people[DYNAMIC_JOBS].count_documents({"policies.alerts": None}) == 1


def test_a_patch_replaces_alerts_whole(admin: Caller, people: Db) -> None:
    path = f"{JOBS}/{admin.created(JOBS, job_body(policies=ALL))['id']}"
    alerts = {"recipients": {"addresses": [{"email": "eve@example.com"}]}}
    patched = admin.patch(path, {"policies": {"alerts": alerts}}).json["policies"]["alerts"]
    assert patched["on"] == ["failed", "recovered", "auto_paused"]
    assert (patched["recipients"]["people"], patched["recipients"]["groups"]) == ([], [])
    assert patched["recipients"]["addresses"][0]["email"] == "eve@example.com"


@pytest.mark.parametrize(
    ("recipients", "field"),
    [
        ({"people": ["ada", "nobody"]}, "policies.alerts.recipients.people"),
        ({"groups": ["nobody"]}, "policies.alerts.recipients.groups"),
        ({}, "policies.alerts.recipients"),
    ],
)
def test_alerts_name_people_and_groups_that_exist(
    admin: Caller, people: Db, recipients: dict[str, Any], field: str
) -> None:
    policies = {"alerts": {"recipients": recipients}}
    assert_problem(admin.post(JOBS, job_body(policies=policies)), 422, "invalid_fields", field)
    path = f"{JOBS}/{admin.created(JOBS, job_body())['id']}"
    assert_problem(admin.put(path, job_body(policies=policies)), 422, "invalid_fields", field)
    assert_problem(admin.patch(path, {"policies": policies}), 422, "invalid_fields", field)
    assert people[DYNAMIC_JOBS].count_documents({"policies.alerts": None}) == 1


@pytest.mark.parametrize(
    ("policies", "field"),
    [
        ({"softTimeout": "10m"}, "policies.softTimeout"),
        ({"softTimeout": "30s", "timeout": "30s"}, "policies.softTimeout"),
        ({"softTimeout": "1ms"}, "policies.softTimeout"),
        ({"softTimeout": 5}, "policies.softTimeout"),
        ({"startDeadline": "8d"}, "policies.startDeadline"),
        (
            {"alerts": {"channels": ["sms"], "recipients": {"addresses": [{"email": "ada@example.com"}]}}},
            "policies.alerts.channels",
        ),
        ({"startDeadline": "soon"}, "policies.startDeadline"),
        ({"maxConcurrent": 0}, "policies.maxConcurrent"),
        ({"maxConcurrent": "2"}, "policies.maxConcurrent"),
        ({"retry": {"on": ["cancelled"]}}, "policies.retry.on.0"),
        ({"retry": {"exceptErrors": [""]}}, "policies.retry.exceptErrors.0"),
        ({"retry": {"exceptErrors": ["E"] * 21}}, "policies.retry.exceptErrors"),
        ({"keepLast": -1}, "policies.keepLast"),
        ({"keepLast": 1001}, "policies.keepLast"),
        ({"keepLast": None}, "policies.keepLast"),
        ({"alerts": {"on": ["failed"]}}, "policies.alerts.recipients"),
        ({"alerts": {**ALERTS, "on": []}}, "policies.alerts.on"),
        ({"alerts": {**ALERTS, "on": ["finished"]}}, "policies.alerts.on.0"),
        ({"alerts": {**ALERTS, "channels": ["pigeon"]}}, "policies.alerts.channels.0"),
        ({"maxParallel": 3}, "policies.maxParallel"),
    ],
)
def test_a_policy_out_of_its_limits_names_its_field(
    admin: Caller, people: Db, policies: dict[str, Any], field: str
) -> None:
    assert_problem(admin.post(JOBS, job_body(policies=policies)), 422, "invalid_fields", field)
    path = f"{JOBS}/{admin.created(JOBS, job_body())['id']}"
    assert_problem(admin.patch(path, {"policies": policies}), 422, "invalid_fields", field)
    assert people[DYNAMIC_JOBS].count_documents({}) == 1


def test_a_shorter_timeout_is_checked_against_the_stored_soft_one(admin: Caller) -> None:
    path = f"{JOBS}/{admin.created(JOBS, job_body(policies={'softTimeout': '1m'}))['id']}"
    refused = admin.patch(path, {"policies": {"timeout": "30s"}})
    assert "30s" in assert_problem(refused, 422, "invalid_fields", "policies.softTimeout")["detail"]
    assert admin.patch(path, {"policies": {"timeout": "30s", "softTimeout": None}}).status_code == 200


def test_a_job_shows_how_often_it_was_skipped_and_why(admin: Caller, db: Db) -> None:
    job = admin.created(JOBS, job_body())
    assert (job["runs"], job["skipped"]) == ({}, {})
    daemon = {"counters": {"succeeded": 3}, "skipped": {"overlap": 2, "excluded": 7}}
    db[DYNAMIC_JOBS].update_one({"_id": job["id"]}, {"$set": {"daemon": daemon}})
    shown = admin.get(f"{JOBS}/{job['id']}").json
    assert (shown["runs"], shown["skipped"]) == ({"succeeded": 3}, {"overlap": 2, "excluded": 7})


def test_a_run_shows_why_how_far_and_until_when(admin: Caller, db: Db) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    fields: dict[str, Any] = {
        "reason": "overlap", "slowAt": at, "startBy": at, "width": 3, "waiting": True, "softTimeoutMs": 5,
        "progress": {"done": 2, "total": 4, "message": "half", "at": at},
    }  # fmt: skip
    insert_run(db, "a:1", "pending", **fields)
    insert_run(db, "a:2", "pending", **{**fields, "params": "nonsense", "slowAt": "late"})
    run = admin.get(f"{RUNS}/a:1").json
    assert (run["reason"], run["slowAt"], run["startBy"]) == ("overlap", *["2026-01-01T00:00:00.000Z"] * 2)
    assert run["progress"] == {"done": 2.0, "total": 4.0, "message": "half", "at": "2026-01-01T00:00:00.000Z"}
    assert (run["waiting"], run["softTimeoutMs"]) == (True, 5)
    malformed = admin.get(f"{RUNS}/a:2").json
    assert (malformed["state"], malformed["slowAt"], malformed["startBy"]) == ("quarantined", None, run["startBy"])
    assert "width" not in run
    assert "width" not in malformed


def test_openapi_describes_every_policy(admin: Caller) -> None:
    schemas = admin.get("/api/openapi.json").json["components"]["schemas"]
    described = next(value for name, value in schemas.items() if name.startswith("Policies"))["properties"]
    assert set(ALL) == set(described)
    assert set(ALL["retry"]) == set(next(v for n, v in schemas.items() if n.startswith("Retry"))["properties"])
