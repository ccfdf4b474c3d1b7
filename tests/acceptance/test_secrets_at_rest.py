"""Secrets of jobs in the real programs: used by every kind of run, and nowhere in the database in plain text."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from tests.support.api_process import ApiProcess
from tests.support.blocking_templates import BlockingTemplate
from tests.support.daemon_process import DaemonProcess
from tests.support.http_objects import create_job, ended_run, items
from tests.support.plugin_folder import path_with_templates
from tests.support.waiting import wait_until
from tests.support.web_server import Reply, WebServer

StartDaemon = Callable[..., DaemonProcess]
StartApi = Callable[..., ApiProcess]
Client = MongoClient[dict[str, Any]]

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
JOBS = "/api/admin/scheduler/jobs"
LOOPBACK = '["127.0.0.1/32"]'


class Dump:
    """Everything that a database holds, and whatever was written to it since this was made: also what was removed."""

    def __init__(self, client: Client, database: str) -> None:
        self._client = client
        self._database = client.get_database(database, codec_options=RAW)
        self._start = client.admin.command("hello")["lastWrite"]["opTime"]["ts"]

    def read(self) -> bytes:
        found = [each.raw for name in self._database.list_collection_names() for each in self._database[name].find()]
        written = self._client.get_database("local", codec_options=RAW)["oplog.rs"].find({"ts": {"$gte": self._start}})
        return b"".join([*found, *(each.raw for each in written)])


@pytest.fixture
def dump(mongodb_client: Client, database_name: str) -> Dump:
    return Dump(mongodb_client, database_name)


def headers(secret: str) -> dict[str, Any]:
    return {"secretHeaders": {"Authorization": secret}}


def test_no_secret_is_in_the_database_in_plain_text_at_any_time(
    dump: Dump, daemon: StartDaemon, api: StartApi, start_web_server: Callable[..., WebServer], tmp_path: Path
) -> None:
    path = path_with_templates(tmp_path, BlockingTemplate)
    running = daemon(HTTP_ALLOWED_NETWORKS=LOOPBACK, PYTHONPATH=path)
    served, receiver = api(), start_web_server()
    receiver.reply(Reply(200), Reply(404))
    [first, second, third, in_worker] = hidden = [secrets.token_hex(16) for _ in range(4)]
    url = f"{receiver.url}/{secrets.token_hex(16)}"

    job = create_job(served, "webhook_trigger", params={"url": url, **headers(first)})
    assert ended_run(served, job)["state"] == "succeeded"
    failed = ended_run(served, job, params=headers(second))
    assert failed["state"] == "failed"
    retry = served.request("POST", f"/api/admin/scheduler/runs/{failed['id']}/retry")
    assert retry.status_code == 202
    receiver.wait_asked(3)
    edit = {"params": {"url": url, **headers(third)}}
    assert served.request("PATCH", f"{JOBS}/{job['id']}", json=edit, headers={"If-Match": "*"}).status_code == 200
    assert ended_run(served, job)["state"] == "succeeded"
    assert [each.headers["authorization"] for each in receiver.asked] == [first, second, second, third]

    blocking = create_job(served, "blocking", params={"act": "sign", "key": in_worker})
    signature = hashlib.blake2b(b"signed", key=in_worker.encode()).hexdigest()
    assert ended_run(served, blocking)["result"]["metrics"] == {"signature": signature}
    assert served.request("DELETE", f"{JOBS}/{job['id']}", headers={"If-Match": "*"}).status_code == 204
    wait_until(lambda: all(run["finishedAt"] for run in items(served, "/api/admin/scheduler/runs")))

    dumped = dump.read()
    assert url.encode() in dumped, "what is no secret is found, so a secret would be"
    logs = running.log_text() + served.log_text()
    assert not [secret for secret in hidden if secret.encode() in dumped or secret in logs]


def test_a_daemon_with_another_key_fails_the_run_at_once_and_the_right_key_is_all_it_takes(
    audited: None, daemon: StartDaemon, api: StartApi, start_web_server: Callable[..., WebServer]
) -> None:
    wrong, served, receiver = daemon(SECRETS_KEY=base64.b64encode(bytes(32)).decode()), api(), start_web_server()
    params = {"url": receiver.url, **headers("hunter2")}
    job = create_job(served, "webhook_trigger", params=params, policies={"retry": {"maxAttempts": 3}})
    run = ended_run(served, job)
    assert (run["state"], run["attempt"], run["error"]["type"]) == ("failed", 1, "SecretUnreadable")
    assert run["error"]["message"].startswith("params.secretHeaders.Authorization: ")
    assert "SECRETS_KEY" in run["error"]["message"]
    assert wrong.stop() == 0
    daemon(HTTP_ALLOWED_NETWORKS=LOOPBACK)
    assert ended_run(served, job)["state"] == "succeeded"
    assert receiver.asked[-1].headers["authorization"] == "hunter2"
