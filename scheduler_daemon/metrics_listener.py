"""Serves the daemon's metrics over HTTP from a thread of its own. Off by default."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import start_http_server

from scheduler_daemon.metrics import REGISTRY

log = structlog.get_logger(__name__)


@contextmanager
def serving(bind: str | None) -> Iterator[None]:
    """While entered. An address that cannot be used costs the metrics, never the runs: Prometheus sees it is down."""
    if bind is None:
        yield
        return
    host, _, port = bind.rpartition(":")
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), REGISTRY)
    except OSError as fault:
        log.error("metrics_not_served", bind=bind, error=str(fault))
        yield
        return
    log.info("metrics_served", bind=bind)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
