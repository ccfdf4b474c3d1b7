"""Idempotency-Key: the first answer again for a request that is repeated, whatever became of the connection.

The key is written before the work and the answer after it. A process that dies between the two leaves a key without an
answer; a repeat that comes a minute later does the work again, under the same id, so it finds what the first has made.
"""

from http import HTTPStatus
from typing import TypeVar

import structlog
from flask import Flask, Response, current_app, g, request

from api.auth import needed_permission
from api.context import IDEMPOTENCY_KEY, clock, identity, store
from api.problems import ProblemCode, conflict
from shared.errors import StoreError
from shared.models.access import Permission
from shared.models.idempotency import StoredAnswer

log = structlog.get_logger("api")

View = TypeVar("View")

_KEPT_HEADERS = ("Content-Type", "ETag", "Location")
_ATTRIBUTE = "answer_holds_secret"


def shown_once(view: View) -> View:
    """Marks a view whose answer holds a secret: of its answer everything but the body is kept for a repeat."""
    setattr(view, _ATTRIBUTE, True)
    return view


def _begin() -> Response | None:
    """Before the view: the answer of the first request, or None with the work announced."""
    if request.method != "POST" or request.endpoint is None or IDEMPOTENCY_KEY not in request.headers:
        return None
    if needed_permission(current_app, request.endpoint) in (None, Permission.READ):
        return None  # nothing is made and nobody is commanded
    key_id, request_hash = identity()
    assert request_hash is not None  # noqa: S101 - there is a key
    begun = store().idempotency.begin(key_id, request_hash, clock().now())
    if isinstance(begun, StoredAnswer):
        return _replayed(begun)
    g.idempotent_try = (key_id, begun)
    return None


def _replayed(first: StoredAnswer) -> Response:
    if first.body is None:
        raise conflict(
            ProblemCode.SHOWN_ONCE,
            "The first request succeeded, and its answer held a secret that is shown once. If it was lost, revoke "
            f"{first.headers.get('Location', 'what it made')} and create another, with a new Idempotency-Key.",
        )
    response = Response(first.body, status=first.status, headers=first.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _finish(response: Response) -> Response:
    """After the view: a success is kept. After a refusal or a fault the key is free, so that one may try again."""
    announced: tuple[str, str] | None = g.pop("idempotent_try", None)
    if announced is None:
        return response
    try:
        if response.status_code < HTTPStatus.BAD_REQUEST:
            store().idempotency.answer(*announced, _kept(response))
        else:
            store().idempotency.withdraw(*announced)
    except StoreError as fault:  # the work is done or refused; a repeat waits a minute and finds out
        log.warning("idempotent_answer_not_kept", error=type(fault).__name__, detail=str(fault))
    return response


def _kept(response: Response) -> StoredAnswer:
    secret = getattr(current_app.view_functions[request.endpoint or ""], _ATTRIBUTE, False)
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return StoredAnswer(
        status=response.status_code, headers=headers, body=None if secret else response.get_data(as_text=True)
    )


def install(app: Flask) -> None:
    """After auth.install: who repeats is part of the key."""
    app.before_request(_begin)
    app.after_request(_finish)
