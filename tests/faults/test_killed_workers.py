"""Worker processes of real daemons: however a daemon ends, nothing that its templates started outlives it."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from tests.support.blocking_templates import BlockingTemplate, LoopHoldingTemplate, UnrepeatableTemplate
from tests.support.daemon_process import DaemonProcess
from tests.support.documents import job_document, once
from tests.support.http_objects import soon
from tests.support.plugin_folder import path_with_templates
from tests.support.processes import is_alive
from tests.support.waiting import wait_until

StartDaemon = Callable[..., DaemonProcess]
Documents = Database[dict[str, Any]]


@pytest.fixture
def plugins(tmp_path: Path) -> str:
    return path_with_templates(tmp_path, BlockingTemplate, UnrepeatableTemplate, LoopHoldingTemplate)


def insert(db: Documents, identity: str, template: str = "blocking", **params: Any) -> None:
    at = soon(0)
    policies = {"retry": {"maxAttempts": 1}}
    db.dynamic_jobs.insert_one(
        job_document(identity, since=at, schedule=once(at), template=template, params=params, policies=policies)
    )


def pids_of(path: Path) -> list[int]:
    """The process ids that a template wrote."""
    text = wait_until(lambda: path.exists() and path.read_text(), timeout=30)
    return [int(word) for word in str(text).split()]


def all_gone(pids: list[int]) -> bool:
    return not any(map(is_alive, pids))


@pytest.mark.parametrize("act", ["hold_gil", "start_process"])
def test_no_process_of_a_template_survives_the_kill_of_its_daemon(
    audited: None, daemon: StartDaemon, db: Documents, plugins: str, tmp_path: Path, act: str
):
    running = daemon(PYTHONPATH=plugins)
    insert(db, "job-1", "unrepeatable", act=act, path=str(tmp_path / "pid"))
    pids = pids_of(tmp_path / "pid")
    assert all(map(is_alive, pids))
    running.kill9()
    wait_until(lambda: all_gone(pids), timeout=5)
    daemon(PYTHONPATH=plugins)
    wait_until(lambda: db.job_runs.count_documents({"state": "interrupted"}) == 1)


def test_processes_of_a_stopped_leader_are_dead_before_another_daemon_repeats_their_run(
    audited: None, daemon: StartDaemon, db: Documents, plugins: str, tmp_path: Path
):
    frozen = daemon(DAEMON_LEASE_TTL_SECONDS=3, PYTHONPATH=plugins)
    frozen.wait_event("leadership_taken")
    other_host = tmp_path / "other-host"
    other_host.mkdir()
    standby = daemon(DAEMON_LEASE_TTL_SECONDS=3, DAEMON_RUNTIME_FOLDER=other_host, PYTHONPATH=plugins)
    path = tmp_path / "pid"
    insert(db, "job-1", act="start_process", path=str(path))
    pids = pids_of(path)
    path.unlink()
    frozen.send(signal.SIGSTOP)
    wait_until(lambda: all_gone(pids), timeout=3)
    assert frozen.is_running
    assert not standby.log_events("leadership_taken")
    successors = pids_of(path)
    frozen.send(signal.SIGCONT)
    assert frozen.wait(10) == -signal.SIGALRM
    assert all(map(is_alive, successors))
    assert db.job_runs.count_documents({"state": "running", "attempt": 2, "epoch": 2}) == 1


def test_a_stop_ends_what_is_left_in_the_workers_and_hands_it_back(
    audited: None, daemon: StartDaemon, db: Documents, plugins: str, tmp_path: Path
):
    running = daemon(PYTHONPATH=plugins, DAEMON_DRAIN_SECONDS=0.5)
    insert(db, "idle", act="nothing")
    wait_until(lambda: db.job_runs.count_documents({"state": "succeeded"}) == 1, timeout=20)
    idle = db.job_runs.find_one({"jobId": "idle"})
    insert(db, "job-1", act="start_process", path=str(tmp_path / "pid"))
    pids = pids_of(tmp_path / "pid")
    assert running.stop(20) == 0
    assert idle
    assert all_gone([*pids, idle["result"]["metrics"]["pid"]])
    assert db.job_runs.count_documents({"state": "pending", "interruptions": 1}) == 1
    assert not running.log_events("daemon_stops_with_runs_alive")


def test_a_template_that_holds_the_loop_is_named(daemon: StartDaemon, db: Documents, plugins: str):
    running = daemon(PYTHONPATH=plugins)
    insert(db, "holder", "loop_holding", seconds=1.5)
    said = running.wait_event("loop_blocked")
    (run,) = db.job_runs.find({})
    assert said["runs"] == [run["_id"]]
    assert 1.0 < float(str(said["seconds"])) < 5.0


def test_what_a_template_logs_is_in_the_structured_log_with_its_run(
    daemon: StartDaemon, db: Documents, plugins: str, tmp_path: Path
):
    running = daemon(PYTHONPATH=plugins)
    insert(db, "job-1", act="log")
    entry = running.wait_event("half way")
    (run,) = db.job_runs.find({})
    ours = {"run_id": run["_id"], "job_id": "job-1", "template": "blocking", "attempt": 1, "level": "info"}
    assert ours.items() <= entry.items()
    assert entry["password"] == "***"


def test_the_log_of_an_unfinished_run_is_stored_within_seconds_and_survives_the_kill_of_its_daemon(
    audited: None, daemon: StartDaemon, db: Documents, plugins: str, tmp_path: Path
):
    running = daemon(PYTHONPATH=plugins)
    insert(db, "job-1", "unrepeatable", act="log_and_wait", path=str(tmp_path / "pid"))
    wait_until(lambda: db.job_run_logs.count_documents({"lines.event": "started"}) == 1, timeout=20)
    wait_until(lambda: db.job_runs.count_documents({"progress.done": 3.0}) == 1)
    running.kill9()
    daemon(PYTHONPATH=plugins)
    wait_until(lambda: db.job_runs.count_documents({"state": "interrupted"}) == 1)
    expires = [run["expireAt"] for run in db.job_runs.find({})]
    wait_until(lambda: [page["expireAt"] for page in db.job_run_logs.find({})] == expires)
