"""What a browser is told with every answer, and which web pages may call."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from pydantic import ValidationError

from api import create_app
from api.context import store_of
from shared.models.notification_models import Channel
from shared.queries.suppressions import Subject
from shared.settings import Settings
from shared.unsubscribe import UnsubscribeLinks
from tests.integration.api.conftest import JOBS, Db

CRM, OTHER = "https://crm.example.com", "https://evil.example.net"
VIEWER = {"Authorization": "Bearer viewer-token"}


@pytest.fixture
def api(settings: Callable[..., Settings]) -> Iterator[Callable[..., Flask]]:
    with ExitStack() as opened:

        def build(**overrides: Any) -> Flask:
            app = create_app(settings(**overrides))
            opened.callback(store_of(app).connection.close)
            return app

        yield build


@pytest.mark.parametrize("path", [JOBS, "/healthz", "/api/openapi.json", "/nonesuch", "/api/nonesuch"])
@pytest.mark.parametrize("headers", [VIEWER, {}])
def test_every_answer_has_the_security_headers(
    api: Callable[..., Flask], catalogue: Db, path: str, headers: Any
) -> None:
    answer = api().test_client().get(path, headers=headers)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Frame-Options"] == "DENY"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers.get("Cache-Control") == ("no-store" if path.startswith("/api/") else None)


def test_a_page_may_load_what_is_its_own_and_nothing_else(api: Callable[..., Flask], catalogue: Db) -> None:
    app = api(public_url="https://s.example.com", unsubscribe_key="k" * 16)
    links = UnsubscribeLinks("https://s.example.com", "k" * 16)
    path = links.url(Subject(Channel.EMAIL, "ada@example.com", None)).removeprefix("https://s.example.com")
    page = app.test_client().get(path)
    assert page.mimetype == "text/html"
    policy = page.headers["Content-Security-Policy"]
    for part in (
        "script-src 'self';",
        "style-src 'self';",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert part in policy
    assert "unsafe" not in policy


def preflight(app: Flask, origin: str, method: str = "DELETE") -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return app.test_client().options(f"{JOBS}/x", headers=headers)


def test_no_other_origin_may_call_by_default(api: Callable[..., Flask], catalogue: Db) -> None:
    app = api()
    assert preflight(app, CRM).status_code == 401
    for answer in (preflight(app, CRM), app.test_client().get(JOBS, headers={**VIEWER, "Origin": CRM})):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]


def test_only_the_origins_of_the_settings_may_call_and_need_a_token(api: Callable[..., Flask], catalogue: Db) -> None:
    app = api(api_cors_origins=[CRM])
    allowed = preflight(app, CRM)
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == CRM
    assert "DELETE" in allowed.headers["Access-Control-Allow-Methods"]
    assert "If-Match" in allowed.headers["Access-Control-Allow-Headers"]
    refused = preflight(app, OTHER)
    assert refused.status_code == 401
    assert "Access-Control-Allow-Origin" not in refused.headers

    client = app.test_client()
    read = client.get(JOBS, headers={**VIEWER, "Origin": CRM})
    assert (read.status_code, read.headers["Access-Control-Allow-Origin"]) == (200, CRM)
    assert "ETag" in read.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in read.headers
    assert client.get(JOBS, headers={"Origin": CRM}).status_code == 401
    for origin in (OTHER, "null", f"{CRM}.evil.net"):
        answer = client.get(JOBS, headers={**VIEWER, "Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin", ["*", "crm.example.com", "https://crm.example.com/", "https://CRM.example.com", "null"]
)
def test_what_is_no_origin_is_refused_at_the_start(settings: Callable[..., Settings], origin: str) -> None:
    with pytest.raises(ValidationError, match="api_cors_origins"):
        settings(api_cors_origins=[origin])
