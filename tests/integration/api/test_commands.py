"""Run now, cancel and retry: commands that the daemon carries out, and requests that are repeated."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.collections import AUDIT_LOG, COMMANDS, JOB_RUNS
from shared.models.commands import Command
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

KEY = {"headers": {"Idempotency-Key": "once-only"}}


def insert_run(db: Db, run_id: str, state: str, **fields: Any) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    db[JOB_RUNS].insert_one(
        {
            "_id": run_id, "jobId": run_id.split(":")[0], "jobRevision": 1, "template": "noop", "trigger": "schedule",
            "scheduledFor": at, "state": state, "timeoutMs": 1, "backoffMs": 1, "maxBackoffMs": 1, "params": {},
            "createdAt": at, "createdBy": "daemon", **fields,
        }
    )  # fmt: skip


def test_run_now_inserts_a_command_and_names_the_run_to_come(admin: Caller, db: Db) -> None:
    job = admin.created(JOBS, job_body(params={"count": 1}))
    response = admin.post(f"{JOBS}/{job['id']}/run", {"params": {"count": 5}, "force": True})
    assert response.status_code == 202
    assert response.json["runId"].startswith(f"{job['id']}:m:")
    document = db[COMMANDS].find_one({"_id": response.json["commandId"]})
    assert document is not None
    command = Command.from_document(document)
    assert (command.kind, command.job_id, command.run_id) == ("run", job["id"], response.json["runId"])
    assert (command.params, command.force, command.created_by) == ({"count": 5}, True, "the admin")
    assert document["handledAt"] is None
    assert "expireAt" not in document
    assert db[AUDIT_LOG].count_documents({"action": "command.run"}) == 1


def test_run_now_needs_no_body_and_works_for_a_paused_job(admin: Caller) -> None:
    job = admin.created(JOBS, job_body(enabled=False))
    assert admin.post(f"{JOBS}/{job['id']}/run").status_code == 202
    empty_form = {"data": b"", "content_type": "application/x-www-form-urlencoded"}
    assert admin.post(f"{JOBS}/{job['id']}/run", **empty_form).status_code == 202


def test_run_now_checks_the_parameters_over_the_jobs_own(admin: Caller, db: Db) -> None:
    job = admin.created(JOBS, job_body(params={"count": 1}))
    response = admin.post(f"{JOBS}/{job['id']}/run", {"params": {"count": "many"}})
    assert_problem(response, 422, "invalid_fields", "params.count")
    assert_problem(admin.post(f"{JOBS}/{job['id']}/run", {"parms": {}}), 422, "invalid_fields", "parms")
    assert_problem(admin.post(f"{JOBS}/nonesuch/run"), 404, "not_found")
    assert db[COMMANDS].count_documents({}) == 0


@pytest.mark.parametrize("state", ["pending", "running", "retry_wait"])
def test_a_live_run_can_be_cancelled_but_not_retried(admin: Caller, db: Db, state: str) -> None:
    insert_run(db, "job:1767225600000", state)
    response = admin.post(f"{RUNS}/job:1767225600000/cancel")
    assert response.status_code == 202
    assert response.json["runId"] == "job:1767225600000"
    command = db[COMMANDS].find_one({})
    assert command is not None
    assert (command["kind"], command["runId"], command["jobId"]) == ("cancel", "job:1767225600000", "job")
    assert_problem(admin.post(f"{RUNS}/job:1767225600000/retry"), 409, "run_not_retryable")


@pytest.mark.parametrize("state", ["failed", "timed_out", "interrupted", "cancelled"])
def test_what_did_not_succeed_can_be_retried_but_not_cancelled(admin: Caller, db: Db, state: str) -> None:
    insert_run(db, "job:m:abc", state)
    assert_problem(admin.post(f"{RUNS}/job:m:abc/retry"), 404, "not_found")  # its job was deleted
    assert db[COMMANDS].count_documents({}) == 0
    db["dynamic_jobs"].insert_one({"_id": "job"})
    response = admin.post(f"{RUNS}/job:m:abc/retry")
    assert response.status_code == 202
    command = db[COMMANDS].find_one({})
    assert command is not None
    assert (command["kind"], command["retryOf"], command["runId"]) == ("retry", "job:m:abc", response.json["runId"])
    assert response.json["runId"].startswith("job:m:")
    assert response.json["runId"] != "job:m:abc"
    assert_problem(admin.post(f"{RUNS}/job:m:abc/cancel"), 409, "run_finished")


@pytest.mark.parametrize("state", ["succeeded", "skipped"])
def test_what_succeeded_or_was_skipped_is_neither_cancelled_nor_retried(admin: Caller, db: Db, state: str) -> None:
    insert_run(db, "job:1", state)
    assert_problem(admin.post(f"{RUNS}/job:1/cancel"), 409, "run_finished")
    assert_problem(admin.post(f"{RUNS}/job:1/retry"), 409, "run_not_retryable")
    assert_problem(admin.post(f"{RUNS}/nonesuch/cancel"), 404, "not_found")


def test_a_repeated_request_with_the_same_key_gets_the_first_answer(admin: Caller, db: Db) -> None:
    template = admin.created(TEMPLATES, template_body())
    job = admin.created(JOBS, job_body())
    for path, body in (
        (JOBS, job_body()),
        (TEMPLATES, template_body()),
        (SCHEDULED, scheduled_body(template["id"])),
        ("/api/notifications/recipients", {"email": "ada@example.com"}),
        ("/api/notifications/groups", {"name": "All"}),
        (f"{JOBS}/{job['id']}/run", {"force": True}),
    ):
        first, again = admin.post(path, body, **KEY), admin.post(path, body, **KEY)
        assert first.status_code in (201, 202), first.text
        assert again.status_code == first.status_code
        assert again.json == first.json
        assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
        for header in ("ETag", "Location", "Content-Type"):
            assert again.headers.get(header) == first.headers.get(header)
        other = admin.post(path, {**body, "name": "B"}, **KEY)
        assert_problem(other, 422, "idempotency_key_reused")
    assert db[COMMANDS].count_documents({}) == 1
    assert db["dynamic_jobs"].count_documents({}) == 2


def test_the_same_key_of_another_token_or_path_is_another_request(admin: Caller, as_role: Any) -> None:
    mine = admin.post(JOBS, job_body(), **KEY).json["id"]
    assert as_role("editor").post(JOBS, job_body(), **KEY).json["id"] != mine
    assert admin.post(TEMPLATES, template_body(), **KEY).json["id"] != mine


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_that_is_no_key_is_400(admin: Caller, key: str) -> None:
    response = admin.post(JOBS, job_body(), headers={"Idempotency-Key": key})
    assert_problem(response, 400, "invalid_idempotency_key", "Idempotency-Key")


def test_runs_are_listed_by_job_state_template_and_time(admin: Caller, db: Db) -> None:
    for hour, state in enumerate(["succeeded", "failed", "pending"]):
        insert_run(db, f"a:{hour}", state, scheduledFor=datetime(2026, 1, 1, hour, tzinfo=UTC))
    insert_run(db, "b:1", "failed", template="email_notifier", scheduledFor=datetime(2025, 1, 1, tzinfo=UTC))

    def ids(query: str) -> list[str]:
        response = admin.get(f"{RUNS}?{query}")
        assert response.status_code == 200, response.text
        return [run["id"] for run in response.json["items"]]

    assert ids("") == ["a:2", "a:1", "a:0", "b:1"]
    assert ids("jobId=a") == ["a:2", "a:1", "a:0"]
    assert ids("state=failed") == ["a:1", "b:1"]
    assert ids("template=email_notifier") == ["b:1"]
    assert ids("from=2026-01-01T01:00:00Z&to=2026-01-01T01:00:00Z") == ["a:1"]
    assert_problem(admin.get(f"{RUNS}?state=happy"), 422, "invalid_fields", "state")
    assert_problem(admin.get(f"{RUNS}?from=yesterday"), 422, "invalid_fields", "from")


def test_a_run_is_answered_as_documented_without_claim_tokens(admin: Caller, db: Db) -> None:
    insert_run(
        db, "a:1", "failed", token="secret-claim", epoch=3, attempt=2, error={"type": "Timeout", "message": "late"}
    )
    run = admin.get(f"{RUNS}/a:1").json
    assert (run["id"], run["jobId"], run["state"], run["attempt"]) == ("a:1", "a", "failed", 2)
    assert run["error"] == {"type": "Timeout", "message": "late"}
    assert run["scheduledFor"] == "2026-01-01T00:00:00.000Z"
    assert {"trigger", "startedAt", "finishedAt", "durationMs", "params", "result", "reason"} <= set(run)
    assert "token" not in run
    assert_problem(admin.get(f"{RUNS}/nonesuch"), 404, "not_found")


def test_a_run_names_its_job_as_long_as_that_is_known(admin: Caller, db: Db) -> None:
    job = admin.created(JOBS, job_body(name="Morning mail"))
    insert_run(db, f"{job['id']}:m:1", "succeeded")
    insert_run(db, "gone:m:1", "succeeded")
    shown = {run["id"]: run["jobName"] for run in admin.get(RUNS).json["items"]}
    assert shown == {f"{job['id']}:m:1": "Morning mail", "gone:m:1": None}
    assert admin.get(f"{RUNS}/{job['id']}:m:1").json["jobName"] == "Morning mail"
    assert admin.delete(f"{JOBS}/{job['id']}").status_code == 204
    assert admin.get(f"{RUNS}/{job['id']}:m:1").json["jobName"] == "Morning mail"  # its tombstone knows
