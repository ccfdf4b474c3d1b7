"""`make run` as a newcomer meets it: everything starts, a mail arrives, everything stops; and each way it can fail."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from pymongo import MongoClient

from deploy.local.mongod import check_mongod, find_mongod, free_port
from tests.support.environment import ROOT
from tests.support.launcher_process import LauncherProcess
from tests.support.waiting import wait_until

Launch = Callable[..., LauncherProcess]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts launchers; without arguments all of one test share a folder and a port, as a restart does."""
    usual_port = free_port()
    started: list[LauncherProcess] = []

    def start(*, var: Path | None = None, port: int | None = None, **options: Any) -> LauncherProcess:
        log_file = tmp_path / f"launcher-{len(started)}.log"
        launcher = LauncherProcess(var or tmp_path / "var", port or usual_port, log_file, **options)
        started.append(launcher)
        return launcher

    yield start
    for launcher in started:
        launcher.end()
    try:
        for launcher in started:
            wait_until(lambda each=launcher: not each.left_over(), 30, message="parts outlive a killed launcher")
    finally:
        for launcher in started:
            launcher.kill_left_over()


def _refusal(launcher: LauncherProcess) -> str:
    """What a launcher says that must not start; it leaves nothing running."""
    assert launcher.wait(60) == 1
    assert launcher.left_over() == []
    words = launcher.log_text()
    assert "Traceback" not in words
    assert "make run: " in words
    return words


def _get(launcher: LauncherProcess, token: str, path: str) -> requests.Response:
    return requests.get(launcher.base_url + path, headers={"Authorization": f"Bearer {token}"}, timeout=10)


def test_a_newcomer_sees_the_sample_mail_arrive_and_everything_stop(launch: Launch) -> None:
    launcher = launch()
    token = launcher.wait_ready()
    assert token in launcher.log_text()
    assert (launcher.var / "admin-token").stat().st_mode & 0o777 == 0o600
    assert _get(launcher, token, "/api/admin/scheduler/templates").json()["items"]
    [mail] = wait_until(lambda: list((launcher.var / "outbox").glob("*.eml")), 30)
    assert b"Message-ID:" in mail.read_bytes()
    launcher.terminate()
    assert launcher.wait(60) == 0, launcher.log_text()
    assert launcher.left_over() == []
    logs = {log.name: log.read_text().splitlines() for log in (launcher.var / "log").iterdir()}
    assert sorted(logs) == ["api.log", "daemon.log", "mongod.log"]
    assert [line for lines in logs.values() for line in lines if not isinstance(json.loads(line), dict)] == []


def test_data_survive_a_restart_even_on_another_port_and_the_old_token_does_not(launch: Launch) -> None:
    launcher = launch(SECRETS_KEY="")
    old_token = launcher.wait_ready()
    before = _get(launcher, old_token, "/api/admin/scheduler/jobs").json()["items"]
    assert before, "the standard jobs"
    key = (launcher.var / "secrets-key").read_text()
    assert (launcher.var / "secrets-key").stat().st_mode & 0o777 == 0o600
    body = {"name": "A call", "template": "webhook_trigger", "schedule": before[0]["schedule"], "enabled": False}
    body["params"] = {"url": "https://example.com", "secretHeaders": {"X-Key": "hunter2"}}
    authorized = {"Authorization": f"Bearer {old_token}"}
    made = requests.post(f"{launcher.base_url}/api/admin/scheduler/jobs", json=body, headers=authorized, timeout=10)
    assert made.status_code == 201, made.text
    before = _get(launcher, old_token, "/api/admin/scheduler/jobs").json()["items"]
    assert launcher.stop() == 0
    taken = int((launcher.var / "mongodb.port").read_text())
    with socket.socket() as other:
        other.bind(("127.0.0.1", taken))
        launcher = launch(SECRETS_KEY="")
        token = launcher.wait_ready()
    assert int((launcher.var / "mongodb.port").read_text()) != taken
    after = _get(launcher, token, "/api/admin/scheduler/jobs").json()["items"]
    assert [job["id"] for job in after] == [job["id"] for job in before]
    assert (launcher.var / "secrets-key").read_text() == key
    assert _get(launcher, old_token, "/api/admin/scheduler/jobs").status_code == 401


def test_nothing_outlives_a_launcher_that_is_killed_and_the_next_one_starts(launch: Launch) -> None:
    launcher = launch()
    launcher.wait_ready()
    assert len(launcher.left_over()) >= 3
    launcher.kill9()
    wait_until(lambda: not launcher.left_over(), 30)
    port = (launcher.var / "mongodb.port").read_text()
    launch().wait_ready()
    assert (launcher.var / "mongodb.port").read_text() == port, "the same one as before"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_make_stops_everything_behind_it(launch: Launch, tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "venv"  # this interpreter's own, with the marks that it is complete
    folder.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / name).symlink_to(Path(sys.prefix) / name)
    for stamp in ("created", "run"):
        (folder / f"{stamp}.stamp").touch()
    make = launch(command=["make", "--directory", str(ROOT), "run", f"VENV={folder}"])
    make.wait_ready()
    if number is signal.SIGINT:
        os.killpg(make.pid, number)  # a terminal tells the whole group
    else:
        make.send(number)
    assert make.wait(60) in (0, -number)
    assert make.left_over() == []
    assert "Stopped." in make.log_text()
    assert "were killed" not in make.log_text()


