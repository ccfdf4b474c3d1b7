"""Who may call what."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from shared.collections import API_TOKENS
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem, insert_token, job_body

NO_TOKEN_NEEDED = {"/healthz", "/readyz", "/api/openapi.json"}
SIGNED = {"/unsubscribe/<token>", "/api/notifications/callbacks/twilio/<id>"}
"""What the request carries is the proof: a signature. Without the keys of the settings they are not there."""


def test_every_route_except_health_description_and_signed_requests_needs_a_token(app: Flask, catalogue: Db) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"OPTIONS"}:
            response = client.open(rule.rule.replace("<id>", "x"), method=method)
            expected = 200 if rule.rule in NO_TOKEN_NEEDED else 404 if rule.rule in SIGNED else 401
            assert response.status_code == expected, (method, rule.rule)
            if expected == 401:
                assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer nonesuch", "Bearer ", "Basic YTpi", "viewer-token", "Bearer " + "x" * 500])
def test_what_is_not_a_known_bearer_token_is_401(app: Flask, catalogue: Db, header: str) -> None:
    assert_problem(app.test_client().get(JOBS, headers={"Authorization": header}), 401, "unauthenticated")


@pytest.mark.parametrize(
    "fields",
    [
        {"revokedAt": datetime(2026, 1, 1, tzinfo=UTC)},
        {"expiresAt": datetime(2026, 1, 1, tzinfo=UTC)},
        {"role": "emperor"},
        {"createdAt": "yesterday"},
    ],
)
def test_a_revoked_expired_or_malformed_token_is_refused(app: Flask, db: Db, fields: dict[str, Any]) -> None:
    insert_token(db, "odd-token", "admin")
    db[API_TOKENS].update_one({"name": "the admin"}, {"$set": fields})
    assert_problem(Caller(app, "odd").get(JOBS), 401, "unauthenticated")


def test_a_token_that_expires_later_works(app: Flask, db: Db) -> None:
    insert_token(db, "young-token", "viewer", expiresAt=datetime.now(UTC) + timedelta(hours=1))
    assert Caller(app, "young").get(JOBS).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "least"),
    [
        ("GET", JOBS, "viewer"),
        ("POST", "/api/admin/scheduler/schedules/preview", "viewer"),
        ("POST", "/api/notifications/templates/x/preview", "viewer"),
        ("POST", f"{JOBS}/x/run", "operator"),
        ("POST", f"{JOBS}/x/pause", "operator"),
        ("POST", f"{JOBS}/x/resume", "operator"),
        ("POST", "/api/admin/scheduler/runs/x/cancel", "operator"),
        ("POST", "/api/admin/scheduler/runs/x/retry", "operator"),
        ("POST", "/api/notifications/scheduled/x/pause", "operator"),
        ("POST", "/api/notifications/scheduled/x/resume", "operator"),
        ("POST", "/api/notifications/scheduled/x/retry-failed", "operator"),
        ("POST", "/api/notifications/queue/x/retry", "operator"),
        ("POST", "/api/notifications/queue/x/resolve", "operator"),
        ("POST", "/api/notifications/scheduled/x/approve", "editor"),
        ("POST", "/api/notifications/templates/x/test", "editor"),
        ("POST", "/api/notifications/recipients/import", "editor"),
        ("POST", JOBS, "editor"),
        ("PUT", f"{JOBS}/x", "editor"),
        ("PATCH", f"{JOBS}/x", "editor"),
        ("DELETE", f"{JOBS}/x", "editor"),
        ("GET", "/api/admin/scheduler/calendars", "viewer"),
        ("POST", "/api/admin/scheduler/calendars", "editor"),
        ("PUT", "/api/admin/scheduler/calendars/x", "editor"),
        ("DELETE", "/api/admin/scheduler/calendars/x", "editor"),
        ("POST", "/api/notifications/recipients", "editor"),
        ("DELETE", "/api/notifications/groups/x", "editor"),
    ],
)
def test_each_role_may_do_its_own_and_what_the_lesser_may(
    as_role: Callable[[str], Caller], method: str, path: str, least: str
) -> None:
    roles = ["viewer", "operator", "editor", "admin"]
    for role in roles:
        response = as_role(role).call(method, path)
        if roles.index(role) < roles.index(least):
            problem = assert_problem(response, 403, "forbidden")
            assert least in problem["detail"]
        else:
            assert response.status_code not in (401, 403), (role, response.text)


def test_last_use_is_noted_at_most_once_a_minute(as_role: Callable[[str], Caller], db: Db) -> None:
    viewer = as_role("viewer")
    viewer.get(JOBS)
    first = db[API_TOKENS].find_one({"_id": "id-of-viewer-token"})["lastUsedAt"]  # type: ignore[index]
    assert first is not None
    viewer.get(JOBS)
    assert db[API_TOKENS].find_one({"_id": "id-of-viewer-token"})["lastUsedAt"] == first  # type: ignore[index]
    db[API_TOKENS].update_one({"_id": "id-of-viewer-token"}, {"$set": {"lastUsedAt": first - timedelta(minutes=2)}})
    viewer.get(JOBS)
    assert db[API_TOKENS].find_one({"_id": "id-of-viewer-token"})["lastUsedAt"] >= first  # type: ignore[index]


def test_every_answer_has_a_request_id_and_the_security_headers(admin: Caller) -> None:
    response = admin.get(JOBS, headers={"X-Request-Id": "my-id.1"})
    assert response.headers["X-Request-Id"] == "my-id.1"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    odd = admin.get("/api/nonesuch", headers={"X-Request-Id": "a b <script>"})
    assert odd.headers["X-Request-Id"] != "a b <script>"
    assert odd.json["requestId"] == odd.headers["X-Request-Id"]


def test_the_access_log_names_route_and_caller_and_no_secret(admin: Caller, capsys: pytest.CaptureFixture[str]) -> None:
    admin.post(f"{JOBS}?token=in-the-query", job_body(name="in-the-body"))
    admin.get(f"{JOBS}/in-the-path")
    logged = capsys.readouterr()
    text = logged.out + logged.err
    assert "http_request" in text
    assert "the admin" in text
    assert "/api/admin/scheduler/jobs/<id>" in text
    for secret in ("admin-token", "in-the-query", "in-the-body", "in-the-path"):
        assert secret not in text
