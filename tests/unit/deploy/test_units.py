"""What the units promise, in their own words; tests/acceptance/test_systemd.py sees them act."""

from collections import defaultdict

import pytest

from deploy.settings_reference import ROOT, secrets_of

UNITS = ("daemon", "api")


def _directives(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in (ROOT / f"deploy/systemd/unified-scheduler-{unit}.service").read_text().splitlines():
        name, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            found[name].append(value)
    return found


@pytest.mark.parametrize("unit", UNITS)
def test_a_program_that_ends_is_started_again_unless_its_settings_are_wrong(unit: str) -> None:
    directives = _directives(unit)
    assert directives["Type"] == ["notify"]
    assert directives["Restart"] == ["always"]
    assert directives["StartLimitIntervalSec"] == ["0"], "systemd must never give up"
    assert directives["RestartPreventExitStatus"] == ["78"]
    assert directives["KillMode"] == ["mixed"]


def test_the_daemon_is_watched_drained_and_recognised_after_a_restart() -> None:
    directives = _directives("daemon")
    assert directives["WatchdogSec"] == ["30"]
    assert directives["TimeoutStopSec"] == ["60"]
    assert directives["RuntimeDirectory"] == ["unified-scheduler"]
    assert directives["RuntimeDirectoryPreserve"] == ["yes"]


def test_the_workers_of_the_api_have_a_folder_for_their_metrics() -> None:
    assert _directives("api")["RuntimeDirectory"] == ["unified-scheduler-api"]


@pytest.mark.parametrize("unit", UNITS)
def test_exactly_the_secrets_of_a_program_are_its_credentials(unit: str) -> None:
    expected = [f"{name}:unified-scheduler.{name}" for name in secrets_of("common") + secrets_of(unit)]
    assert sorted(_directives(unit)["LoadCredential"]) == sorted(expected)
    assert "mongodb_uri:unified-scheduler.mongodb_uri" in expected
    assert "Environment" not in _directives(unit)
