"""What jobs cost that are not due: start, memory, CPU, and how late one new due job is, with many against none."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.clock import MILLISECOND, SystemClock
from tests.benchmarks.bench import Bench, Documents, insert_all, say
from tests.benchmarks.documents import due_job, idle_job
from tests.benchmarks.figures import Bound, Figure, percentiles
from tests.benchmarks.machine import memory, usage
from tests.support.waiting import wait_until

MOST_STARTS = 1.5
MOST_MEMORY = 1.2
MOST_CPU = 2.0
MOST_LAG = 2.0
SMALLEST_CPU_PERCENT = 1.0
"""Below this a share is a handful of clock ticks, and its ratio is noise."""
SMALLEST_LAG_MS = 5.0
DUE_GAP = timedelta(milliseconds=310)
LEAD = timedelta(seconds=1.5)
STARTS = 3


@dataclass(frozen=True, slots=True)
class _Rest:
    """Seconds to start, MiB, percent of one CPU, milliseconds."""

    start: float
    memory: float
    daemon_cpu: float
    mongod_cpu: float
    lags: list[float]


def measure(bench: Bench) -> list[Figure]:
    """The same database, first empty and then full; each number beside its own with no job."""
    count = bench.sizes.idle_jobs
    with bench.database("idle") as db:
        none = _rest(bench, db, "none")
        now = SystemClock().now()
        say(f"idle: storing {count:,} jobs")
        documents: Iterator[dict[str, Any]] = (idle_job(n, now) for n in range(count))
        insert_all(db.dynamic_jobs, documents)
        db.client.admin.command("fsync")  # the server's own work on what was stored is not the idle cost
        full = _rest(bench, db, "full")
    jobs = f"{count:,} idle jobs"
    pairs = (
        (f"{jobs}: start until leading", "s", none.start, full.start, MOST_STARTS, "<= 2 s", 0.5),
        (f"{jobs}: memory of the daemon (PSS)", "MiB", none.memory, full.memory, MOST_MEMORY, "<= 100 MiB", 1.0),
        (f"{jobs}: CPU, daemon", "%", none.daemon_cpu, full.daemon_cpu, MOST_CPU, "<= 0.5 %", SMALLEST_CPU_PERCENT),
        (f"{jobs}: CPU, mongod", "%", none.mongod_cpu, full.mongod_cpu, MOST_CPU, "<= 2 %", SMALLEST_CPU_PERCENT),
    )  # fmt: skip
    figures = [
        Figure("idle", what, (with_jobs,), unit, _ratio(with_jobs, without, least), f"no jobs {without:.3g} {unit}",
               Bound(at_most=most), target)
        for what, unit, without, with_jobs, most, target, least in pairs
    ]  # fmt: skip
    without, _, _ = percentiles(none.lags)
    p50, _, p99 = percentiles(full.lags)
    figures.append(
        Figure(
            "idle", f"{jobs}: lag of a new due job, p50 of {len(full.lags)}", (p50,), "ms",
            _ratio(p50, without, SMALLEST_LAG_MS), f"no jobs {without:.1f} ms", Bound(at_most=MOST_LAG),
            "p99 <= 15 ms", f"p99 {p99:.0f} ms",
        )
    )  # fmt: skip
    return figures


def _ratio(value: float, baseline: float, least: float) -> float:
    """Both are taken as at least `least`: below it there is nothing to compare."""
    return max(value, least) / max(baseline, least)


def _rest(bench: Bench, db: Documents, name: str) -> _Rest:
    starts = []
    for _ in range(STARTS - 1):
        began = time.monotonic()
        with bench.daemon(db):
            starts.append(time.monotonic() - began)
    began = time.monotonic()
    with bench.daemon(db) as daemon:
        start = statistics.median([*starts, time.monotonic() - began])
        time.sleep(2)  # the start is over
        with usage(daemon.pid, bench.mongod_pid) as used:
            time.sleep(bench.sizes.idle_seconds)
        rest = _Rest(start, memory(daemon.pid).pss, *used.percent, _new_due_jobs(db, name, bench.sizes.idle_due))
    say(
        f"idle: {name}: start {rest.start:.2f} s, {rest.memory:.0f} MiB, "
        f"CPU {rest.daemon_cpu:.2f} % + {rest.mongod_cpu:.2f} %, lags {[round(lag) for lag in rest.lags]}"
    )
    return rest


def _new_due_jobs(db: Documents, name: str, count: int) -> list[float]:
    """Lags of jobs that are made, as the API makes them, shortly before they are due, one after the other."""
    first = SystemClock().now() + LEAD
    for n in range(count):
        job = due_job(f"{name}-{n}", first + n * DUE_GAP)
        del job["plannedRevision"], job["daemon"]
        db.dynamic_jobs.insert_one(job)
    ended = {"jobId": {"$regex": f"^{name}-"}, "state": "succeeded"}
    limit = 30 + count * DUE_GAP.total_seconds()
    wait_until(lambda: db.job_runs.count_documents(ended) == count, limit, every=0.1)
    return [(run["startedAt"] - run["scheduledFor"]) / MILLISECOND for run in db.job_runs.find(ended)]
