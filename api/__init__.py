"""The HTTP API: writes and reads documents and does nothing else. No scheduling, no sending."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask_openapi.openapi import OpenAPI

    from shared.clock import Clock
    from shared.settings import Settings


def create_app(settings: "Settings", clock: "Clock | None" = None) -> "OpenAPI":
    """The WSGI application. It connects to MongoDB at the first request that needs it, so after gunicorn forks."""
    from api.application import build  # not above: the command line is part of this package and needs no Flask

    return build(settings, clock)
