"""How fast the daemon exports a collection to CSV, in what memory, and that the file is whole: by its checksum."""

import csv
import hashlib
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.clock import EPOCH, SystemClock, rfc3339
from tests.benchmarks.bench import Bench, Documents, insert_all, say
from tests.benchmarks.documents import due_job
from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.machine import memory
from tests.support.waiting import wait_until

OF_RAW = 0.6
"""Of a loop over the bare driver's documents that writes the same columns: the daemon also guards, hashes and syncs."""
MOST_GROWTH = 1.3
SMALL = 10
"""The memory of an export is compared with that of a tenth of the documents."""
COLUMNS = ["_id", "customer", "city", "total", "at", "open"]


def measure(bench: Bench) -> list[Figure]:
    """Each export by the daemon is followed by one with the bare driver."""
    count = bench.sizes.exported
    rates: list[float] = []
    raw: list[float] = []
    peaks: list[float] = []
    with tempfile.TemporaryDirectory() as folder, bench.database("export") as db:
        insert_all(db.orders, (_order(number) for number in range(count)))
        settings = {"EXPORT_FOLDER": folder, "EXPORT_COLLECTIONS": '["orders"]'}
        with bench.daemon(db, **settings) as daemon:
            time.sleep(1)
            _, small_peak = _export(db, daemon.pid, "small", count // SMALL)
            for number in range(bench.sizes.exports):
                rate, peak = _export(db, daemon.pid, f"export-{number}", count)
                rates.append(rate)
                peaks.append(peak)
                raw.append(_raw_rate(db, Path(folder) / "raw.csv"))
                say(f"export: {rate:.0f} rows/s, raw {raw[-1]:.0f} rows/s, {peak:.0f} MiB")
    ratio = sorted(mine / theirs for mine, theirs in zip(rates, raw, strict=True))[len(rates) // 2]
    return [
        Figure(
            "export", f"{count:,} documents of 6 fields to CSV", tuple(rates), "rows/s", ratio,
            f"raw loop {sorted(raw)[len(raw) // 2]:,.0f}/s", Bound(OF_RAW), ">= 150,000/s",
        ),
        Figure(
            "export", f"{count:,} documents: peak memory (PSS)", tuple(peaks), "MiB", max(peaks) / small_peak,
            f"{count // SMALL:,} documents {small_peak:.0f} MiB", Bound(at_most=MOST_GROWTH), "flat",
        ),
    ]  # fmt: skip


def _order(number: int) -> dict[str, Any]:
    return {
        "_id": number,
        "customer": f"Customer {number}",
        "city": "Berlin",
        "total": number / 4,
        "at": EPOCH + timedelta(seconds=number),
        "open": number % 2 == 0,
    }


def _line(number: int) -> str:
    order = _order(number)
    opened = "true" if order["open"] else "false"
    return f"{number},{order['customer']},Berlin,{order['total']},{rfc3339(order['at'])},{opened}\r\n"


def _export(db: Documents, pid: int, identity: str, count: int) -> tuple[float, float]:
    """Rows a second of the daemon's run, and its greatest memory. AssertionError unless the file is what it must be."""
    params = {"collection": "orders", "fields": COLUMNS, "sort": ["_id"], "maxDocuments": count}
    db.dynamic_jobs.insert_one(due_job(identity, SystemClock().now(), "data_export", params=params))
    peak = 0.0

    def ended() -> dict[str, Any] | None:
        nonlocal peak
        peak = max(peak, memory(pid).pss)
        return db.job_runs.find_one({"jobId": identity, "finishedAt": {"$ne": None}})

    run: dict[str, Any] = wait_until(ended, 60 + count / 5_000, every=0.05)
    assert run["state"] == "succeeded", run
    expected = hashlib.sha256(",".join(COLUMNS).encode() + b"\r\n")
    for number in range(count):
        expected.update(_line(number).encode())
    assert run["result"]["metrics"]["sha256"] == expected.hexdigest(), "the file is not what was stored"
    return count / max(0.001, run["durationMs"] / 1000), peak


def _raw_rate(db: Documents, path: Path) -> float:
    """Rows a second of the loop that anybody would write."""
    began = time.perf_counter()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        rows = 0
        for document in db.orders.find({}, dict.fromkeys(COLUMNS, 1)).sort("_id", 1):
            writer.writerow([document.get(column) for column in COLUMNS])
            rows += 1
    return rows / (time.perf_counter() - began)
