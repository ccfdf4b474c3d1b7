"""Secret parameters: masked in every answer and in the audit log, kept by whoever writes the mask back."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from shared.collections import AUDIT_LOG, COMMANDS, DYNAMIC_JOBS, JOB_RUNS, JOB_TEMPLATES
from tests.integration.api.conftest import JOBS, RUNS, Caller, Db, assert_problem, job_body, publish
from tests.support.documents import MONDAY

SECRET = "hunter2"


class Parameters(BaseModel):
    url: str = ""
    token: SecretStr | None = None
    headers: dict[str, SecretStr] = {}


@pytest.fixture
def calls(catalogue: Db) -> Db:
    """A template with secret parameters is published."""
    publish(catalogue, "calls", Parameters.model_json_schema())
    return catalogue


@pytest.fixture
def job(calls: Db, admin: Caller) -> dict[str, Any]:
    params = {"url": "https://example.com", "token": SECRET, "headers": {"X-Key": SECRET}}
    return admin.created(JOBS, job_body(template="calls", params=params))


def stored_params(db: Db) -> Any:
    found = db[DYNAMIC_JOBS].find_one({})
    assert found is not None
    return found["params"]


def run_document(**changes: Any) -> dict[str, Any]:
    return {
        "_id": "job-1:1", "jobId": "job-1", "jobRevision": 1, "template": "calls", "trigger": "schedule",
        "scheduledFor": MONDAY, "state": "succeeded", "timeoutMs": 1000, "backoffMs": 1000, "maxBackoffMs": 1000,
        "params": {"token": SECRET}, "createdAt": MONDAY, "createdBy": "test", **changes,
    }  # fmt: skip


def test_no_answer_about_a_job_shows_a_secret(job: dict[str, Any], admin: Caller, calls: Db) -> None:
    shown = {"url": "https://example.com", "token": "***", "headers": {"X-Key": "***"}}
    assert job["params"] == shown
    assert admin.get(f"{JOBS}/{job['id']}").json["params"] == shown
    assert admin.get(JOBS).json["items"][0]["params"] == shown
    assert admin.post(f"{JOBS}/{job['id']}/pause", {"reason": "x"}).json["params"] == shown
    assert stored_params(calls)["token"] == SECRET


def test_no_answer_about_a_run_shows_a_secret_be_it_malformed_or_not(admin: Caller, calls: Db) -> None:
    calls[JOB_RUNS].insert_many([run_document(), run_document(_id="job-1:2", scheduledFor="never")])
    for path in (RUNS, f"{RUNS}/job-1:1", f"{RUNS}/job-1:2"):
        text = admin.get(path).text
        assert "***" in text
        assert SECRET not in text


def test_a_malformed_job_and_one_of_an_unknown_template_show_no_secret(
    job: dict[str, Any], admin: Caller, calls: Db
) -> None:
    for change in ({"schedule": 5}, {"template": 5}, {"template": "calls", "params": SECRET}):
        calls[DYNAMIC_JOBS].update_one({}, {"$set": change})
        assert SECRET not in admin.get(f"{JOBS}/{job['id']}").text
    calls[JOB_TEMPLATES].delete_one({"_id": "calls"})
    assert SECRET not in admin.get(JOBS).text


def test_the_audit_log_says_that_a_secret_changed_and_not_what_it_is(
    job: dict[str, Any], admin: Caller, calls: Db
) -> None:
    admin.patch(f"{JOBS}/{job['id']}", {"params": {"headers": {"X-Key": f"{SECRET}-new"}}})
    admin.post(f"{JOBS}/{job['id']}/run", {"params": {"headers": {"X-Key": f"{SECRET}-run"}}})
    entries = list(calls[AUDIT_LOG].find({}))
    assert [entry["action"] for entry in entries] == ["job.create", "job.update", "command.run"]
    assert entries[1]["after"]["params"] == {"headers": {"X-Key": "***"}}
    assert SECRET not in str(entries)


def test_the_mask_written_back_keeps_the_secret(job: dict[str, Any], admin: Caller, calls: Db) -> None:
    body = {name: job[name] for name in ("name", "template", "params", "schedule")}
    for answer in (
        admin.put(f"{JOBS}/{job['id']}", {**body, "name": "Other"}),
        admin.patch(f"{JOBS}/{job['id']}", {"params": {**job["params"], "url": "https://example.org"}}),
    ):
        assert answer.status_code == 200, answer.text
    assert stored_params(calls) == {"url": "https://example.org", "token": SECRET, "headers": {"X-Key": SECRET}}


def test_a_run_with_the_mask_has_the_jobs_secret(job: dict[str, Any], admin: Caller, calls: Db) -> None:
    params = {"token": "***", "url": "https://example.net"}
    assert admin.post(f"{JOBS}/{job['id']}/run", {"params": params}).status_code == 202
    command = calls[COMMANDS].find_one({})
    assert command is not None
    assert command["params"] == {"token": SECRET, "url": "https://example.net"}


def test_a_mask_without_a_stored_secret_is_refused_by_name(job: dict[str, Any], admin: Caller, calls: Db) -> None:
    made = admin.post(JOBS, job_body(template="calls", params={"token": "***"}))
    assert_problem(made, 422, "invalid_fields", "params.token")
    changed = admin.patch(f"{JOBS}/{job['id']}", {"params": {"headers": {"X-Other": "***"}}})
    assert_problem(changed, 422, "invalid_fields", "params.headers.X-Other")
    assert SECRET not in json.dumps(changed.json)


def test_a_secret_does_not_move_to_another_template(job: dict[str, Any], admin: Caller, calls: Db) -> None:
    publish(calls, "others", Parameters.model_json_schema())
    answer = admin.patch(f"{JOBS}/{job['id']}", {"template": "others", "params": {"token": "***"}})
    assert_problem(answer, 422, "invalid_fields", "params.token")
