"""The settings that the API runs with, shown."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from api.answers.settings import settings_answer
from tests.integration.api.conftest import Caller
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


def test_an_admin_reads_them(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_BIND", "")
    text = admin.get("/api/admin/settings")
    assert text.status_code == 200
    assert SECRETS_KEY not in text.text
    assert {"API_BIND", "SECRETS_KEY"} <= {each["name"] for each in text.json["items"]}
