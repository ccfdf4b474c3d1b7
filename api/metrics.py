"""How long requests take, for Prometheus. With several workers each writes a file, and any of them tells the sum."""

import os

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
OTHER = "other"

REQUEST_SECONDS = Histogram(
    "unified_scheduler_api_request_seconds",
    "Seconds from a request to its answer, by route template, method and status.",
    ("method", "route", "status"),
    registry=None,
)


def observe_request(method: str, route: str | None, status: int, seconds: float) -> None:
    """route None: no route matched. What a client invents makes no label."""
    known = method if method in METHODS else OTHER
    REQUEST_SECONDS.labels(known, route or OTHER, str(status)).observe(seconds)


def register(registry: CollectorRegistry) -> None:
    """Puts the requests of all workers into `registry`, or those of this process if it is the only one."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUEST_SECONDS)
