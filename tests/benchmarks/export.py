"""How fast the daemon exports a collection in each format, in what memory, and that the file holds what was stored."""

import hashlib
import tempfile
import time
from pathlib import Path
from typing import Any

from shared.clock import SystemClock
from tests.benchmarks.bench import Bench, Documents, insert_all, say
from tests.benchmarks.documents import due_job
from tests.benchmarks.export_formats import COLUMNS, FORMATS, LEAST, Format, order
from tests.benchmarks.figures import Bound, Figure, flat_memory, paired_ratio
from tests.benchmarks.machine import memory
from tests.support.waiting import wait_until

SMALL = 10
"""The memory of an export is compared with that of a tenth of the documents, of LEAST if that is more."""


def measure(bench: Bench) -> list[Figure]:
    """A daemon for each format, so that none inherits the memory of another."""
    with bench.database("export") as db:
        insert_all(db.orders, (order(number) for number in range(bench.sizes.exported)))
        return [figure for chosen in FORMATS for figure in _measure(bench, db, chosen)]


def _measure(bench: Bench, db: Documents, chosen: Format) -> list[Figure]:
    """Each export by the daemon is followed by one with the bare driver."""
    count = bench.sizes.exported
    small = min(count, max(LEAST, count // SMALL))
    rates: list[float] = []
    raw: list[float] = []
    peaks: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder, settings = Path(name), {"EXPORT_FOLDER": name, "EXPORT_COLLECTIONS": '["orders"]'}
        with bench.daemon(db, **settings) as daemon:
            _, small_peak = _export(db, daemon.pid, folder, chosen, small)
            for _ in range(bench.sizes.exports):
                rate, peak = _export(db, daemon.pid, folder, chosen, count)
                rates.append(rate)
                peaks.append(peak)
                raw.append(_raw_rate(db, chosen, folder / "raw", count))
                say(f"export, {chosen.title}: {rate:.0f} rows/s, raw {raw[-1]:.0f} rows/s, {peak:.0f} MiB")
    what = f"{count:,} documents of 6 fields to {chosen.title}"
    return [
        Figure(
            "export", what, tuple(rates), "rows/s", paired_ratio(rates, raw),
            f"raw loop {sorted(raw)[len(raw) // 2]:,.0f}/s", Bound(chosen.of_raw), chosen.target,
        ),
        flat_memory("export", f"{count:,} to {chosen.title}", peaks, f"{small:,} documents", small_peak),
    ]  # fmt: skip


def _export(db: Documents, pid: int, folder: Path, chosen: Format, count: int) -> tuple[float, float]:
    """Rows a second of the daemon's run, and its greatest memory. AssertionError unless the file is what it must be."""
    params = {"collection": "orders", "sort": ["_id"], "maxDocuments": count, **chosen.params}
    identity = f"{params['format']}-{count}-{db.dynamic_jobs.count_documents({})}"
    db.dynamic_jobs.insert_one(due_job(identity, SystemClock().now(), "data_export", params=params))
    peak = 0.0

    def ended() -> dict[str, Any] | None:
        nonlocal peak
        peak = max(peak, memory(pid).pss)
        return db.job_runs.find_one({"jobId": identity, "finishedAt": {"$ne": None}})

    run: dict[str, Any] = wait_until(ended, 60 + count / 5_000, every=0.05)
    assert run["state"] == "succeeded", run
    metrics = run["result"]["metrics"]
    path = folder / metrics["file"]
    with path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == metrics["sha256"], "the checksum is another"
    chosen.check(path, count)
    path.unlink()
    return count / max(0.001, run["durationMs"] / 1000), peak


def _raw_rate(db: Documents, chosen: Format, path: Path, count: int) -> float:
    """Rows a second of the loop that anybody would write."""
    began = time.perf_counter()
    chosen.raw(db.orders.find({}, dict.fromkeys(COLUMNS, 1)).sort("_id", 1), path)
    return count / (time.perf_counter() - began)
