"""The units on a real systemd: start, kill, watchdog, drain, hardening."""

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from pymongo.database import Database

from deploy.local.mongod import free_port
from shared.collections import JOB_RUNS, SCHEDULER_STATE
from tests.support.api_process import ApiProcess
from tests.support.systemd_sandbox import SystemdSandbox, why_no_sandbox
from tests.support.waiting import wait_until

DAEMON = "unified-scheduler-daemon.service"
API = "unified-scheduler-api.service"
LARGEST_EXPOSURE = 2.5
NO_SANDBOX = why_no_sandbox()

_PLUGINS = "/opt/unified-scheduler/plugins"
_PLUGIN = {
    "/etc/unified-scheduler/daemon.env": f"PYTHONPATH={_PLUGINS}\n",
    f"{_PLUGINS}/blocking_plugin-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: x\nVersion: 1.0\n",
    f"{_PLUGINS}/blocking_plugin-1.0.dist-info/entry_points.txt": (
        "[unified_scheduler.job_templates]\nblocking_plugin = blocking_plugin:Plugin\n"
    ),
    f"{_PLUGINS}/blocking_plugin.py": """\
from scheduler_daemon.job_template import JobResult, JobTemplate

class Plugin(JobTemplate):
    type = name = category = "blocking_plugin"

    def execute(self, context):
        return JobResult.success("done")
""",
}

pytestmark = [
    pytest.mark.skipif(NO_SANDBOX is not None, reason=str(NO_SANDBOX)),
    pytest.mark.xdist_group("systemd"),
]

Boot = Callable[..., SystemdSandbox]


@pytest.fixture
def boot(mongodb_uri: str, database_name: str) -> Iterator[Boot]:
    """Boots a machine whose settings name the test's database; `files` adds to what is on it or replaces it."""
    with ExitStack() as machines:

        def start(files: dict[str, str] | None = None) -> SystemdSandbox:
            common = f"MONGODB_URI={mongodb_uri}\nMONGODB_DATABASE={database_name}\n"
            return machines.enter_context(
                SystemdSandbox({"/etc/unified-scheduler/common.env": common, **(files or {})})
            )

        yield start


def _wait_until_running(machine: SystemdSandbox, unit: str = DAEMON, *, restarts: int) -> None:
    def is_so() -> bool:
        found = {name: machine.property_of(unit, name) for name in ("ActiveState", "NRestarts")}
        return found == {"ActiveState": "active", "NRestarts": str(restarts)}

    wait_until(is_so, 30, message=f"{unit} active after {restarts} restarts")


def _leader_epoch(db: Database[dict[str, Any]]) -> int:
    leader = db[SCHEDULER_STATE].find_one({"_id": "leader"})
    return int(leader["epoch"]) if leader and not leader["released"] else 0


def _run_noop(api: ApiProcess, duration: str) -> str:
    return _run_now(api, "noop", duration=duration)


def _run_now(api: ApiProcess, template: str, **params: object) -> str:
    """Creates a job that never comes due by itself, runs it now, and answers the id of the run."""
    once = {"kind": "once", "at": "2100-01-01T00:00:00", "timezone": "UTC"}
    job = {"name": template, "template": template, "params": params, "schedule": once}
    created = api.request("POST", "/api/admin/scheduler/jobs", json=job)
    assert created.status_code == 201, created.text
    started = api.request("POST", f"/api/admin/scheduler/jobs/{created.json()['id']}/run", json={})
    assert started.status_code == 202, started.text
    return str(started.json()["runId"])


def test_systemd_finds_nothing_to_complain_about_in_the_units(boot: Boot) -> None:
    machine = boot()
    folder = "/etc/systemd/system"
    enter = machine.command("systemd-analyze", "verify", f"{folder}/{DAEMON}", f"{folder}/{API}")
    answer = subprocess.run(enter, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, "")


@pytest.mark.parametrize("unit", [DAEMON, API])
def test_the_units_are_hardened(boot: Boot, unit: str) -> None:
    report = boot().run("systemd-analyze", "security", "--no-pager", unit)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", report)
    assert found, report
    assert float(found.group(1)) <= LARGEST_EXPOSURE, report


def test_the_daemon_starts_to_ready_and_leads(boot: Boot, db: Database[dict[str, Any]]) -> None:
    machine = boot()
    machine.run("systemctl", "start", DAEMON)
    _wait_until_running(machine, restarts=0)
    wait_until(lambda: _leader_epoch(db) == 1)
    assert machine.property_of(DAEMON, "StatusText")


def test_the_api_starts_to_ready_and_stops_in_order(boot: Boot) -> None:
    port = free_port()
    machine = boot({"/etc/unified-scheduler/api.env": f"API_BIND=127.0.0.1:{port}\n"})
    machine.run("systemctl", "start", API)
    answer = wait_until(lambda: _get(f"http://127.0.0.1:{port}/readyz"))
    assert answer.status_code == 200
    machine.run("systemctl", "stop", API)
    assert machine.property_of(API, "Result") == "success"


