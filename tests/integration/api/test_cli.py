"""`unified-scheduler`, run as a person would, on a real database."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from api.cli.main import main
from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.job_templates.database_cleanup_template import DatabaseCleanupTemplate
from scheduler_daemon.job_templates.system_cleanup_template import SystemCleanupTemplate
from scheduler_daemon.job_templates.ticket_cleanup_template import TicketCleanupTemplate
from shared.collections import API_TOKENS, AUDIT_LOG
from shared.indexes import audit_retention
from tests.integration.api.conftest import JOBS, Caller, Db, publish

Run = Callable[..., Result]
STANDARD = {"standard-scheduled-notification-processor", "standard-email-notifier"}


@pytest.fixture
def run(mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("MONGODB_URI", mongodb_uri)
    monkeypatch.setenv("MONGODB_DATABASE", database_name)
    monkeypatch.setattr("shared.logging.configure_logging", lambda *_arguments: None)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    return invoke


def test_a_created_token_is_all_that_is_printed_works_at_once_and_is_stored_hashed(
    run: Run, app: Flask, db: Db
) -> None:
    result = run("token", "create", "--role", "viewer", "--name", "a reader", "--expires-in", "1d")
    assert result.exit_code == 0, result.output
    token = result.stdout.strip()
    assert result.stdout == f"{token}\n"
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get(JOBS, headers=headers).status_code == 200
    assert app.test_client().post(JOBS, headers=headers, json={}).status_code == 403
    assert token not in str(list(db[API_TOKENS].find()))
    assert token not in str(list(db[AUDIT_LOG].find()))
    assert "by_hash" in db[API_TOKENS].index_information()
    assert token not in run("token", "list").output
    assert "a reader" in run("token", "list").output


def test_a_revoked_token_stops_working(run: Run, app: Flask) -> None:
    token = run("token", "create", "--role", "admin", "--name", "x").stdout.strip()
    assert run("token", "revoke", "x").exit_code == 0
    assert app.test_client().get(JOBS, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert "revoked" in run("token", "list").output
    assert run("token", "revoke", "nonesuch").exit_code == 1


def test_replace_revokes_the_tokens_of_the_same_name(run: Run, app: Flask) -> None:
    old = run("token", "create", "--role", "admin", "--name", "x").stdout.strip()
    new = run("token", "create", "--role", "admin", "--name", "x", "--replace").stdout.strip()
    statuses = [app.test_client().get(JOBS, headers={"Authorization": f"Bearer {t}"}).status_code for t in (old, new)]
    assert statuses == [401, 200]


@pytest.mark.parametrize(
    "arguments",
    [
        ["token", "create", "--role", "emperor", "--name", "x"],
        ["token", "create", "--role", "admin", "--name", ""],
        ["token", "create", "--role", "admin", "--name", "x", "--expires-in", "soon"],
        ["nonesuch"],
    ],
)
def test_wrong_usage_is_exit_2_without_a_traceback(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_bootstrap_without_a_daemon_says_what_to_do(run: Run, db: Db) -> None:
    result = run("bootstrap", "--wait", "0")
    assert result.exit_code == 1
    assert "start the daemon" in result.output


def test_bootstrap_makes_the_standard_jobs_once_and_a_sample_in_a_new_database(run: Run, catalogue: Db) -> None:
    for _ in range(2):
        result = run("bootstrap", "--wait", "0")
        assert result.exit_code == 0, result.output
    assert {job["_id"] for job in catalogue["dynamic_jobs"].find()} == STANDARD
    [sample] = catalogue["scheduled_notifications"].find()
    assert sample["recipients"]["addresses"][0]["email"] == "newcomer@example.com"
    due = datetime.fromisoformat(sample["schedule"]["at"])
    assert 0 <= (due - sample["createdAt"]).total_seconds() <= 6


def test_bootstrap_never_makes_again_what_was_deleted_even_after_tombstone_and_old_entries_are_gone(
    run: Run, catalogue: Db, admin: Caller
) -> None:
    run("bootstrap", "--wait", "0", "--no-sample")
    assert admin.delete(f"{JOBS}/standard-email-notifier").status_code == 204
    catalogue["audit_log"].delete_many(audit_retention(timedelta(days=1)).partial or {})
    run("bootstrap", "--wait", "0")
    deleted = catalogue["dynamic_jobs"].find_one({"_id": "standard-email-notifier"})
    assert deleted is not None
    assert deleted["deletedAt"] is not None
    catalogue["dynamic_jobs"].delete_one({"_id": "standard-email-notifier"})
    assert run("bootstrap", "--wait", "0").exit_code == 0
    assert catalogue["dynamic_jobs"].find_one({"_id": "standard-email-notifier"}) is None
    assert catalogue["scheduled_notifications"].count_documents({}) == 0, "no sample in a database that is in use"


def test_bootstrap_adds_the_job_of_a_template_that_appears_later(run: Run, catalogue: Db) -> None:
    run("bootstrap", "--wait", "0")
    publish(catalogue, "system_cleanup")
    run("bootstrap", "--wait", "0")
    job = catalogue["dynamic_jobs"].find_one({"_id": "standard-system-cleanup"})
    assert job is not None
    assert job["schedule"]["kind"] == "cron"


@pytest.mark.parametrize("template", [SystemCleanupTemplate, DatabaseCleanupTemplate, TicketCleanupTemplate])
def test_bootstrap_makes_the_clean_up_jobs_with_parameters_that_their_templates_take(
    run: Run, catalogue: Db, template: type[JobTemplate]
) -> None:
    publish(catalogue, template.type, template.Parameters.model_json_schema(by_alias=True))
    result = run("bootstrap", "--wait", "0")
    assert result.exit_code == 0, result.output
    job = catalogue["dynamic_jobs"].find_one({"template": template.type})
    assert job is not None
    template.Parameters.model_validate(job["params"])
    assert job["params"].get("dryRun", False) is (template is TicketCleanupTemplate), "it is the host application's"


def test_status_is_exit_1_while_the_daemon_is_away_and_reads_like_the_route(run: Run, db: Db) -> None:
    readable = run("status")
    assert readable.exit_code == 1
    assert "PROBLEM  The daemon is away" in readable.output
    as_json = run("status", "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.output)["daemonAlive"] is False
    now = datetime.now(UTC)
    holder = {"instance": "one", "host": "h", "pid": 7}
    db["scheduler_state"].insert_one({"_id": "daemon:one", "holder": holder, "role": "leader", "beatAt": now})
    fine = run("status")
    assert fine.exit_code == 0, fine.output
    assert "no problem" in fine.output


def test_audit_is_0_on_a_sound_database_and_1_with_a_row_for_each_finding(run: Run, db: Db) -> None:
    assert run("audit").exit_code == 0
    db["job_runs"].insert_one({"_id": "orphan:1", "jobId": "orphan", "state": "running", "scheduledFor": "no date"})
    broken = run("audit")
    assert broken.exit_code == 1, broken.output
    assert "orphan:1" in broken.output


def test_without_mongodb_every_command_is_one_line_and_69(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://somebody:hunter2@127.0.0.1:1/")
    monkeypatch.setattr("api.store.connection.TIMEOUT_MILLISECONDS", 300)
    for arguments, code in ((["token", "list"], 69), (["status"], 69), (["bootstrap"], 69), (["audit"], 2)):
        result = run(*arguments)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        assert "hunter2" not in result.output
        assert len(result.output.splitlines()) == 1


def test_a_wrong_setting_is_78_and_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "http://nonsense")
    result = run("status")
    assert result.exit_code == 78
    assert "MONGODB_URI" in result.output


def test_help_documents_the_exit_codes(run: Run) -> None:
    text = run("--help").output
    for code in ("69", "78"):
        assert code in text
