"""sd_notify: what the service manager hears."""

import os
from pathlib import Path

import pytest

from deploy.local.notify_socket import NotifySocket
from scheduler_daemon.systemd import SystemdNotifier
from tests.support.waiting import wait_until


def test_the_service_manager_hears_ready_status_and_watchdog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with NotifySocket(Path("notify")) as heard:
        monkeypatch.setenv("NOTIFY_SOCKET", "notify")
        notifier = SystemdNotifier()
        notifier.status("standby")
        notifier.ready()
        notifier.alive()
        wait_until(lambda: heard.watchdog_pings == 1)
        assert (heard.is_ready, heard.status) == (True, "standby")


def test_without_a_service_manager_every_call_does_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    SystemdNotifier().ready()
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/notify")
    SystemdNotifier().alive()


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_the_watchdog_counts_only_for_the_process_it_names(
    variables: dict[str, str], seconds: float | None, monkeypatch: pytest.MonkeyPatch
):
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert SystemdNotifier().watchdog_seconds == seconds
