"""webhook_trigger and test_scheduler in the real daemon."""

import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bson import encode
from pymongo.database import Database
from standardwebhooks import Webhook

from tests.support.api_process import ApiProcess
from tests.support.blocking_templates import BlockingTemplate
from tests.support.daemon_process import DaemonProcess
from tests.support.http_objects import create_job, ended_run
from tests.support.plugin_folder import path_with_templates
from tests.support.processes import is_alive
from tests.support.waiting import wait_until
from tests.support.web_server import Reply, WebServer

StartDaemon = Callable[..., DaemonProcess]
StartApi = Callable[..., ApiProcess]

SECRET = "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
TOKEN = "hunter2"
RETRIED = {"retry": {"maxAttempts": 3, "backoff": "100ms"}}


def test_a_call_is_repeated_until_it_succeeds_with_one_id_and_verifies_each_time(
    audited: None,
    daemon: StartDaemon,
    api: StartApi,
    start_web_server: Callable[..., WebServer],
    db: Database[dict[str, Any]],
) -> None:
    running = daemon(HTTP_ALLOWED_NETWORKS='["127.0.0.1/32"]')
    served, receiver = api(), start_web_server()
    receiver.reply(Reply(503), Reply(drop=True), Reply(200, b"taken"))
    params = {
        "url": f"{receiver.url}/hook",
        "data": {"order": 7},
        "signingSecrets": [SECRET],
        "secretHeaders": {"Authorization": f"Bearer {TOKEN}"},
    }
    job = create_job(served, "webhook_trigger", params=params, policies=RETRIED)
    run = ended_run(served, job)
    assert (run["state"], run["attempt"], run["result"]["metrics"]["status"]) == ("succeeded", 3, 200)
    asked = receiver.asked
    assert {each.headers["webhook-id"] for each in asked} == {run["id"]}
    assert {each.headers["authorization"] for each in asked} == {f"Bearer {TOKEN}"}
    for each in asked:
        assert Webhook(SECRET).verify(each.body, dict(each.headers))["data"] == {"order": 7}

    paths = (f"jobs/{job['id']}", "jobs", "runs", f"runs/{run['id']}", f"runs/{run['id']}/logs")
    shown = str([job, *(served.request("GET", f"/api/admin/scheduler/{path}").text for path in paths)])
    written = running.log_text() + served.log_text()
    stored = b"".join(encode(each) for name in db.list_collection_names() for each in db[name].find({}))
    assert len(stored) > 1000
    for secret in (TOKEN, SECRET):
        assert secret not in shown + written
        assert secret.encode() not in stored


def test_a_secret_that_the_daemon_has_no_key_for_fails_the_run_once_and_says_why(
    audited: None, daemon: StartDaemon, api: StartApi
) -> None:
    daemon(SECRETS_KEY=None)
    served = api()
    params = {"url": "https://hooks.example.com", "secretHeaders": {"Authorization": TOKEN}}
    run = ended_run(served, create_job(served, "webhook_trigger", params=params, policies=RETRIED))
    assert (run["state"], run["attempt"], run["error"]["type"]) == ("failed", 1, "SecretUnreadable")
    assert "params.secretHeaders.Authorization" in run["error"]["message"]
    assert "SECRETS_KEY" in run["error"]["message"]


def test_an_attempt_waits_as_long_as_the_server_or_the_template_asks(
    audited: None, daemon: StartDaemon, api: StartApi, start_web_server: Callable[..., WebServer], tmp_path: Path
) -> None:
    path = path_with_templates(tmp_path, BlockingTemplate)
    daemon(HTTP_ALLOWED_NETWORKS='["127.0.0.1/32"]', PYTHONPATH=path)
    served, receiver = api(), start_web_server()
    receiver.reply(Reply(429, headers={"Retry-After": "1"}), Reply(200))
    called = create_job(served, "webhook_trigger", params={"url": receiver.url}, policies=RETRIED)
    twice = {"retry": {"maxAttempts": 2, "backoff": "1ms"}}
    asking = create_job(served, "blocking", params={"act": "ask_for_later", "number": 1}, policies=twice)
    runs = [ended_run(served, called), ended_run(served, asking)]
    assert [(run["state"], run["attempt"]) for run in runs] == [("succeeded", 2), ("failed", 2)]
    for run in runs:
        [first] = run["attempts"]
        waited = datetime.fromisoformat(run["startedAt"]) - datetime.fromisoformat(first["finishedAt"])
        assert timedelta(seconds=1) <= waited < timedelta(seconds=10)


def test_without_the_operators_leave_no_private_address_is_called(
    audited: None, daemon: StartDaemon, api: StartApi, start_web_server: Callable[..., WebServer]
) -> None:
    daemon()
    served, receiver = api(), start_web_server()
    run = ended_run(served, create_job(served, "webhook_trigger", params={"url": receiver.url}, policies=RETRIED))
    assert (run["state"], run["attempt"], receiver.asked) == ("failed", 1, [])
    assert "HTTP_ALLOWED_NETWORKS" in run["error"]["message"]


def suites(folder: Path, **sources: str) -> str:
    """TEST_SUITES with one Python program for each name."""
    found: dict[str, Any] = {}
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
        found[name] = {"command": f"{sys.executable} {name}.py", "folder": str(folder)}
    return json.dumps(found)


def test_a_failed_suite_is_a_failed_run_that_names_its_failures(
    audited: None, daemon: StartDaemon, api: StartApi, tmp_path: Path
) -> None:
    report = "<testcase name='good'/><testcase name='bad'><failure message='one is not two'/></testcase>"
    source = f"import os\nopen(os.environ['JUNIT_XML'], 'w').write({f'<testsuite>{report}</testsuite>'!r})\n"
    daemon(TEST_SUITES=suites(tmp_path, smoke=source))
    served = api()
    run = ended_run(served, create_job(served, "test_scheduler", params={"suite": "smoke"}))
    assert (run["state"], run["attempt"]) == ("failed", 1)
    assert run["error"]["message"] == "smoke: 1 of 2 failed: bad: one is not two"
    assert run["result"]["metrics"]["failing"] == ["bad"]


def test_a_killed_daemon_leaves_no_suite_behind(daemon: StartDaemon, api: StartApi, tmp_path: Path) -> None:
    source = (
        "import os, pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "pathlib.Path('new').write_text(f'{os.getpid()} {child.pid}')\n"
        "pathlib.Path('new').rename('pids')\n"
        "time.sleep(60)\n"
    )
    running = daemon(TEST_SUITES=suites(tmp_path, smoke=source))
    served = api()
    job = create_job(served, "test_scheduler", params={"suite": "smoke"})
    assert served.request("POST", f"/api/admin/scheduler/jobs/{job['id']}/run", json={}).status_code == 202
    written = wait_until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text(), 30)
    running.kill9()
    wait_until(lambda: not any(is_alive(int(pid)) for pid in str(written).split()), 5)