def test_a_signal_during_the_start_stops_what_was_started(launch: Launch) -> None:
    launcher = launch()
    wait_until(lambda: "Starting MongoDB" in launcher.log_text())
    wait_until(launcher.left_over)
    launcher.terminate()
    assert launcher.wait(60) == 0
    assert launcher.left_over() == []


def test_a_port_in_use_is_refused_before_anything_starts(launch: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        launcher = launch(port=port)
        assert f"Port {port} of 127.0.0.1 cannot be used" in _refusal(launcher)
    assert not launcher.var.exists()


@pytest.mark.parametrize("place", ["/proc/no-such-folder", "a file"])
def test_a_folder_that_cannot_be_written_is_named(launch: Launch, tmp_path: Path, place: str) -> None:
    var = Path(place)
    if place == "a file":
        var = tmp_path / "file"
        var.write_text("in the way")
    words = _refusal(launch(var=var))
    assert f"{var} cannot be written" in words
    assert "Set VAR_DIR" in words


def test_a_second_launcher_on_the_same_folder_is_refused(launch: Launch) -> None:
    first = launch()
    wait_until(lambda: "Starting MongoDB" in first.log_text())
    second = launch(port=free_port())
    assert second.wait(30) == 1
    assert f"Another `make run` (process {first.pid}) uses {first.var}" in second.log_text()
    assert first.is_running


def test_a_database_that_does_not_answer_is_named_without_its_password(launch: Launch) -> None:
    port = free_port()
    words = _refusal(launch(MONGODB_URI=f"mongodb://ada:sesame@127.0.0.1:{port}/"))
    assert "MONGODB_URI" in words
    assert f"127.0.0.1:{port}" in words
    assert "sesame" not in words


def test_a_standalone_database_is_refused_with_the_remedy(launch: Launch, tmp_path: Path) -> None:
    port = free_port()
    command = [str(find_mongod()), "--dbpath", str(tmp_path), "--port", str(port), "--bind_ip", "127.0.0.1"]
    with subprocess.Popen([*command, "--nounixsocket"], stdout=subprocess.DEVNULL) as mongod:
        try:
            with MongoClient[dict[str, object]](f"mongodb://127.0.0.1:{port}/") as client:
                client.admin.command("ping")
            assert "--replSet" in _refusal(launch(MONGODB_URI=f"mongodb://127.0.0.1:{port}/"))
        finally:
            mongod.terminate()


def test_a_database_of_yours_is_used_and_left_alone(launch: Launch, mongodb_uri: str, database_name: str) -> None:
    launcher = launch(MONGODB_URI=mongodb_uri, MONGODB_DATABASE=database_name)
    launcher.wait_ready()
    assert not (launcher.var / "log" / "mongod.log").exists()
    assert launcher.stop() == 0
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        assert client[database_name]["dynamic_jobs"].count_documents({}) > 0


def test_a_daemon_that_dies_is_started_again_and_the_api_goes_on(launch: Launch) -> None:
    launcher = launch()
    token = launcher.wait_ready()
    first = launcher.pid_of("scheduler_daemon")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: "daemon was killed by SIGKILL; it is started again" in launcher.log_text(), 30)
    assert _get(launcher, token, "/api/admin/scheduler/status").status_code == 200

    def replaced() -> bool:
        daemons = _get(launcher, token, "/api/admin/scheduler/status").json()["daemons"]
        return {each["pid"]: each["state"] for each in daemons}.get(first) == "replaced"

    wait_until(replaced, 60, message="another daemon in the place of the killed one")
    os.kill(launcher.pid_of("scheduler_daemon"), signal.SIGKILL)
    wait_until(lambda: launcher.log_text().count("it is started again") == 2, 30)
    launcher.terminate()
    assert launcher.wait(60) == 0, launcher.log_text()
    assert launcher.left_over() == []


@pytest.mark.parametrize(("part", "name"), [("gunicorn", "api"), ("mongod", "mongod")])
def test_a_part_that_dies_stops_everything_and_is_named(launch: Launch, part: str, name: str) -> None:
    launcher = launch()
    launcher.wait_ready()
    os.kill(launcher.pid_of(part), signal.SIGKILL)
    words = _refusal(launcher)
    assert f"{name} was killed by SIGKILL" in words
    assert f"{name}.log" in words


def test_a_part_that_dies_at_its_start_is_named_with_its_own_words(launch: Launch) -> None:
    words = _refusal(launch(DAEMON_BATCH_SIZE="many"))
    assert "daemon ended with 78" in words
    assert "DAEMON_BATCH_SIZE" in words


def test_a_missing_library_is_named_with_its_package(launch: Launch, tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "mongod"
    fake.parent.mkdir()
    words = "error while loading shared libraries: libcurl.so.4: cannot open shared object file: No such file"
    fake.write_text(f"#!/bin/sh\necho '{fake}: {words}' >&2\nexit 127\n")
    fake.chmod(0o755)
    refusal = _refusal(launch(PATH=f"{fake.parent}:{os.environ['PATH']}"))
    assert "libcurl.so.4" in refusal
    assert "apt-get install libcurl4" in refusal


def test_the_server_of_the_wheel_runs_here() -> None:
    check_mongod(find_mongod())
