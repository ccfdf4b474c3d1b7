"""Settings come from the environment, `.env` and systemd credentials; a wrong one is named and never shown."""

from datetime import timedelta

import pytest

from shared.errors import SettingsError
from shared.settings import EXIT_SETTINGS, Settings, load_settings, load_settings_or_exit

URI = "mongodb://user:hunter2@127.0.0.1:27017/?replicaSet=rs0"
WRONG = [
    ("MONGODB_URI", "hunter2", "write mongodb://host:port/?replicaSet=name"),
    ("MONGODB_DATABASE", "hunter2 hunter2", "match pattern"),
    ("DAEMON_POLL_SECONDS", "hunter2", "valid number"),
    ("DAEMON_POLL_SECONDS", "0.5", "greater than or equal to 1"),
    ("DAEMON_BATCH_SIZE", "501", "less than or equal to 500"),
    ("RUN_RETENTION_SUCCESS", "hunter2", "write a duration"),
    ("AUDIT_RETENTION", "23h", "write a day or more"),
    ("SECRETS_KEY", "hunter2", "openssl rand -base64 32"),
    ("SMTP_SECURITY", "hunter2", "'starttls', 'tls' or 'none'"),
    ("EXPORT_COLLECTIONS", "hunter2", "not JSON"),
    ("TEST_SUITES", '{"hunter2": ', "not JSON"),
    ("LOG_LEVEL", "hunter2", "'debug', 'info', 'warning' or 'error'"),
]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """No setting and no `.env` of the machine reaches these tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.chdir(tmp_path)


def test_only_the_database_has_no_default(monkeypatch):
    with pytest.raises(SettingsError, match=r"^MONGODB_URI: Field required$"):
        load_settings()
    monkeypatch.setenv("MONGODB_URI", f" {URI}\n")
    settings = load_settings()
    assert settings.mongodb_uri.get_secret_value() == URI
    assert settings.run_retention_success == timedelta(days=7)
    assert settings.daemon_poll_seconds == 30


@pytest.mark.parametrize(("name", "value", "words"), WRONG)
def test_a_wrong_value_names_its_setting_and_is_never_shown(monkeypatch, capsys, name, value, words):
    monkeypatch.setenv("MONGODB_URI", URI)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).startswith(f"{name}: ")
    assert words in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(SystemExit) as end:
        load_settings_or_exit()
    assert end.value.code == EXIT_SETTINGS
    printed = capsys.readouterr().err
    assert name in printed
    assert "hunter2" not in printed


def test_several_wrong_settings_are_all_named(monkeypatch):
    monkeypatch.setenv("SMTP_PORT", "x")
    monkeypatch.setenv("API_WORKERS", "0")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert [part.split(":")[0] for part in str(refused.value).split("; ")] == [
        "MONGODB_URI",
        "SMTP_PORT",
        "API_WORKERS",
    ]


def test_the_environment_goes_before_the_env_file_and_the_file_before_credentials(monkeypatch, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "mongodb_uri").write_text(URI + "\n")
    (credentials / "smtp_password").write_text("from-credentials")
    (credentials / "smtp_username").write_text("from-credentials")
    (credentials / "smtp_host").write_text("from-credentials")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    (tmp_path / ".env").write_text("SMTP_USERNAME=from-file\nSMTP_HOST=from-file\nUNRELATED=1\n")
    monkeypatch.setenv("SMTP_HOST", "from-environment")
    settings = load_settings()
    assert settings.mongodb_uri.get_secret_value() == URI
    assert settings.smtp_password.get_secret_value() == "from-credentials"
    assert settings.smtp_username == "from-file"
    assert settings.smtp_host == "from-environment"


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    monkeypatch.setenv("MONGODB_URI", URI)
    monkeypatch.setenv("SMTP_HOST", "")
    assert load_settings().smtp_host is None


def test_secrets_do_not_show_and_settings_do_not_change(monkeypatch):
    settings = load_settings(mongodb_uri=URI, smtp_password="hunter2")
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.model_dump())
    with pytest.raises(ValueError, match="frozen"):
        settings.smtp_port = 25


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_is(name):
    field = Settings.model_fields[name]
    assert field.description.endswith(".")
    if name.endswith("_seconds"):
        assert "second" in field.description.lower() or "long" in field.description.lower()
