"""The templates that work on collections and files, made as jobs over HTTP and run by the real daemon."""

import gzip
import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo.database import Database

from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess
from tests.support.waiting import wait_until

JOBS = "/api/admin/scheduler/jobs"
RUNS = "/api/admin/scheduler/runs"
NEVER = {"kind": "once", "at": "2099-01-01T00:00:00Z"}
TICKETS = 400
ORDERS, NOTE_BYTES = 20_000, 500

StartDaemon = Callable[..., DaemonProcess]
StartApi = Callable[..., ApiProcess]
Db = Database[dict[str, Any]]


def begin(api: ApiProcess, template: str, **params: Any) -> str:
    """The id of a run that was asked for."""
    body = {"name": template, "template": template, "schedule": NEVER, "params": params}
    made = api.request("POST", JOBS, json=body)
    assert made.status_code == 201, made.text
    return str(api.request("POST", f"{JOBS}/{made.json()['id']}/run").json()["runId"])


def ended(api: ApiProcess, run_id: str) -> dict[str, Any]:
    """The run, once it has ended."""

    def look() -> dict[str, Any] | None:
        run: dict[str, Any] = api.request("GET", f"{RUNS}/{run_id}").json()
        return run if run.get("finishedAt") else None

    return wait_until(look, 30)


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def test_an_export_is_made_by_the_daemon_and_downloaded_from_the_api(
    audited: None, daemon: StartDaemon, api: StartApi, db: Db, tmp_path: Path
) -> None:
    folder, temporary = tmp_path / "exports", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    (temporary / "young").touch()
    db.orders.insert_many([{"_id": n, "total": n / 2, "note": "=1+1"} for n in range(1000)])
    db.sessions.insert_many([{"_id": n, "createdAt": days_ago(n)} for n in range(60)])
    db.sessions.create_index("createdAt")
    daemon(
        EXPORT_FOLDER=folder, EXPORT_COLLECTIONS='["orders"]', CLEANUP_COLLECTIONS='["sessions"]',
        TEMPORARY_FOLDERS=f'["{temporary}"]',
    )  # fmt: skip
    served = api(EXPORT_FOLDER=folder)

    exported = ended(served, begin(served, "data_export", collection="orders", sort=["_id"]))
    assert exported["state"] == "succeeded", exported
    [item] = served.request("GET", "/api/exports").json()["items"]
    assert (item["rows"], item["runId"], item["available"]) == (1000, exported["id"], True)
    download = served.request("GET", f"/api/exports/{item['id']}/download")
    assert hashlib.sha256(download.content).hexdigest() == item["sha256"] == exported["result"]["metrics"]["sha256"]
    assert download.text.splitlines()[:2] == ["_id,note,total", "0,'=1+1,0.0"]

    cleaned = ended(served, begin(served, "database_cleanup", collection="sessions", olderThan="30d", keepLast=40))
    assert cleaned["result"]["metrics"]["deleted"] == 20
    assert db.sessions.count_documents({}) == 40
    refused = ended(served, begin(served, "database_cleanup", collection="dynamic_jobs"))
    assert (refused["state"], refused["attempt"]) == ("failed", 1), "it is not tried again"
    assert "CLEANUP_COLLECTIONS" in refused["error"]["message"]
    system = ended(served, begin(served, "system_cleanup"))
    assert system["state"] == "succeeded"
    assert (temporary / "young").exists()


def test_a_killed_export_leaves_nothing_to_download_and_is_written_whole_by_the_next_attempt(
    audited: None, daemon: StartDaemon, api: StartApi, db: Db, tmp_path: Path
) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    db.orders.insert_many([{"_id": n, "note": secrets.token_hex(NOTE_BYTES)} for n in range(ORDERS)])
    exporting = {"EXPORT_FOLDER": folder, "EXPORT_COLLECTIONS": '["orders"]'}
    first = daemon(**exporting)
    served = api(EXPORT_FOLDER=folder)
    run_id = begin(served, "data_export", collection="orders", sort=["_id"], gzip=True)
    wait_until(lambda: any(part.stat().st_size for part in folder.iterdir()), 30, every=0.002)
    first.kill9()
    [left] = folder.iterdir()
    assert left.name.startswith("."), "killed too late"
    assert served.request("GET", "/api/exports").json()["items"] == []
    daemon(**exporting)
    run = ended(served, run_id)
    assert (run["state"], run["attempt"]) == ("succeeded", 2), run
    [item] = served.request("GET", "/api/exports").json()["items"]
    name = item["fileName"]
    assert sorted(each.name for each in folder.iterdir()) == [name, f"{name}.sha256"], "what was left is removed"
    download = f"/api/exports/{item['id']}/download"
    content = served.request("GET", download).content
    rest = served.request("GET", download, headers={"Range": f"bytes={len(content) // 2}-"})
    assert (rest.status_code, rest.content) == (206, content[len(content) // 2 :])
    assert hashlib.sha256(content).hexdigest() == item["sha256"] == (folder / f"{name}.sha256").read_text().split()[0]
    ids = [int(line.split(",")[0]) for line in gzip.decompress(content).decode().splitlines()[1:]]
    assert ids == list(range(ORDERS))


def test_a_killed_daemon_loses_and_doubles_no_ticket(audited: None, daemon: StartDaemon, api: StartApi, db: Db) -> None:
    db.tickets.insert_many([{"_id": n, "status": "closed", "updatedAt": days_ago(100)} for n in range(TICKETS)])
    db.tickets.insert_one({"_id": -1, "status": "open", "updatedAt": days_ago(100)})
    first = daemon()
    served = api()
    run_id = begin(served, "ticket_cleanup", batchSize=5, pause="5ms")
    wait_until(lambda: db.tickets_archive.estimated_document_count() > 20, 30, every=0.005)
    first.kill9()
    daemon()
    run = ended(served, run_id)
    assert run["state"] == "succeeded", run
    assert [each["_id"] for each in db.tickets.find()] == [-1]
    assert sorted(each["_id"] for each in db.tickets_archive.find()) == list(range(TICKETS))
