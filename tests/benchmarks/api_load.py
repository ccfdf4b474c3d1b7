"""The API under load with many documents stored, beside a bare Flask application with one find_one.

Both under gunicorn with two workers, asked by one process over eight connections that stay open. Reads only: a page of
50 of each list, deep pages, filters, single documents.
"""

import http.client
import statistics
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from api.paging import encode_cursor
from shared.clock import SystemClock, cut_to_milliseconds
from shared.queries.keyset import Position
from tests.benchmarks.bench import Bench, say
from tests.benchmarks.figures import Bound, Figure, percentiles
from tests.benchmarks.history import store
from tests.support.api_process import ApiProcess

WORKERS = 2
CONNECTIONS = 8
WARM_UP = 0.2
MOST_TIMES_BARE = 3.0
MOST_DEPTH = 1.5
SMALLEST_P99_MS = 5.0
SCHEDULER, NOTIFICATIONS = "/api/admin/scheduler", "/api/notifications"


class Load(NamedTuple):
    """Answers a second, and milliseconds of each answer."""

    rate: float
    milliseconds: list[float]

    @property
    def p99(self) -> float:
        return percentiles(self.milliseconds)[2]


def measure(bench: Bench) -> list[Figure]:
    """A figure for each route; the bare application is measured at the beginning, in the middle and at the end."""
    with bench.database("api") as db, tempfile.TemporaryDirectory() as folder:
        settings: dict[str, object] = {"MONGODB_URI": bench.uri, "MONGODB_DATABASE": db.name}
        with bench.daemon(db):  # makes the indexes and the catalogue
            now = cut_to_milliseconds(SystemClock().now())
        say(f"api: storing {bench.sizes.history.jobs:,} jobs and {bench.sizes.history.runs:,} runs")
        store(db, bench.sizes.history, now)
        bare = ApiProcess(Path(folder), workers=WORKERS, application="tests.benchmarks.bare_api:app", **settings)
        served = ApiProcess(Path(folder), workers=WORKERS, **settings)
        try:
            for process in (bare, served):
                process.wait_ready()
            served.log_in()
            return _figures(bench, served, bare, routes(bench, now))
        finally:
            bare.end()
            served.end()


class Route(NamedTuple):
    """What is asked, and how it is judged. shallow: the route whose p99 a deep page is compared with."""

    what: str
    path: str
    is_page: bool = True
    shallow: str | None = None


def routes(bench: Bench, now: datetime) -> list[Route]:
    """Every list, deep pages, filters, and single documents."""
    jobs, runs = bench.sizes.history.jobs, bench.sizes.history.runs
    job, run = jobs // 2, runs // 2
    deep_job = encode_cursor(Position(now - timedelta(seconds=job), f"idle-{job}"))
    deep_run = encode_cursor(Position(now - timedelta(milliseconds=250 * run), f"run-{run}"))
    return [
        Route("jobs, page of 50", f"{SCHEDULER}/jobs"),
        Route("jobs, page of 50 in the middle", f"{SCHEDULER}/jobs?cursor={deep_job}", shallow="jobs, page of 50"),
        Route("jobs by name, page of 50", f"{SCHEDULER}/jobs?sort=name"),
        Route("jobs by next run, page of 50", f"{SCHEDULER}/jobs?sort=next"),
        Route("one job", f"{SCHEDULER}/jobs/idle-{job}", is_page=False),
        Route("runs, page of 50", f"{SCHEDULER}/runs"),
        Route("runs, page of 50 in the middle", f"{SCHEDULER}/runs?cursor={deep_run}", shallow="runs, page of 50"),
        Route("failed runs, page of 50", f"{SCHEDULER}/runs?state=failed"),
        Route("runs of a job, page of 50", f"{SCHEDULER}/jobs/idle-{job}/runs"),
        Route("one run", f"{SCHEDULER}/runs/run-{run}", is_page=False),
        Route("scheduled notifications, page of 50", f"{NOTIFICATIONS}/scheduled"),
        Route("queue, page of 50", f"{NOTIFICATIONS}/queue"),
        Route("recipients, page of 50", f"{NOTIFICATIONS}/recipients"),
        Route("audit log, page of 50", "/api/admin/audit"),
        Route("status", f"{SCHEDULER}/status", is_page=False),
    ]


def _figures(bench: Bench, served: ApiProcess, bare: ApiProcess, asked: list[Route]) -> list[Figure]:
    seconds = bench.sizes.api_seconds
    bare_path = f"/jobs/idle-{bench.sizes.history.jobs // 2}"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as client:

        def load(process: ApiProcess, path: str) -> Load:
            return client.submit(ask, process.base_url, path, process.token, seconds).result()

        middle = len(asked) // 2
        bares = [load(bare, bare_path)]
        loads = {route.what: load(served, route.path) for route in asked[:middle]}
        bares.append(load(bare, bare_path))
        loads |= {route.what: load(served, route.path) for route in asked[middle:]}
        bares.append(load(bare, bare_path))
    rate = statistics.median(each.rate for each in bares)
    figures = [Figure("api", "bare Flask and find_one", tuple(each.rate for each in bares), "requests/s")]
    for route in asked:
        found = loads[route.what]
        p50, _, p99 = percentiles(found.milliseconds)
        figures.append(
            Figure(
                "api",
                route.what,
                (found.rate,),
                "requests/s",
                rate / found.rate,
                "the time of bare Flask",
                Bound(at_most=MOST_TIMES_BARE) if route.is_page else None,
                note=f"p50 {p50:.1f}, p99 {p99:.1f} ms",
            )
        )
        if route.shallow is not None:
            first = max(loads[route.shallow].p99, SMALLEST_P99_MS)
            ratio = max(found.p99, SMALLEST_P99_MS) / first
            figures.append(
                Figure("api", f"{route.what}: p99", (found.p99,), "ms", ratio, "first page", Bound(at_most=MOST_DEPTH))
            )
    return figures


def ask(base_url: str, path: str, token: str, seconds: float) -> Load:
    """Asks one path over and over, at least once on each connection. Runs in a process of its own. All must be 200."""
    host = urlsplit(base_url)
    times: list[list[float]] = [[] for _ in range(CONNECTIONS)]
    faults: list[str] = []
    begin = time.perf_counter() + WARM_UP
    end = begin + seconds

    def one_connection(mine: list[float]) -> None:
        connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=30)
        try:
            while (started := time.perf_counter()) < end or not mine:
                connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != http.HTTPStatus.OK:
                    raise AssertionError(f"{path}: {answer.status}")
                if started >= begin:
                    mine.append(time.perf_counter() - started)
        except Exception as fault:
            faults.append(repr(fault))
        finally:
            connection.close()

    threads = [threading.Thread(target=one_connection, args=(mine,)) for mine in times]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[0]
    all_times = [1000 * each for mine in times for each in mine]
    return Load(len(all_times) / (max(end, time.perf_counter()) - begin), all_times)
