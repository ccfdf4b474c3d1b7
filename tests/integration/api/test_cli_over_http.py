"""The commands that ask the API: what they print, what they send, how they end."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask, Request

from api.auth import public
from api.cli.client import ApiClient
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
from tests.integration.api.test_status import insert_heartbeat

Run = Callable[..., Result]


def run_document(identity: str, job_id: str, state: str) -> dict[str, Any]:
    """A stored run, complete."""
    now = datetime.now(UTC)
    whole = {"jobRevision": 1, "attempt": 1, "timeoutMs": 1, "backoffMs": 1, "maxBackoffMs": 1}
    words = {"jobId": job_id, "template": "noop", "trigger": "manual", "state": state, "createdBy": "tests"}
    return {"_id": identity, **whole, **words, "scheduledFor": now, "createdAt": now, "params": {}}


def test_jobs_are_listed_as_a_table_or_as_json_over_many_pages(cli: Run, admin: Caller) -> None:
    for number in range(5):
        admin.created(JOBS, job_body(name=f"Job {number}"))
    table = cli("jobs", "list").output.splitlines()
    assert table[0].split()[:2] == ["ID", "NAME"]
    assert [line.split()[2] for line in table[1:]] == ["4", "3", "2", "1", "0"]
    for arguments in (("jobs", "list", "--json"), ("--json", "jobs", "list")):
        items = [json.loads(line) for line in cli(*arguments).output.splitlines()]
        assert [item["name"] for item in items] == [f"Job {number}" for number in (4, 3, 2, 1, 0)]
    assert len(cli("jobs", "list", "--limit", "3").output.splitlines()) == 4
    assert len(cli("jobs", "list", "--search", "Job 2").output.splitlines()) == 2
    admin.created(JOBS, job_body(name="Labelled", labels={"team": "crm", "tier": "1"}, enabled=False))
    both = cli("jobs", "list", "--label", "team=crm", "--label", "tier=1", "--state", "paused", "--sort", "name")
    assert "Labelled" in both.output
    assert "Job" not in both.output
    assert "Labelled" not in cli("jobs", "list", "--label", "team=crm", "--label", "tier=2").output
    assert cli("jobs", "list", "--state", "odd").exit_code == 2


def test_a_list_longer_than_a_page_is_read_to_its_end(cli: Run, db: Db, seen: list[Request]) -> None:
    at = datetime.now(UTC)
    db["job_runs"].insert_many(
        [{"_id": f"j:{n:04}", "jobId": "j", "state": "succeeded", "scheduledFor": at} for n in range(450)]
    )
    assert len(cli("runs", "list", "--limit", "0", "--json").output.splitlines()) == 450
    assert len(seen) == 3
    assert len(cli("runs", "list", "--limit", "250").output.splitlines()) == 251


def test_a_job_goes_by_its_id_or_by_a_name_that_only_one_has(cli: Run, admin: Caller) -> None:
    made = admin.created(JOBS, job_body(name="Daily report"))
    assert json.loads(cli("jobs", "show", made["id"], "--json").output)["id"] == made["id"]
    assert json.loads(cli("jobs", "show", "Daily report", "--json").output)["id"] == made["id"]
    assert "Daily report" in cli("jobs", "show", made["id"]).output
    assert "no job of the id or name" in cli("jobs", "show", "nonesuch").output
    admin.created(JOBS, job_body(name="Daily report"))
    ambiguous = cli("jobs", "pause", "Daily report")
    assert ambiguous.exit_code == 1
    assert made["id"] in ambiguous.output


def test_changes_send_if_match_and_commands_an_idempotency_key(cli: Run, admin: Caller, seen: list[Request]) -> None:
    made = admin.created(JOBS, job_body())
    for arguments in (("pause", "--reason", "a try"), ("resume",), ("delete", "--yes")):
        result = cli("jobs", arguments[0], made["id"], *arguments[1:])
        assert result.exit_code == 0, result.output
    changes = [each for each in seen if each.method in ("POST", "DELETE") and made["id"] in each.path]
    assert [each.headers.get("If-Match") for each in changes] == ['"1"', '"2"', '"3"']
    another = admin.created(JOBS, job_body())
    result = cli("jobs", "run", another["id"], "--params", '{"outcome": "failure"}', "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["runId"].startswith(another["id"])
    assert len(seen[-1].headers["Idempotency-Key"]) == 32
    assert cli("jobs", "run", another["id"], "--params", "[]").exit_code == 2


@pytest.mark.parametrize(("state", "code"), [("succeeded", 0), ("failed", 1)])
def test_run_wait_ends_with_the_run(
    cli: Run, admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch, state: str, code: int
) -> None:
    made = admin.created(JOBS, job_body())

    def daemon_works(_seconds: float) -> None:
        command = db["commands"].find_one({}) or {}
        db["job_runs"].insert_one(run_document(command["runId"], made["id"], state))

    monkeypatch.setattr("api.cli.jobs.time", SimpleNamespace(sleep=daemon_works))
    result = cli("jobs", "run", made["id"], "--wait")
    assert result.exit_code == code, result.output
    assert state in result.output


def test_delete_asks_first(cli: Run, admin: Caller) -> None:
    made = admin.created(JOBS, job_body())
    assert cli("jobs", "delete", made["id"], input="n\n").exit_code == 1
    assert admin.get(f"{JOBS}/{made['id']}").status_code == 200


def test_jobs_are_created_from_a_file_and_a_refusal_names_the_field(cli: Run, admin: Caller, tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"
    once = "{kind: once, at: 2036-12-01T09:00:00, timezone: Europe/Paris}"
    file.write_text(f"name: One\ntemplate: noop\nschedule: {once}\n---\nname: Two\ntemplate: noop\nschedule: {once}\n")
    assert cli("jobs", "create", "-f", str(file)).exit_code == 0
    made = admin.get(JOBS).json["items"]
    assert [job["name"] for job in made] == ["Two", "One"]
    assert made[0]["schedule"]["at"].startswith("2036-12-01T09:00:00")
    file.write_text(f"name: One\ntemplate: nonesuch\nschedule: {once}\n")
    refused = cli("jobs", "create", "-f", str(file))
    assert refused.exit_code == 1
    assert "template" in refused.output


def test_runs_are_shown_cancelled_retried_and_their_logs_followed(
    cli: Run, admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = admin.created(JOBS, job_body())
    at = datetime.now(UTC)
    live, failed = f"{made['id']}:1", f"{made['id']}:2"
    db["job_runs"].insert_many([run_document(live, made["id"], "running"), run_document(failed, made["id"], "failed")])
    assert "running" in cli("runs", "show", live).output
    assert cli("runs", "cancel", live).exit_code == 0
    assert cli("runs", "retry", failed).exit_code == 0
    refused = cli("runs", "cancel", failed)
    assert refused.exit_code == 1
    assert "finished already" in refused.output
    assert {command["kind"] for command in db["commands"].find()} == {"cancel", "retry"}

    def line(event: str) -> dict[str, Any]:
        return {"at": at, "level": "info", "event": event, "fields": {"text": "a\x1b[31mb"}}

    page = {"runId": live, "attempt": 1, "page": 0, "lines": [line("first")]}
    db["job_run_logs"].insert_one({"_id": f"{live}:1:0", **page})

    def the_run_goes_on(_seconds: float) -> None:
        db["job_run_logs"].update_one({"_id": f"{live}:1:0"}, {"$push": {"lines": line("second")}})
        db["job_runs"].update_one({"_id": live}, {"$set": {"state": "succeeded"}})

    assert len(cli("runs", "logs", live).output.splitlines()) == 1, "without -f it ends where the log ends now"
    monkeypatch.setattr("api.cli.runs.time", SimpleNamespace(sleep=the_run_goes_on))
    followed = cli("runs", "logs", live, "-f").output.splitlines()
    assert ["first" in followed[0], "second" in followed[1]] == [True, True]
    assert "\x1b" not in followed[0], "what a run logs cannot steer the terminal"


def test_scheduled_notifications_are_shown_paused_resumed_and_cancelled(cli: Run, admin: Caller) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    made = admin.created(SCHEDULED, scheduled_body(template))["id"]
    assert made in cli("notifications", "list").output
    found = ("notifications", "list", "--template", template, "--search", "wave", "--sort", "next")
    assert made in cli(*found, "--state", "active").output
    assert made not in cli(*found, "--state", "paused").output
    assert made not in cli("notifications", "list", "--template", "other").output
    assert cli("notifications", "list", "--state", "odd").exit_code == 2
    assert "A wave" in cli("notifications", "show", made).output
    assert "queued" in cli("notifications", "statistics", made).output
    assert "paused" in cli("notifications", "pause", made, "--reason", "x").output
    assert "active" in cli("notifications", "resume", made).output
    assert cli("notifications", "cancel", made, "--yes").exit_code == 0
    assert cli("notifications", "show", made).exit_code == 1
    assert made in cli("notifications", "list", "--state", "cancelled").output


def test_templates_calendars_and_the_status_come_over_the_api(cli: Run, admin: Caller, db: Db) -> None:
    assert "noop" in cli("templates", "list").output
    assert json.loads(cli("templates", "show", "noop", "--json").output)["type"] == "noop"
    assert cli("templates", "show", "nonesuch").exit_code == 1
    days = [{"name": "Christmas", "first": "2026-12-25", "last": "2026-12-26"}]
    body = {"name": "Holidays", "timezone": "UTC", "entries": days}
    calendar = admin.created("/api/admin/scheduler/calendars", body)
    assert "Holidays" in cli("calendars", "list").output
    assert "Christmas" in cli("calendars", "show", calendar["id"]).output
    assert "The daemon is away" in cli("status").output
    insert_heartbeat(db, ago=1)
    assert cli("status").exit_code == 0


def test_exit_codes_tell_away_from_denied_from_refused(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("jobs", "show", "nonesuch").exit_code == 1
    assert cli("jobs", "list", "--limit", "-1").exit_code == 2
    assert cli("--url", "ftp://nowhere", "jobs", "list").exit_code == 2
    monkeypatch.setenv("UNIFIED_SCHEDULER_TOKEN", "wrong")
    denied = cli("jobs", "list")
    assert (denied.exit_code, "UNIFIED_SCHEDULER_TOKEN" in denied.output) == (77, True)
    away = cli("--url", "http://127.0.0.1:1", "jobs", "list")
    assert (away.exit_code, len(away.output.splitlines())) == (69, 1)
    assert "wrong" not in away.output + denied.output.replace("wrong token", "")


def test_an_id_with_odd_letters_stays_one_part_of_the_path(cli: Run, seen: list[Request]) -> None:
    cli("runs", "show", "../jobs?x=1#y")
    assert seen[-1].path == "/api/admin/scheduler/runs/../jobs?x=1#y"


def test_a_redirect_is_no_answer_and_takes_no_token_elsewhere(app: Flask, url: str) -> None:
    app.add_url_rule("/moved", "moved", public(lambda: ("", 302, {"Location": "http://127.0.0.1:1/"})))
    with pytest.raises(Exception, match="302"):
        ApiClient(url, "admin-token").get("/moved")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(cli: Run, shell: str) -> None:
    result = cli("completion", shell)
    assert result.exit_code == 0, result.output
    assert "_UNIFIED_SCHEDULER_COMPLETE" in result.output
