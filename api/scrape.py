"""`GET /metrics` for Prometheus: the requests of this API, and the state of the whole system."""

import threading

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from api import metrics
from api.auth import needs, public
from api.context import clock, store
from api.overview import Overview, read_overview
from api.state_metrics import StateCollector
from shared.errors import StoreError
from shared.models.access import Permission
from shared.settings import Settings

KEPT_SECONDS = 5.0


class KeptOverview:
    """One look at MongoDB serves all scrapes of the next seconds: many scrapers cost no more than one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._found: Overview | None = None
        self._until = float("-inf")

    def get(self) -> Overview | None:
        """None: MongoDB does not answer."""
        with self._lock:
            if clock().monotonic() >= self._until:
                try:
                    self._found = read_overview(store(), self._settings, clock().now())
                except StoreError:
                    self._found = None
                self._until = clock().monotonic() + KEPT_SECONDS
            return self._found


def install(app: Flask, settings: Settings) -> None:
    """Adds the route. It needs a token that may read, unless API_METRICS_PUBLIC says otherwise."""
    kept = KeptOverview(settings)

    def scrape() -> Response:
        registry = CollectorRegistry()
        registry.register(StateCollector(kept.get()))
        metrics.register(registry)
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=content_type)

    mark = public if settings.api_metrics_public else needs(Permission.READ)
    app.add_url_rule("/metrics", "metrics", mark(scrape))
