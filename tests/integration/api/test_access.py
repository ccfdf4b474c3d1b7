"""Who may call what."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from shared.collections import API_TOKENS
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem, insert_token, job_body


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
