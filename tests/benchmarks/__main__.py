"""`python -m tests.benchmarks [--runs N] [--repeat N] [--json FILE]`: a table, and exit 1 if a ratio is missed."""

import argparse
import asyncio
import json
import statistics
import sys
from pathlib import Path

from tests.benchmarks import daemon_drain, raw_pipeline
from tests.support.mongod_server import MongodServer

DRAIN_TARGET = 0.6
"""Of the raw pipeline of the same run (docs/performance.md)."""


def main() -> int:
    """0 when every ratio reaches its target."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="jobs that are due at once")
    parser.add_argument("--repeat", type=int, default=3, help="pairs of measurements; the median ratio counts")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    server = MongodServer()
    try:
        pairs = [measure(server.uri, options.runs) for _ in range(options.repeat)]
    finally:
        server.stop()
    ratio = statistics.median(daemon / raw for raw, daemon in pairs)
    report = {
        "measure": f"drain of {options.runs} due no-op jobs, majority, durable history",
        "rawPipelineRunsPerSecond": [round(raw) for raw, _ in pairs],
        "daemonRunsPerSecond": [round(daemon) for _, daemon in pairs],
        "medianRatio": round(ratio, 3),
        "target": DRAIN_TARGET,
    }
    show(report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if ratio >= DRAIN_TARGET else 1


def measure(uri: str, runs: int) -> tuple[float, float]:
    """Runs a second of the raw pipeline and of the daemon, one right after the other."""
    raw = asyncio.run(raw_pipeline.drain(uri, "benchmark_raw", runs))
    return raw, daemon_drain.drain(uri, "benchmark_daemon", runs)


def show(report: dict[str, object]) -> None:
    """The table on standard output."""
    sys.stdout.write(f"{report['measure']}\n")
    for name, key in (("raw pipeline, runs/s", "rawPipelineRunsPerSecond"), ("daemon, runs/s", "daemonRunsPerSecond")):
        sys.stdout.write(f"  {name:22} {'  '.join(f'{value:>7}' for value in report[key])}\n")  # type: ignore[attr-defined]
    sys.stdout.write(f"  median ratio           {report['medianRatio']} (target {report['target']})\n")


if __name__ == "__main__":
    sys.exit(main())
