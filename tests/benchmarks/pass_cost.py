"""What one pass costs against the number of stored jobs: time, and index keys examined, as the server counts them."""

import asyncio
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from scheduler_daemon.plugins import load_templates
from shared.logging import configure_logging
from tests.benchmarks.bench import Bench, Documents, insert_all, say
from tests.benchmarks.documents import due_job, idle_job
from tests.benchmarks.figures import Bound, Figure
from tests.support.documents import MONDAY, seconds
from tests.support.environment import ExplicitSettings
from tests.support.workbench import Workbench, open_workbench

MOST_GROWTH = 1.5
DUE_JOBS = 100
WARM_UP = 10


def measure(bench: Bench) -> list[Figure]:
    """In a process of its own, whose log it may configure."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure_here, bench).result()


def measure_here(bench: Bench) -> list[Figure]:
    """The daemon's own parts, pass by pass, on a database that grows."""
    configure_logging("warning", "json")
    with bench.database("pass") as db, tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(bench, db, Path(folder)))


async def _measure(bench: Bench, db: Documents, folder: Path) -> list[Figure]:
    settings = ExplicitSettings(mongodb_uri=bench.uri, mongodb_database=db.name, daemon_runtime_folder=folder)
    idle: list[float] = []
    busy: list[float] = []
    keys: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        async with open_workbench(settings, load_templates(), patch) as workbench:
            await workbench.lead()
            stored = 0
            for number, jobs in enumerate(bench.sizes.pass_jobs):
                insert_all(db.dynamic_jobs, (idle_job(n, MONDAY) for n in range(stored, jobs)))
                stored = jobs
                idle.append(await _idle_pass(workbench, bench.sizes.passes))
                await _busy_pass(workbench, db, f"warm-{number}")
                busy.append(statistics.median([await _busy_pass(workbench, db, f"due-{number}-{n}") for n in range(5)]))
                keys.append(await _keys_examined(workbench, db, number))
                say(f"pass: {jobs:,} jobs: idle {idle[-1]:.1f} ms, {DUE_JOBS} due {busy[-1]:.0f} ms, {keys[-1]} keys")
    return _figures(bench.sizes.pass_jobs, idle, busy, keys)


def _figures(jobs: tuple[int, ...], idle: list[float], busy: list[float], keys: list[int]) -> list[Figure]:
    figures = []
    bound = Bound(at_most=MOST_GROWTH)
    for n, count in enumerate(jobs):
        first = n == 0
        for what, values, unit in (
            ("idle pass", idle, "ms"),
            (f"pass with {DUE_JOBS} due", busy, "ms"),
            (f"keys examined, {DUE_JOBS} due", keys, "keys"),
        ):
            figures.append(
                Figure(
                    "pass", f"{count:,} jobs: {what}", (values[n],), unit,
                    None if first else values[n] / values[0], "" if first else f"with {jobs[0]:,}",
                    None if first else bound, "flat",
                )
            )  # fmt: skip
    return figures


async def _idle_pass(workbench: Workbench, times: int) -> float:
    """Median milliseconds of a pass that finds nothing due."""
    taken = []
    for _ in range(WARM_UP + times):
        workbench.daemon.scheduler.wake_for_changes()
        began = time.perf_counter()
        await workbench.daemon.scheduler.run_once()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken[WARM_UP:])


async def _busy_pass(workbench: Workbench, db: Documents, name: str) -> float:
    """Milliseconds until DUE_JOBS due jobs are claimed, run and recorded. AssertionError unless each ran once."""
    now = workbench.clock.advance(1)
    jobs = [due_job(f"{name}-{n}", now - seconds(0.5)) for n in range(DUE_JOBS)]
    db.dynamic_jobs.insert_many(jobs)
    began = time.perf_counter()
    await workbench.tick()
    await workbench.settle()
    taken = (time.perf_counter() - began) * 1000
    ended = db.job_runs.count_documents({"jobId": {"$in": [job["_id"] for job in jobs]}, "state": "succeeded"})
    assert ended == DUE_JOBS, f"{ended} of {DUE_JOBS} jobs ran"
    return taken


async def _keys_examined(workbench: Workbench, db: Documents, number: int) -> int:
    """Index keys that the server looked at for one pass with DUE_JOBS due jobs. AssertionError on a collection scan."""
    db.command("profile", 0)
    db.drop_collection("system.profile")
    db.create_collection("system.profile", capped=True, size=32 * 1024 * 1024)
    db.command("profile", 2)
    try:
        await _busy_pass(workbench, db, f"profiled-{number}")
    finally:
        db.command("profile", 0)
    entries: list[dict[str, Any]] = list(db["system.profile"].find({"appName": {"$exists": False}}))
    scans = {f"{entry['ns']} {entry.get('op')}" for entry in entries if "COLLSCAN" in entry.get("planSummary", "")}
    assert not scans, f"collection scans: {scans}"
    return sum(int(entry.get("keysExamined", 0)) for entry in entries)
