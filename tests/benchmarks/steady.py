"""A steady number of runs a second, spread over the second or all at its beginning: is it kept up, and how late?"""

import asyncio
from datetime import UTC, datetime, timedelta

from tests.benchmarks import raw_pipeline
from tests.benchmarks.bench import Bench, insert_all, say
from tests.benchmarks.documents import every_second
from tests.benchmarks.due import lags, last_end, wait_done, wait_for
from tests.benchmarks.figures import Bound, Figure, percentiles
from tests.benchmarks.sizes import ALIGNED, SPREAD

KEPT_UP = 0.97
OF_RAW = 0.6
MOST_CLAIMS = 4.0
"""startedAt is the moment of the pass that claims; the claims before it may be under way."""
MOST_CLAIMS_TO_END = 8.0
"""The same, and the pass's reads, its own claim, the run, and nothing else: finishedAt is taken before it is stored."""
WARM_UP_SECONDS = 2
SPREAD_BATCH = 25
"""What arrives in the 25 ms of the absolute target at 1,000 runs a second."""
ABSOLUTE = {(1_000, SPREAD): "<= 25 ms", (500, ALIGNED): "<= 120 ms", (5_000, SPREAD): "kept up"}


def measure(bench: Bench) -> list[Figure]:
    """Each load on a daemon of its own, after a drain of the raw pipeline and raw claims of the same size."""
    figures: list[Figure] = []
    for rate, shape in bench.sizes.loads:
        raw = asyncio.run(raw_pipeline.drain(bench.uri, f"{bench.prefix}_raw", bench.sizes.raw_runs))
        batch = min(rate, raw_pipeline.BATCH) if shape == ALIGNED else min(rate, SPREAD_BATCH)
        claims = asyncio.run(raw_pipeline.claim_latencies(bench.uri, f"{bench.prefix}_raw", batch, 20))
        figures += _under_load(bench, rate, shape, raw, max(claims))
        say(f"steady: {rate}/s {shape}: {figures[-3].value:.0f}/s, p99 {figures[-2].value:.0f} ms, raw {raw:.0f}/s")
    return figures


def _under_load(bench: Bench, rate: int, shape: str, raw: float, claim: float) -> list[Figure]:
    """raw: runs a second of the raw pipeline; claim: the slowest raw claim of as many runs, in ms."""
    seconds = bench.sizes.load_seconds + WARM_UP_SECONDS
    with bench.database("steady") as db, bench.daemon(db):
        first = (datetime.now(UTC) + timedelta(seconds=3 + rate / 1_000)).replace(microsecond=0)
        phase = timedelta(milliseconds=999) / rate if shape == SPREAD else timedelta(0)
        insert_all(db.dynamic_jobs, (every_second(f"job-{n}", first + phase * n, seconds) for n in range(rate)))
        wait_for(first + timedelta(seconds=seconds))
        wait_done(db, rate * seconds, 60 + 10 * seconds)
        taken = max(seconds, (last_end(db) - first).total_seconds())
        since = first + timedelta(seconds=WARM_UP_SECONDS)
        p50, p95, p99 = percentiles(lags(db, since))
        ended = percentiles(lags(db, since, "finishedAt"))
    achieved = rate * seconds / taken
    overloaded = rate > OF_RAW * raw
    note = "more than this machine can do" if overloaded else ""
    against = f"slowest raw claim {claim:.0f} ms"
    lag, end = (None, None) if overloaded else (Bound(at_most=MOST_CLAIMS), Bound(at_most=MOST_CLAIMS_TO_END))
    return [
        Figure(
            "steady", f"{rate:,} runs/s, {shape}, {bench.sizes.load_seconds} s", (achieved,), "runs/s",
            achieved / min(rate, OF_RAW * raw), f"min(asked, {OF_RAW:g} x raw {raw:,.0f}/s)", Bound(KEPT_UP),
            f"{rate:,}/s", note,
        ),
        Figure(
            "steady", f"{rate:,}/s {shape}: lag p99", (p99,), "ms", p99 / claim, against, lag,
            ABSOLUTE.get((rate, shape), ""), f"p50 {p50:.0f}, p95 {p95:.0f} ms",
        ),
        Figure(
            "steady", f"{rate:,}/s {shape}: due until ended, p99", (ended[2],), "ms", ended[2] / claim, against, end,
            "", f"p50 {ended[0]:.0f}, p95 {ended[1]:.0f} ms",
        ),
    ]  # fmt: skip
