"""How fast one scheduled notification becomes a queue row per recipient, in the daemon, and what memory that takes."""

import time
from datetime import timedelta

from shared.clock import SystemClock
from tests.benchmarks.bench import Bench, Documents, insert_all, say
from tests.benchmarks.documents import scheduled_document, template_document, waiting_job
from tests.benchmarks.figures import Bound, Figure, flat_memory, paired_ratio
from tests.benchmarks.machine import memory
from tests.support.waiting import wait_until

OF_RAW = 0.25
"""Of inserting the same finished rows: the daemon also reads the people, renders the subjects and makes the rows."""
RAW_BATCH = 500
SMALL = 10
"""The memory of a fan-out is compared with that of one to a tenth of the people."""


def measure(bench: Bench) -> list[Figure]:
    """A group of recipients; each fan-out is followed by inserting the rows it made, with the bare driver."""
    people = bench.sizes.recipients
    rates: list[float] = []
    raw: list[float] = []
    with bench.database("fan_out") as db, bench.daemon(db) as daemon:
        _store_people(db, people)
        _, small_peak = _fan_out(db, daemon.pid, "small", people // SMALL)
        peaks = []
        for n in range(bench.sizes.fan_outs):
            rate, peak = _fan_out(db, daemon.pid, f"wave-{n}", people)
            rates.append(rate)
            peaks.append(peak)
            raw.append(_raw_rate(bench, db, f"wave-{n}"))
            say(f"fan-out: {rate:.0f} rows/s, raw {raw[-1]:.0f} rows/s, {peak:.0f} MiB")
    return [
        Figure(
            "fan-out", f"{people:,} recipients", tuple(rates), "rows/s", paired_ratio(rates, raw),
            f"raw inserts {sorted(raw)[len(raw) // 2]:,.0f}/s", Bound(OF_RAW), ">= 20,000/s",
        ),
        flat_memory("fan-out", f"{people:,} recipients", peaks, f"{people // SMALL:,} recipients", small_peak),
    ]  # fmt: skip


def _store_people(db: Documents, count: int) -> None:
    now = SystemClock().now()
    made = {"revision": 1, "createdAt": now, "createdBy": "benchmark", "updatedAt": now, "updatedBy": "benchmark"}
    insert_all(
        db.recipients,
        ({"_id": f"p{n}", "name": f"Person {n}", "email": f"p{n}@example.org", **made} for n in range(count)),
    )
    for identity, members in (("all", count), ("some", count // SMALL)):
        group = {"_id": identity, "name": identity, "members": [f"p{n}" for n in range(members)], **made}
        db.recipient_groups.insert_one(group)
    db.notification_templates.insert_one(template_document(now))
    db.dynamic_jobs.insert_one(waiting_job("processor", now, "scheduled_notification_processor"))


def _fan_out(db: Documents, pid: int, identity: str, count: int) -> tuple[float, float]:
    """Rows a second of the daemon's run, and its greatest memory meanwhile. AssertionError unless each row is there."""
    due = SystemClock().now() + timedelta(seconds=1)
    group = "all" if identity != "small" else "some"
    db.scheduled_notifications.insert_one(scheduled_document(identity, due, groups=[group]))
    peak = 0.0

    def looked() -> bool:
        nonlocal peak
        peak = max(peak, memory(pid).pss)
        return db.job_runs.count_documents({"result.metrics.queued": count, "result.metrics.occurrences": 1}) > before

    before = db.job_runs.count_documents({"result.metrics.queued": count, "result.metrics.occurrences": 1})
    wait_until(looked, 60 + count / 500, every=0.05)
    rows = db.notification_queue.count_documents({"scheduledNotificationId": identity})
    assert rows == count, f"{rows} rows for {count} recipients"
    run = db.job_runs.find_one({"result.metrics.queued": count}, sort=[("finishedAt", -1)]) or {}
    return count / max(0.001, run["durationMs"] / 1000), peak


def _raw_rate(bench: Bench, db: Documents, identity: str) -> float:
    """Rows a second of inserting the same rows, with the same indexes, one batch after the other."""
    rows = list(db.notification_queue.find({"scheduledNotificationId": identity}))
    with bench.database("fan_out_raw") as other:
        for index in db.notification_queue.list_indexes():
            if index["name"] != "_id_":
                options = {name: index[name] for name in ("unique", "partialFilterExpression") if name in index}
                other.notification_queue.create_index(list(index["key"].items()), name=index["name"], **options)
        began = time.perf_counter()
        for at in range(0, len(rows), RAW_BATCH):
            other.notification_queue.insert_many(rows[at : at + RAW_BATCH], ordered=False)
        return len(rows) / (time.perf_counter() - began)
