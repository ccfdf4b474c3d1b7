"""`unified-scheduler doctor` on a sound system and on each fault: it names it, and says what to do."""

import asyncio
import base64
import json
import smtplib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import checkup, doctor
from api.cli.main import main
from api.store.diagnosis import DiagnosisStore, ServerFacts
from scheduler_daemon.store.mongo import connect
from scheduler_daemon.store.preparation import create_indexes
from shared.settings import Settings
from tests.integration.api.conftest import JOBS, Caller, Db, job_body, publish
from tests.support.environment import SECRETS_KEY
from tests.support.smtp_server import SmtpServer

Run = Callable[..., Result]
OTHER_KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def run(
    mongodb_uri: str,
    database_name: str,
    smtp_server: SmtpServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """With a database, a mail server and a folder."""
    monkeypatch.setattr("shared.logging.configure_logging", lambda *_arguments: None)
    monkeypatch.setattr(checkup, "SYSTEMD_RUNS", tmp_path / "none")
    monkeypatch.chdir(tmp_path)
    given = {"MONGODB_URI": mongodb_uri, "MONGODB_DATABASE": database_name, "EXPORT_FOLDER": str(tmp_path)}
    for name, value in (given | smtp_server.environment).items():
        monkeypatch.setenv(name, str(value))
    return lambda *arguments: CliRunner().invoke(main, ["doctor", *arguments])


@pytest.fixture
def indexed(settings: Callable[..., Settings]) -> None:
    """What the daemon makes at its start."""

    async def prepare() -> None:
        client, database = connect(settings())
        await create_indexes(database)
        await client.close()

    asyncio.run(prepare())


def state_of(result: Result, name: str) -> str:
    checks = [json.loads(line) for line in result.output.splitlines()]
    return next(check["state"] for check in checks if check["name"] == name)


def test_a_sound_system_is_exit_0(run: Run, indexed: None) -> None:
    result = run("--json")
    assert result.exit_code == 0, result.output
    for name in ("settings", "mongodb", "replicas", "clock", "indexes", "folder", "smtp"):
        assert state_of(result, name) == "ok"
    assert "indexes" in run().output


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("MONGODB_URI", "nonsense", "settings"),
        ("MONGODB_URI", "mongodb://u:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=200", "mongodb"),
        ("EXPORT_FOLDER", "/nonesuch/folder", "folder"),
        ("EXPORT_FOLDER", "/etc/hostname", "folder"),
        ("SMTP_PORT", "1", "smtp"),
        ("SMTP_SECURITY", "starttls", "smtp"),
        ("SECRETS_KEY", "hunter2", "settings"),
    ],
)
def test_each_fault_is_named_and_exit_1(
    run: Run, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, name: str
) -> None:
    monkeypatch.setenv(setting, value)
    result = run("--json")
    assert result.exit_code == 1, result.output
    assert state_of(result, name) == "fault"
    assert "hunter2" not in result.output


def test_a_refused_login_is_a_fault_and_nothing_of_what_the_server_says_is_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_settings: Settings, _host: str) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"hunter2 is not the password")

    monkeypatch.setattr(checkup, "_greet", refuse)
    result = run("--json")
    assert state_of(result, "smtp") == "fault"
    assert "535" in result.output
    assert "hunter2" not in result.output


def test_missing_and_different_indexes_are_named(run: Run, indexed: None, db: Db) -> None:
    db["dynamic_jobs"].drop_index("due")
    db["job_runs"].drop_index("by_time")
    db["job_runs"].create_index("scheduledFor", name="by_time")
    result = run("--json")
    assert state_of(result, "indexes") == "fault"
    assert "2 missing: dynamic_jobs.due, job_runs.by_time" in result.output


def test_secrets_are_checked_against_the_key(
    run: Run, indexed: None, catalogue: Db, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = {"type": "object", "properties": {"token": {"type": "string", "format": "password"}}}
    publish(catalogue, "calls", schema)
    assert (state_of(run("--json"), "secrets"), run().exit_code) == ("note", 0)
    body = job_body(template="calls", params={"token": "hunter2"})
    job = admin.created(JOBS, body)
    for key, state in (
        (None, "fault"),
        (OTHER_KEY, "fault"),
        (SECRETS_KEY, "ok"),
        (f"{OTHER_KEY},{SECRETS_KEY}", "note"),
    ):
        monkeypatch.delenv("SECRETS_KEY", raising=False)
        if key is not None:
            monkeypatch.setenv("SECRETS_KEY", key)
        result = run("--json")
        assert (state_of(result, "secrets"), result.exit_code) == (state, int(state == "fault")), key
    catalogue["dynamic_jobs"].update_one({"_id": job["id"]}, {"$set": {"params.token": "hunter2"}})
    assert state_of(run("--json"), "secrets") == "note"
    monkeypatch.delenv("SECRETS_KEY")
    result = run("--json")
    assert state_of(result, "secrets") == "fault"
    assert "1 job holds secrets in plain text" in result.output
    assert "hunter2" not in result.output


@pytest.mark.parametrize(
    ("hello", "version", "ahead", "faults"),
    [
        ({}, (6, 0, 5), 0, {"replicas"}),
        ({"isreplicaset": True}, (6, 0, 5), 0, {"replicas"}),
        ({"msg": "isdbgrid"}, (7, 0, 1), 0, set()),
        ({"setName": "rs0"}, (4, 4, 9), 0, {"mongodb"}),
        ({"setName": "rs0"}, (6, 0, 5), -31, {"clock"}),
        ({"setName": "rs0"}, (6, 0, 5), 29, set()),
    ],
)
def test_what_the_server_says_is_judged(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    hello: dict[str, object],
    version: tuple[int, ...],
    ahead: int,
    faults: set[str],
) -> None:
    facts = ServerFacts(version, hello, timedelta(seconds=ahead), timedelta(0))
    monkeypatch.setattr(DiagnosisStore, "server", lambda _self: facts)
    checks = [json.loads(line) for line in run("--json").output.splitlines()]
    assert {check["name"] for check in checks if check["state"] == "fault"} - {"indexes"} == faults
    assert all(check["remedy"] for check in checks if check["state"] == "fault")


def test_units_are_asked_of_systemd(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemctl = tmp_path / "systemctl"
    systemctl.write_text("#!/bin/sh\necho LoadState=loaded\necho ActiveState=failed\n")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + ":/usr/bin:/bin")
    monkeypatch.setattr(checkup, "SYSTEMD_RUNS", tmp_path)
    result = run()
    assert result.exit_code == 1
    assert "unified-scheduler-daemon.service is failed" in result.output


def test_thresholds_are_those_of_the_daemon() -> None:
    from scheduler_daemon.scheduling.heartbeat import MOST_CLOCK_DIFFERENCE

    assert timedelta(seconds=doctor.MOST_CLOCK_DIFFERENCE_SECONDS) == MOST_CLOCK_DIFFERENCE
