"""Secret parameters: masked in every answer and in the audit log, kept by whoever writes the mask back."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from bson import encode
from pydantic import BaseModel, SecretStr

from api import create_app
from api.context import store_of
from shared.collections import AUDIT_LOG, COMMANDS, DYNAMIC_JOBS, JOB_RUNS, JOB_TEMPLATES
from shared.secrets_vault import Vault, read_keys
from shared.settings import Settings
from tests.integration.api.conftest import JOBS, RUNS, Caller, Db, assert_problem, job_body, publish
from tests.support.documents import MONDAY
from tests.support.environment import SECRETS_KEY

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


VAULT = Vault(read_keys(SECRETS_KEY))


def stored_params(db: Db) -> Any:
    """Of the one job; nothing in the whole database shows a secret."""
    assert_nowhere(db, SECRET)
    found = db[DYNAMIC_JOBS].find_one({})
    assert found is not None
    return VAULT.opened(found["params"], found["_id"])


def assert_nowhere(db: Db, secret: str) -> None:
    for name in db.list_collection_names():
        for document in db[name].find({}):
            assert secret.encode() not in encode(document), f"{name}: {document}"


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
    assert VAULT.opened(command["params"], job["id"]) == {"token": SECRET, "url": "https://example.net"}
    assert_nowhere(calls, SECRET)


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


ApiWith = Callable[[str | None], Caller]


@pytest.fixture
def api_with(calls: Db, settings: Callable[..., Settings]) -> Iterator[ApiWith]:
    """The API with another key, or none, called by an admin."""
    with ExitStack() as opened:

        def start(key: str | None) -> Caller:
            app = create_app(settings(secrets_key=None if key is None else SecretStr(key)))
            opened.callback(store_of(app).connection.close)
            return Caller(app, "admin")

        yield start


def test_without_a_key_a_secret_is_refused_and_everything_else_is_taken(calls: Db, api_with: ApiWith) -> None:
    keyless = api_with(None)
    refused = keyless.post(JOBS, job_body(template="calls", params={"token": SECRET}))
    fault = assert_problem(refused, 422, "invalid_fields", "params.token")
    assert "SECRETS_KEY" in str(fault["errors"])
    assert calls[DYNAMIC_JOBS].count_documents({}) == 0
    keyless.created(JOBS, job_body(template="calls", params={"url": "https://example.com"}))


def test_a_secret_that_no_key_opens_is_entered_again(job: dict[str, Any], api_with: ApiWith) -> None:
    other = api_with(base64.b64encode(bytes(32)).decode())
    one = f"{JOBS}/{job['id']}"
    kept = other.patch(one, {"params": job["params"]})
    assert_problem(kept, 422, "invalid_fields", "params.token")
    entered = other.patch(one, {"params": {"token": "another"}})
    assert entered.status_code == 200, entered.text
    assert entered.json["params"] == {"token": "***"}


def test_a_plain_secret_of_former_times_is_encrypted_when_the_job_is_changed(
    job: dict[str, Any], admin: Caller, calls: Db
) -> None:
    calls[DYNAMIC_JOBS].update_one({}, {"$set": {"params": {"token": SECRET}}})
    assert admin.patch(f"{JOBS}/{job['id']}", {"name": "Other"}).status_code == 200
    assert stored_params(calls) == {"token": SECRET}


def test_a_job_with_a_plain_secret_of_former_times_can_be_run_without_a_key(
    job: dict[str, Any], api_with: ApiWith, calls: Db
) -> None:
    calls[DYNAMIC_JOBS].update_one({}, {"$set": {"params": {"token": SECRET}}})
    keyless, run = api_with(None), f"{JOBS}/{job['id']}/run"
    assert keyless.post(run).status_code == 202
    assert keyless.post(run, {"params": {"url": "https://example.net"}}).status_code == 202
    assert_problem(keyless.post(run, {"params": {"token": "another"}}), 422, "invalid_fields", "params.token")
    assert_problem(keyless.patch(f"{JOBS}/{job['id']}", {"name": "Other"}), 422, "invalid_fields", "params.token")


def test_a_sealed_secret_is_masked_though_the_template_does_not_call_it_secret_any_more(
    job: dict[str, Any], admin: Caller, calls: Db
) -> None:
    publish(calls, "calls", {"type": "object"})
    shown = {"url": "https://example.com", "token": "***", "headers": {"X-Key": "***"}}
    assert admin.get(f"{JOBS}/{job['id']}").json["params"] == shown
    assert admin.get(JOBS).json["items"][0]["params"] == shown


@pytest.mark.parametrize("secret", ["", "\ud800", "\x00", "sealed", "x" * 100_000])
def test_odd_secrets_are_stored_or_refused_and_never_an_error(secret: str, calls: Db, admin: Caller) -> None:
    answer = admin.post(JOBS, job_body(template="calls", params={"token": secret}))
    assert answer.status_code in (201, 400, 422), answer.text
