"""`GET /metrics`: the requests of every worker, and the state of the system whatever the daemon says."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from api import create_app, scrape
from api.context import store_of
from api.store import connection
from shared.settings import Settings
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem
from tests.integration.api.test_alarms import FAULTS
from tests.integration.api.test_status import insert_heartbeat
from tests.support.api_process import ApiProcess
from tests.support.waiting import wait_until

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    families = text_string_to_metric_families(text)
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((f"unified_scheduler_{name}", frozenset(labels.items())))


def test_every_worker_tells_the_requests_of_all_and_a_restart_counts_from_zero(api: Callable[..., ApiProcess]) -> None:
    served = api(workers=2)
    jobs = {"method": "GET", "route": JOBS, "status": "200"}

    def one_request(_number: int) -> str:
        headers = {"Authorization": f"Bearer {served.token}"}
        requests.get(served.base_url + JOBS, headers=headers, timeout=10)  # a connection of its own
        return requests.get(f"{served.base_url}/metrics", headers=headers, timeout=10).text

    with ThreadPoolExecutor(4) as pool:
        last = list(pool.map(one_request, range(24)))[-1]
    for _ in range(4):
        last = one_request(0)
    assert value(samples(last), "api_request_seconds_count", **jobs) == 28
    again = api(workers=1)
    found = samples(again.request("GET", "/metrics").text)
    assert value(found, "api_request_seconds_count", **jobs) is None


def test_metrics_need_a_token_unless_they_are_public(
    app: Flask, bare_db: Db, settings: Callable[..., Settings]
) -> None:
    assert_problem(app.test_client().get("/metrics"), 401, "unauthenticated")
    assert Caller(app, "viewer").get("/metrics").status_code == 200
    public = create_app(settings(api_metrics_public=True))
    assert public.test_client().get("/metrics").status_code == 200
    assert_problem(app.test_client().get("/metrics"), 401, "unauthenticated")
    store_of(public).connection.close()


def test_gauges_tell_what_the_daemon_hides(admin: Caller, db: Db) -> None:
    insert_heartbeat(db, ago=3)
    for fault in FAULTS.values():
        collection, document = fault()
        db[collection].insert_one(document)
    found = samples(admin.get("/metrics").text)
    assert value(found, "database_up") == 1
    raised = {dict(labels)["code"] for (name, labels), number in found.items() if "_alarm" in name and number}
    assert raised == set(FAULTS) - {"messages_stuck"}, "a channel that rests is not stuck"
    assert value(found, "alarm", code="daemon_away") == 0
    assert (value(found, "daemons_alive"), value(found, "overdue_jobs")) == (1, 1)
    assert (value(found, "runs", state="pending"), value(found, "messages", state="pending")) == (1, 1)
    for name, labels, least in (
        ("heartbeat_age_seconds", {}, 3),
        ("lease_age_seconds", {}, 0),
        ("oldest_waiting_run_seconds", {}, 400),
        ("oldest_due_message_seconds", {"channel": "email"}, 400),
    ):
        age = value(found, name, **labels)
        assert age is not None
        assert least <= age < least + 60


def test_many_scrapes_look_at_the_database_once(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    read = scrape.read_overview
    monkeypatch.setattr(scrape, "read_overview", lambda *all_of_it: looked.append(1) or read(*all_of_it))
    for _ in range(5):
        assert admin.get("/metrics").status_code == 200
    assert len(looked) == 1


def test_without_mongodb_public_metrics_say_just_that(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT_MILLISECONDS", 300)
    app = create_app(settings(mongodb_uri="mongodb://127.0.0.1:1/?replicaSet=none", api_metrics_public=True))
    response = app.test_client().get("/metrics")
    assert response.status_code == 200
    found = samples(response.text)
    assert value(found, "database_up") == 0
    assert value(found, "overdue_jobs") is None, "unknown is not 0"
    store_of(app).connection.close()


def test_what_a_client_invents_makes_no_label(admin: Caller) -> None:
    for number in range(3):
        admin.call(f"INVENT{number}", f"/invented/{number}")
        admin.get(f"/invented/{number}")
    text = admin.get("/metrics").text
    assert "invent" not in text.lower()
    assert 'route="other"' in text


def test_a_worker_that_ends_leaves_its_counts(api: Callable[..., ApiProcess]) -> None:
    served = api(workers=1)
    jobs = {"method": "GET", "route": JOBS, "status": "200"}
    served.request("GET", JOBS)
    children = Path(f"/proc/{served.pid}/task/{served.pid}/children")
    [worker] = children.read_text().split()
    os.kill(int(worker), signal.SIGKILL)
    wait_until(lambda: children.read_text().split() not in ([], [worker]), 20, message="a new worker")
    served.session.close()
    served.wait_ready()
    assert value(samples(served.request("GET", "/metrics").text), "api_request_seconds_count", **jobs) == 1
