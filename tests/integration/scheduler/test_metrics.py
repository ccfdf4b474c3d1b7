"""The daemon's own listener: what it counts, while it works."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests
from prometheus_client.parser import text_string_to_metric_families
from pymongo.database import Database

from tests.support.daemon_process import DaemonProcess
from tests.support.documents import job_document, once
from tests.support.waiting import wait_until

RUNS = "unified_scheduler_daemon_runs_total"


def scraped(bind: str) -> dict[tuple[str, ...], float]:
    text = requests.get(f"http://{bind}/metrics", timeout=10).text
    families = text_string_to_metric_families(text)  # labels in the order of their names
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def test_runs_lag_lease_and_loop_are_told_and_a_second_daemon_on_the_same_address_works_without(
    daemon: Callable[..., DaemonProcess], db: Database[dict[str, Any]]
) -> None:
    bind = free_address()
    daemon(DAEMON_METRICS_BIND=bind)
    now = datetime.now(UTC).replace(microsecond=0)
    good, bad = {"outcome": "success"}, {"outcome": "failure"}
    policies = {"retry": {"maxAttempts": 1}}
    db.dynamic_jobs.insert_many(
        [
            job_document(f"job-{n}", since=now, schedule=once(now), params=params, policies=policies)
            for n, params in enumerate((good, good, bad))
        ]
    )
    wait_until(lambda: scraped(bind).get((RUNS, "failed", "noop")), 20, message="a failed run is counted")
    wait_until(lambda: scraped(bind).get((RUNS, "succeeded", "noop")) == 2, 20, message="both good ones, too")
    found = scraped(bind)
    assert found[("unified_scheduler_daemon_lease_held",)] == 1
    assert found[("unified_scheduler_daemon_running",)] == 0
    assert found[("unified_scheduler_daemon_dispatch_lag_seconds_count",)] == 3
    assert found[("unified_scheduler_daemon_loop_lag_seconds_count",)] > 0
    second = daemon(DAEMON_METRICS_BIND=bind)
    wait_until(lambda: "metrics_not_served" in second.log_text(), 10, message="the second says that it cannot listen")
    assert second.is_running


def test_nothing_listens_by_default(daemon: Callable[..., DaemonProcess]) -> None:
    assert "metrics_served" not in daemon().log_text()
