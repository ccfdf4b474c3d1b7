"""Calls by web pages of other origins (CORS): none, unless the settings name the origin.

No cookie is a credential here, so none is ever allowed to be sent along: a page needs a token of its own.
"""

from http import HTTPStatus

from flask import Flask, Response, request

from shared.settings import Settings

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = "Authorization, Content-Type, If-Match, Idempotency-Key, X-Request-Id"
_ANSWER_HEADERS = "ETag, Location, Retry-After, Idempotency-Replayed, X-Request-Id"
_PREFLIGHT_SECONDS = 600


def install(app: Flask, settings: Settings) -> None:
    """Before auth.install: a preflight carries no token."""
    allowed = frozenset(settings.api_cors_origins)
    if not allowed:
        return

    def answer_preflight() -> Response | None:
        asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asked or request.origin not in allowed:
            return None
        response = Response(status=HTTPStatus.NO_CONTENT.value)
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
        response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
        return response

    def name_origin(response: Response) -> Response:
        response.vary.add("Origin")
        if request.origin in allowed:
            response.headers["Access-Control-Allow-Origin"] = request.origin
            response.headers["Access-Control-Expose-Headers"] = _ANSWER_HEADERS
        return response

    app.before_request(answer_preflight)
    app.after_request(name_origin)
