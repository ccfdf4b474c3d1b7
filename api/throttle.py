"""Too many requests, and too many failed logins. The counts are in MongoDB, so they hold for all workers and hosts."""

import time
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address

import structlog
from flask import Flask, Response, g, request
from flask_limiter import Limiter, RateLimitExceeded
from werkzeug.middleware.proxy_fix import ProxyFix

from api.context import store, store_of
from api.problems import Problem, ProblemCode, answer
from api.store.rate_counts import SCHEME
from shared.settings import Settings

log = structlog.get_logger("api")

_IPV6_HOST_BITS = 64


def client_address() -> str:
    """Who is counted as one client: an IPv4 address, or the network of an IPv6 host."""
    given = request.remote_addr or ""
    try:
        address = ip_address(given)
    except ValueError:
        return given  # a Unix socket
    if not isinstance(address, IPv6Address):
        return given
    return f"{IPv6Address(int(address) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS)}/{_IPV6_HOST_BITS}"


def count_failed_login(part: str) -> None:
    """429 if there were too many from this client, or with tokens of which this is a part.

    Called for what is no valid token only: bearers of valid ones behind the same proxy never wait.
    """
    seconds = store().failed_logins.count(client_address(), part)
    if seconds is not None:
        log.warning("failed_logins_throttled", address=client_address(), seconds=seconds)
        raise _too_many(
            ProblemCode.TOO_MANY_FAILED_LOGINS, "Too many requests came with a token that is not valid.", seconds
        )


def _too_many(code: ProblemCode, detail: str, seconds: int) -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        code,
        f"{detail} Try again in {seconds} s.",
        headers={"Retry-After": str(seconds)},
    )


def install(app: Flask, settings: Settings) -> None:
    """After auth.install: requests are counted by token. Without a limit nothing is counted."""
    if settings.api_trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.api_trusted_proxies)  # type: ignore[method-assign]
    if settings.api_rate_limit is None:
        return
    limiter = Limiter(
        lambda: str(g.principal.token_id),
        app=app,
        application_limits=[settings.api_rate_limit],
        storage_uri=f"{SCHEME}://",
        storage_options={"connection": store_of(app).connection},  # type: ignore[dict-item]  # it takes anything
        strategy="fixed-window",
    )
    limiter.request_filter(lambda: "principal" not in g)

    def refuse(_: RateLimitExceeded) -> Response:
        current = limiter.current_limit
        seconds = 1 if current is None else max(1, round(current.window[0] - time.time()))
        return answer(
            _too_many(ProblemCode.RATE_LIMITED, f"One token may make {settings.api_rate_limit} request(s).", seconds)
        )

    app.register_error_handler(RateLimitExceeded, refuse)
