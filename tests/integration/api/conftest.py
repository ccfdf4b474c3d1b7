"""The API in this process on a real MongoDB, with a token for each role and a small catalogue."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest
from click.testing import CliRunner, Result
from flask import Flask, Request, request
from pymongo.database import Database
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from api import create_app
from api.cli.main import main
from api.context import store_of
from shared.collections import API_TOKENS, JOB_TEMPLATES
from shared.models.access import Role
from shared.settings import Settings
from tests.support.contract import check_answer

Db = Database[dict[str, Any]]
JOBS = "/api/admin/scheduler/jobs"
RUNS = "/api/admin/scheduler/runs"
SCHEDULED = "/api/notifications/scheduled"
TEMPLATES = "/api/notifications/templates"


CHANGES = ("PUT", "PATCH", "DELETE")
SWITCHES = ("/pause", "/resume", "/approve")


class Caller:
    """A client that sends the token of one role, and `If-Match: *` with every change that names no revision.

    Each answer must be one that the OpenAPI document declares.
    """

    def __init__(self, app: Flask, role: str) -> None:
        self._app = app
        self._client = app.test_client()
        self._authorization = f"Bearer {role}-token"

    def call(self, method: str, path: str, body: Any = None, **arguments: Any) -> TestResponse:
        headers = {"Authorization": self._authorization, **arguments.pop("headers", {})}
        if method in CHANGES or path.endswith(SWITCHES):
            headers.setdefault("If-Match", "*")
        headers = {name: value for name, value in headers.items() if value is not None}
        if body is not None:
            arguments["json"] = body
        response = self._client.open(path, method=method, headers=headers, **arguments)
        check_answer(self._app, method, path, response)
        return response

    def get(self, path: str, **arguments: Any) -> TestResponse:
        return self.call("GET", path, **arguments)

    def post(self, path: str, body: Any = None, **arguments: Any) -> TestResponse:
        return self.call("POST", path, body, **arguments)

    def put(self, path: str, body: Any, **arguments: Any) -> TestResponse:
        return self.call("PUT", path, body, **arguments)

    def patch(self, path: str, body: Any, **arguments: Any) -> TestResponse:
        return self.call("PATCH", path, body, **arguments)

    def delete(self, path: str, **arguments: Any) -> TestResponse:
        return self.call("DELETE", path, **arguments)

    def created(self, path: str, body: Any) -> dict[str, Any]:
        """The answer of a POST that must succeed."""
        response = self.post(path, body)
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json
        return made

    def all_pages(self, path: str, limit: int) -> list[dict[str, Any]]:
        """The items of every page; fails if the list never ends."""
        items: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(200):
            response = self.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}")
            assert response.status_code == 200, response.text
            items += response.json["items"]
            if response.json["nextCursor"] is None:
                return items
            cursor = f"&cursor={response.json['nextCursor']}"
        raise AssertionError(f"{path} never ends")


def insert_token(db: Db, text: str, role: str, **fields: Any) -> None:
    db[API_TOKENS].insert_one(
        {
            "_id": f"id-of-{text}",
            "name": f"the {role}",
            "role": role,
            "tokenHash": hashlib.sha256(text.encode()).hexdigest(),
            "createdAt": datetime.now(UTC),
            "createdBy": "tests",
            "expiresAt": None,
            "lastUsedAt": None,
            "revokedAt": None,
            **fields,
        }
    )


def publish(db: Db, template: str, schema: dict[str, Any] | None = None, *, available: bool = True) -> None:
    nothing = {"type": "object", "properties": {}, "additionalProperties": False}
    db[JOB_TEMPLATES].replace_one(
        {"_id": template},
        {
            "name": template,
            "category": "tests",
            "description": "",
            "version": 1,
            "parametersSchema": nothing if schema is None else schema,
            "available": available,
            "publishedAt": datetime.now(UTC),
        },
        upsert=True,
    )


@pytest.fixture
def app(settings: Callable[..., Settings]) -> Iterator[Flask]:
    application = create_app(settings())
    yield application
    store_of(application).connection.close()


@pytest.fixture
def bare_db(db: Db) -> Db:
    """Only tokens: no daemon was ever here."""
    for role in Role:
        insert_token(db, f"{role.value}-token", role.value)
    return db


@pytest.fixture
def catalogue(bare_db: Db) -> Db:
    publish(
        bare_db,
        "noop",
        {
            "type": "object",
            "properties": {
                "duration": {"type": "string"},
                "outcome": {"enum": ["success", "failure"]},
                "count": {"type": "integer", "minimum": 1},
            },
            "additionalProperties": False,
        },
    )
    publish(bare_db, "email_notifier")
    publish(bare_db, "scheduled_notification_processor")
    publish(bare_db, "gone", available=False)
    return bare_db


@pytest.fixture
def as_role(app: Flask, catalogue: Db) -> Callable[[str], Caller]:
    return lambda role: Caller(app, role)


@pytest.fixture
def admin(as_role: Callable[[str], Caller]) -> Caller:
    return as_role("admin")


def job_body(**fields: Any) -> dict[str, Any]:
    return {"name": "A job", "template": "noop", "schedule": {"kind": "interval", "every": "5m"}, **fields}


def template_body(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Welcome",
        "channels": ["email"],
        "subject": "Hello {{ name }}",
        "text": "Hello {{ name }}!",
        "variables": [{"name": "name", "default": "friend"}],
        **fields,
    }


def scheduled_body(template_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": "A wave",
        "templateId": template_id,
        "channels": ["email"],
        "recipients": {"addresses": [{"email": "ada@example.com"}]},
        "schedule": {"kind": "cron", "expression": "0 9 * * MON-FRI", "timezone": "Europe/Paris"},
        **fields,
    }


def assert_problem(response: TestResponse, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """The problem document, complete, of that code and naming that field."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    problem: dict[str, Any] = response.json or {}
    assert {"type", "title", "status", "detail", "instance", "code", "requestId", "errors"} <= set(problem)
    assert problem["status"] == status
    assert problem["code"] == code, problem
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]], problem
    return problem


@pytest.fixture
def seen() -> list[Request]:
    """The requests that the application at `url` got."""
    return []


@pytest.fixture
def url(app: Flask, catalogue: Db, seen: list[Request], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The application of this process behind a real socket; its access log would mix with what a command prints."""
    monkeypatch.setattr("api.responses.log", Mock())
    app.before_request(lambda: seen.append(request._get_current_object()))  # type: ignore[attr-defined]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cli(url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`unified-scheduler` as an admin against that application."""
    monkeypatch.delenv("MONGODB_URI", raising=False)  # none of these commands may need it
    monkeypatch.setenv("UNIFIED_SCHEDULER_URL", url)
    monkeypatch.setenv("UNIFIED_SCHEDULER_TOKEN", "admin-token")

    def invoke(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(main, list(arguments), **options)

    return invoke
