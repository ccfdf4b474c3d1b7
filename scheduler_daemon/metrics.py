"""What the daemon counts, for Prometheus. Updates are a few additions in memory; nobody waits for a scrape."""

from collections import Counter as Tally
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from scheduler_daemon.store.finishes import Finish

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

RUNS = Counter(
    "unified_scheduler_daemon_runs",
    "Attempts that ended and are stored, by template and the state that their run went to.",
    ("template", "state"),
    registry=REGISTRY,
)
DISPATCH_LAG_SECONDS = Histogram(
    "unified_scheduler_daemon_dispatch_lag_seconds",
    "From the moment that a run was scheduled for to its start; first attempts of scheduled runs only.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)
LOOP_LAG_SECONDS = Histogram(
    "unified_scheduler_daemon_loop_lag_seconds",
    "By how much the event loop woke a sleeper too late.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
    registry=REGISTRY,
)
DELIVERIES = Counter(
    "unified_scheduler_daemon_deliveries",
    "Messages that were claimed, by channel and what became of them.",
    ("channel", "outcome"),
    registry=REGISTRY,
)
LEASE_HELD = Gauge("unified_scheduler_daemon_lease_held", "Whether this daemon leads.", registry=REGISTRY)
RUNNING = Gauge("unified_scheduler_daemon_running", "Runs that this daemon executes now.", registry=REGISTRY)

_BY_SCHEDULE = ("schedule", "due")


def count_finishes(finishes: Sequence[Finish]) -> None:
    """Those of one commit together."""
    ended = Tally((finish.run["template"], finish.state.value) for finish in finishes)
    for labels, count in ended.items():
        RUNS.labels(*labels).inc(count)
    for finish in finishes:
        run = finish.run
        if run["attempt"] == 1 and run["trigger"] in _BY_SCHEDULE:
            DISPATCH_LAG_SECONDS.observe(max(0.0, (run["startedAt"] - run["scheduledFor"]).total_seconds()))
