"""What goes out: JSON with the headers that every answer has, and one access event per request."""

import re
import time
import uuid
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, request
from pydantic_core import to_json

from api import metrics

log = structlog.get_logger("api")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
CONTENT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
"""Of HTML. A page with an import map of its own sets the policy that names the map's hash itself."""


def ok(body: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A JSON answer."""
    return Response(to_json(body), status=status.value, mimetype="application/json")


def document(body: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """One document, with the ETag that If-Match wants."""
    response = ok(body, status)
    response.headers["ETag"] = f'"{body["revision"]}"'
    return response


def created(body: dict[str, Any]) -> Response:
    """201 with the address of what was made."""
    response = document(body, HTTPStatus.CREATED)
    response.headers["Location"] = f"{request.path.rstrip('/')}/{body['id']}"
    return response


def accepted(body: dict[str, Any]) -> Response:
    """202: the daemon will do it."""
    return ok(body, HTTPStatus.ACCEPTED)


def no_content() -> Response:
    """204."""
    return Response(status=HTTPStatus.NO_CONTENT.value)


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    g.started = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    is_page = response.mimetype == "text/html"
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else CONTENT_POLICY)
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    seconds = time.monotonic() - g.started
    # The route, not the path: ids of one kind stay together, and nothing that a client wrote gets into the log.
    route = request.url_rule.rule if request.url_rule else None
    metrics.observe_request(request.method, route, response.status_code, seconds)
    log.info(
        "http_request",
        method=request.method,
        route=route,
        status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
        principal=g.principal.name if "principal" in g else None,
    )
    return response


def install(app: Flask) -> None:
    """Gives every request its id and its access event, and every answer its headers."""
    app.before_request(_begin)
    app.after_request(_finish)
