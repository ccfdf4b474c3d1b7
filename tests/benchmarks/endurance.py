"""Memory of the daemon under a steady load for many minutes: it must be flat."""

import asyncio
import statistics
import time
from datetime import UTC, datetime, timedelta

from tests.benchmarks import raw_pipeline
from tests.benchmarks.bench import Bench, insert_all, say
from tests.benchmarks.documents import every_second
from tests.benchmarks.due import wait_done
from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.machine import memory

MOST_GROWTH = 1.1
OF_RAW = 0.4
SAMPLES = 50
WARM_UP_SHARE = 0.2


def measure(bench: Bench) -> list[Figure]:
    """The load, or what the machine can surely keep up; the memory of the last fifth against that after the warm-up."""
    seconds = bench.sizes.endurance_seconds
    raw = asyncio.run(raw_pipeline.drain(bench.uri, f"{bench.prefix}_raw", bench.sizes.raw_runs))
    rate = int(min(bench.sizes.endurance_runs_per_second, OF_RAW * raw))
    say(f"endurance: {rate} runs/s for {seconds / 60:.1f} minutes")
    samples: list[float] = []
    with bench.database("endurance") as db, bench.daemon(db, LOG_LEVEL="warning") as daemon:
        first = (datetime.now(UTC) + timedelta(seconds=3 + rate / 1_000)).replace(microsecond=0)
        phase = timedelta(milliseconds=999) / rate
        insert_all(db.dynamic_jobs, (every_second(f"job-{n}", first + phase * n, seconds) for n in range(rate)))
        for _ in range(SAMPLES):
            time.sleep(seconds / SAMPLES)
            samples.append(memory(daemon.pid).rss)
        wait_done(db, rate * seconds, 60 + seconds)
    begin = samples[int(SAMPLES * WARM_UP_SHARE) : int(SAMPLES * 2 * WARM_UP_SHARE)]
    end = samples[-int(SAMPLES * WARM_UP_SHARE) :]
    asked = bench.sizes.endurance_runs_per_second
    note = "" if rate == asked else f"{rate:,} runs/s instead of {asked:,}: what this machine surely keeps up"
    return [
        Figure(
            "endurance", f"{rate:,} runs/s for {seconds / 60:.1f} min: memory (RSS)", tuple(end), "MiB",
            statistics.median(end) / statistics.median(begin), f"after the warm-up {statistics.median(begin):.0f} MiB",
            Bound(at_most=MOST_GROWTH), "flat", note,
        )
    ]  # fmt: skip
