"""The settings that the API runs with, shown."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.answers.settings import settings_answer
from shared.settings_shown import given_settings
from tests.integration.api.conftest import Caller, Db
from tests.support.environment import SECRETS_KEY, ExplicitSettings

URI = "mongodb://user:hunter2@localhost/?replicaSet=rs0"


def test_each_setting_is_told_with_its_source_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "smtp_password").write_text("hunter2")
    settings = ExplicitSettings(
        mongodb_uri=URI, smtp_password=SecretStr("hunter2"), api_workers=5, log_level="debug", export_retention="2d"
    )
    shown = {each["name"]: each for each in settings_answer(settings, {"LOG_LEVEL": "debug", "X": "1"}, str(tmp_path))}
    assert "hunter2" not in str(shown)
    assert (shown["MONGODB_URI"]["value"], shown["MONGODB_URI"]["source"]) == ("***", ".env")
    assert (shown["SMTP_PASSWORD"]["value"], shown["SMTP_PASSWORD"]["source"]) == ("***", "credential")
    assert (shown["LOG_LEVEL"]["value"], shown["LOG_LEVEL"]["source"]) == ("debug", "environment")
    assert (shown["API_WORKERS"]["value"], shown["API_WORKERS"]["default"]) == (5, 2)
    assert (shown["EXPORT_RETENTION"]["value"], shown["SMTP_HOST"]["source"]) == ("2d", "default")
    assert len(shown) == len(ExplicitSettings.model_fields)


def test_a_setting_says_which_program_it_is_for_and_the_address_where_the_api_really_listens() -> None:
    settings = ExplicitSettings(mongodb_uri=URI)
    shown = {each["name"]: each for each in settings_answer(settings, {}, None, "127.0.0.1:4711")}
    assert (shown["API_BIND"]["value"], shown["API_BIND"]["source"]) == ("127.0.0.1:4711", "command line")
    programs = {name: shown[name]["of"] for name in ("API_BIND", "API_RATE_LIMIT", "DAEMON_BATCH_SIZE", "SMTP_HOST")}
    assert programs == {"API_BIND": "api", "API_RATE_LIMIT": "api", "DAEMON_BATCH_SIZE": "daemon", "SMTP_HOST": "both"}


def test_a_daemon_tells_what_is_not_the_default_without_saying_who_or_where() -> None:
    settings = ExplicitSettings(
        mongodb_uri=URI, smtp_username="ada@example.com", smtp_password=SecretStr("hunter2"), daemon_batch_size=50
    )
    environment = {"MONGODB_URI": URI, "SMTP_USERNAME": "ada@example.com", "DAEMON_BATCH_SIZE": "50"}
    told = {each.name: each for each in given_settings(settings, environment, None)}
    assert "hunter2" not in str(told)
    assert "example.com" not in str(told)
    assert (told["DAEMON_BATCH_SIZE"].value, told["DAEMON_BATCH_SIZE"].source) == ("50", "environment")
    assert (told["SMTP_USERNAME"].value, told["SMTP_PASSWORD"].value) == (None, None)
    assert "DAEMON_DRAIN_SECONDS" not in told


def test_the_daemons_that_live_are_told_with_their_settings(admin: Caller, db: Db) -> None:
    now = datetime.now(UTC)
    holder = {"instance": "one", "host": "h", "pid": 7, "bootId": "b", "version": "1"}
    given = [{"name": "DAEMON_BATCH_SIZE", "value": "50", "source": "environment"}, "damaged"]
    db["scheduler_state"].insert_many(
        [
            {"_id": "daemon:one", "holder": holder, "beatAt": now, "settings": given},
            {"_id": "daemon:two", "holder": {**holder, "instance": "two"}, "beatAt": now - timedelta(minutes=1)},
        ]
    )
    assert admin.get("/api/admin/settings").json["daemons"] == [
        {
            "instance": "one",
            "host": "h",
            "settings": [{"name": "DAEMON_BATCH_SIZE", "value": 50, "source": "environment"}],
        }
    ]


def test_an_admin_reads_them(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_BIND", "")
    text = admin.get("/api/admin/settings")
    assert text.status_code == 200
    assert SECRETS_KEY not in text.text
    assert {"API_BIND", "SECRETS_KEY"} <= {each["name"] for each in text.json["items"]}