def test_a_killed_daemon_is_back_and_leads_again_before_its_lease_expires(
    boot: Boot, db: Database[dict[str, Any]]
) -> None:
    machine = boot()
    machine.run("systemctl", "start", DAEMON)
    wait_until(lambda: _leader_epoch(db) == 1)
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", DAEMON)
    _wait_until_running(machine, restarts=1)
    wait_until(lambda: _leader_epoch(db) == 2, 15, message="take-over by the same host, well within the TTL of 30 s")


def test_a_stopped_event_loop_is_killed_by_the_watchdog_and_replaced(boot: Boot, db: Database[dict[str, Any]]) -> None:
    machine = boot({f"/etc/systemd/system/{DAEMON}.d/quick.conf": "[Service]\nWatchdogSec=3\nTimeoutAbortSec=1\n"})
    machine.run("systemctl", "start", DAEMON)
    wait_until(lambda: _leader_epoch(db) == 1)
    frozen = machine.property_of(DAEMON, "MainPID")
    machine.run("kill", f"-{signal.SIGSTOP.value}", frozen)
    _wait_until_running(machine, restarts=1)
    assert "Watchdog timeout" in machine.journal_of(DAEMON)
    assert machine.property_of(DAEMON, "MainPID") != frozen
    wait_until(lambda: _leader_epoch(db) == 2, 15)


def test_a_daemon_that_works_is_not_taken_for_stopped(boot: Boot, db: Database[dict[str, Any]]) -> None:
    machine = boot({f"/etc/systemd/system/{DAEMON}.d/quick.conf": "[Service]\nWatchdogSec=2\n"})
    machine.run("systemctl", "start", DAEMON)
    pings: set[str] = set()

    def have_come() -> bool:  # they go on although nothing is to do
        pings.add(machine.property_of(DAEMON, "WatchdogTimestampMonotonic"))
        return len(pings) > 4

    wait_until(have_come, 20)
    assert machine.property_of(DAEMON, "NRestarts") == "0"


def test_a_stop_waits_for_the_running_job(
    boot: Boot, api: Callable[..., ApiProcess], db: Database[dict[str, Any]]
) -> None:
    machine = boot()
    machine.run("systemctl", "start", DAEMON)
    wait_until(lambda: _leader_epoch(db) == 1)
    run = _run_noop(api(), "3s")
    wait_until(lambda: (db[JOB_RUNS].find_one({"_id": run}) or {}).get("state") == "running")
    machine.run("systemctl", "stop", DAEMON)
    found = db[JOB_RUNS].find_one({"_id": run})
    assert found is not None
    assert found["state"] == "succeeded"
    assert machine.property_of(DAEMON, "Result") == "success"
    assert machine.property_of(DAEMON, "ExecMainStatus") == "0"
    assert _leader_epoch(db) == 0, "the lease was released"


def test_a_blocking_template_runs_in_a_worker_of_the_hardened_unit(
    boot: Boot, api: Callable[..., ApiProcess], db: Database[dict[str, Any]]
) -> None:
    machine = boot(_PLUGIN)
    machine.run("systemctl", "start", DAEMON)
    wait_until(lambda: _leader_epoch(db) == 1)
    run = _run_now(api(), "blocking_plugin")
    ended = {"_id": run, "state": {"$nin": ["pending", "running"]}}
    found = wait_until(lambda: db[JOB_RUNS].find_one(ended), 30)
    assert found["state"] == "succeeded", found["error"]
    machine.run("systemctl", "stop", DAEMON)
    assert machine.property_of(DAEMON, "Result") == "success"


def test_wrong_settings_stop_the_start_and_are_not_tried_again(boot: Boot) -> None:
    machine = boot({"/etc/unified-scheduler/common.env": "LOG_LEVEL=loud\n"})
    machine.run("systemctl", "start", DAEMON, check=False)
    wait_until(lambda: machine.property_of(DAEMON, "ActiveState") == "failed")
    assert machine.property_of(DAEMON, "ExecMainStatus") == "78"
    assert machine.property_of(DAEMON, "NRestarts") == "0"
    journal = machine.journal_of(DAEMON)
    assert "MONGODB_URI" in journal
    assert "LOG_LEVEL" in journal


def test_secrets_come_as_credentials_and_not_through_the_environment(
    boot: Boot, mongodb_uri: str, database_name: str, db: Database[dict[str, Any]]
) -> None:
    machine = boot(
        {
            "/etc/unified-scheduler/common.env": f"MONGODB_DATABASE={database_name}\n",
            "/etc/credstore/unified-scheduler.mongodb_uri": f"{mongodb_uri}\n",
        }
    )
    machine.run("systemctl", "start", DAEMON)
    wait_until(lambda: _leader_epoch(db) == 1)
    environment = machine.run("cat", f"/proc/{machine.property_of(DAEMON, 'MainPID')}/environ")
    assert "MONGODB_DATABASE" in environment
    assert "mongodb://" not in environment


def _get(url: str) -> requests.Response | None:
    try:
        return requests.get(url, timeout=5)
    except requests.ConnectionError:
        return None
