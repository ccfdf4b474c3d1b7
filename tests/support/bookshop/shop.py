"""Everything of Fernhill Books at once, in an empty database with an API and a daemon beside it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pymongo import MongoClient

from shared.collections import CODEC_OPTIONS
from tests.support.api_process import ApiProcess
from tests.support.bookshop import history, messages, notices, people, work
from tests.support.daemon_process import DaemonProcess
from tests.support.http_objects import create
from tests.support.smtp_script import Deed
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import wait_until

TOKENS = "/api/admin/tokens"
OWNER, COLLEAGUE = "Ada Moreau", "Grace Okafor"
APPROVAL_ABOVE = 20


class Shop(NamedTuple):
    """api: signed in as the owner, as `token` does. The others are ids: by name, and runs and messages by state."""

    api: ApiProcess
    token: str
    jobs: dict[str, str]
    runs: dict[str, str]
    templates: dict[str, str]
    scheduled: dict[str, str]
    messages: dict[str, str]


@contextmanager
def open_shop(client: MongoClient[dict[str, Any]], uri: str, database: str, folder: Path) -> Iterator[Shop]:
    """Ends its processes and drops the database."""
    exports, gate = folder / "exports", folder / "gate"
    exports.mkdir()
    passing = "for each in catalogue basket checkout; do echo $each: passed; done"
    suite = f"sh -c '{passing}; while [ ! -e {gate} ]; do sleep 0.2; done'"
    smtp = SmtpServer()
    smtp.script.add("RCPT", Deed.REPLY, "550 5.7.1 Refused by policy", "refused@example.com", 1)
    common = {"MONGODB_URI": uri, "MONGODB_DATABASE": database, "EXPORT_FOLDER": exports}
    daemon = DaemonProcess(
        folder,
        DAEMON_RUNTIME_FOLDER=folder,
        TEST_SUITES=json.dumps({"shop": suite}),
        EXPORT_COLLECTIONS='["orders"]',
        CLEANUP_COLLECTIONS='["sessions"]',
        NOTIFICATION_APPROVAL_ABOVE=APPROVAL_ABOVE,
        **smtp.environment,
        **common,
    )
    api = ApiProcess(folder, NOTIFICATION_APPROVAL_ABOVE=APPROVAL_ABOVE, **common)
    try:
        daemon.wait_ready()
        api.wait_ready()
        api.log_in()
        yield _furnished(api, client, database)
    finally:
        api.end()
        daemon.end()
        smtp.close()
        client.drop_database(database)


def _furnished(api: ApiProcess, client: MongoClient[dict[str, Any]], database: str) -> Shop:
    db = client.get_database(database, codec_options=CODEC_OPTIONS)
    owner = _sign_in_as(api, OWNER, "admin")
    settled = people.settle_people(api)
    jobs = work.make_jobs(api, settled, work.make_calendars(api))
    running = work.let_them_work(api, db, jobs)
    _sign_in_as(api, COLLEAGUE, "editor", by=owner)
    templates = notices.write_templates(api)
    scheduled = notices.schedule_notifications(api, db, templates, settled)
    _use(api, owner)
    _make_tokens(api)
    notices.wait_sent(api, scheduled["Orders of the morning"])
    now = datetime.now(UTC)
    queued = messages.queue_messages(db, scheduled[notices.WEEKLY], templates[notices.NEWSLETTER], now)
    runs = history.remember(db, jobs, now)
    seen = lambda: db.job_runs.find_one({"_id": running, "state": "running"})  # noqa: E731
    wait_until(lambda: seen() is not None, 10)
    progress = {"done": 3, "total": 8, "message": "checkout", "at": now}
    db.job_runs.update_one({"_id": running}, {"$set": {"progress": progress}})
    return Shop(
        api,
        owner,
        {name: job["id"] for name, job in jobs.items()},
        {**runs, "running": running},
        templates,
        scheduled,
        {state.value: identity for state, identity in queued.items()},
    )


def _use(api: ApiProcess, token: str) -> None:
    api.token = token
    api.session.headers["Authorization"] = f"Bearer {token}"


def _sign_in_as(api: ApiProcess, name: str, role: str, *, by: str | None = None) -> str:
    """A new token, which the following requests carry. by: who makes it; None: whoever is signed in."""
    if by is not None:
        _use(api, by)
    token = str(create(api, TOKENS, {"name": name, "role": role})["token"])
    _use(api, token)
    return token


def _make_tokens(api: ApiProcess) -> None:
    for name, role, life in (("Warehouse screen", "viewer", "90d"), ("Point of sale", "runner", None)):
        create(api, TOKENS, {"name": name, "role": role, "expiresIn": life})
    leaver = create(api, TOKENS, {"name": "Intern, summer", "role": "operator", "expiresIn": "30d"})
    revoked = api.request("DELETE", f"{TOKENS}/{leaver['id']}", headers={"If-Match": "*"})
    assert revoked.status_code in {200, 204}, revoked.text
