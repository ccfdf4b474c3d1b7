"""Test suites as the settings hold them."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.errors import SettingsError
from shared.models.suites import Suites
from shared.settings import load_settings

SUITES = TypeAdapter(Suites)


def test_a_text_is_a_suite_that_is_nothing_but_a_command() -> None:
    suite = SUITES.validate_python({"smoke": "pytest -q 'tests/a b'"})["smoke"]
    assert suite.words(Path("/x")) == ["pytest", "-q", "tests/a b"]
    assert suite.folder is None


def test_the_report_goes_where_the_command_says() -> None:
    suite = SUITES.validate_python({"web": {"command": "run --out={junit}", "folder": "/srv/app"}})["web"]
    assert suite.words(Path("/reports/a b.xml")) == ["run", "--out=/reports/a b.xml"]


@pytest.mark.parametrize(
    ("suites", "reason"),
    [
        ('{"smoke": ""}', r"(?i)TEST_SUITES\.smoke.*write the command"),
        ('{"smoke": "echo \'x"}', r"(?i)TEST_SUITES\.smoke.*not a command"),
        ('{"smoke": {"command": "x", "folder": "tests"}}', "whole path"),
        ('{"smoke": {"command": "x", "shell": true}}', "SHELL"),
        ('{"../x": "pytest"}', "TEST_SUITES"),
    ],
)
def test_a_suite_that_cannot_run_stops_the_start_and_is_named(
    suites: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {"MONGODB_URI": "mongodb://localhost", "TEST_SUITES": suites}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=reason):
        load_settings(_env_file=None)
