"""How fast jobs that are all due at the same second run through, with durable history and majority writes."""

import asyncio
import statistics
from datetime import UTC, datetime, timedelta

from tests.benchmarks import raw_pipeline
from tests.benchmarks.bench import Bench, insert_all, say
from tests.benchmarks.documents import due_job
from tests.benchmarks.due import last_end, wait_done, wait_for
from tests.benchmarks.figures import Bound, Figure

TARGET = 0.6
LIMIT_SECONDS = 180


def measure(bench: Bench) -> list[Figure]:
    """Pairs of raw pipeline and daemon, one right after the other; the median of their ratios counts."""
    count = bench.sizes.drain_runs
    raw: list[float] = []
    daemon: list[float] = []
    for _ in range(bench.sizes.drain_pairs):
        raw.append(asyncio.run(raw_pipeline.drain(bench.uri, f"{bench.prefix}_raw", count)))
        daemon.append(drained(bench, count))
        say(f"drain: raw {raw[-1]:.0f}, daemon {daemon[-1]:.0f} runs/s")
    ratio = statistics.median(mine / theirs for mine, theirs in zip(daemon, raw, strict=True))
    return [
        Figure("drain", f"raw pipeline, {count:,} jobs", tuple(raw), "runs/s"),
        Figure(
            "drain", f"daemon, {count:,} due no-op jobs", tuple(daemon), "runs/s", ratio, "raw pipeline", Bound(TARGET)
        ),
    ]


def drained(bench: Bench, count: int) -> float:
    """Runs a second, from the due moment until the last outcome is durable. AssertionError unless each ran once."""
    with bench.database("drain") as db, bench.daemon(db):
        due = (datetime.now(UTC) + timedelta(seconds=2 + count / 2_000)).replace(microsecond=0)
        insert_all(db.dynamic_jobs, (due_job(f"job-{n}", due) for n in range(count)))
        wait_for(due)
        wait_done(db, count, LIMIT_SECONDS)
        return count / (last_end(db) - due).total_seconds()
