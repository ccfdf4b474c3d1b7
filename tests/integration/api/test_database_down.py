"""MongoDB away: 503 with a problem document, soon; the process itself stays healthy."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from api import create_app
from api.context import store_of
from api.store import connection
from shared.settings import Settings
from tests.integration.api.conftest import JOBS, Caller, assert_problem


@pytest.fixture
def stranded(settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setattr(connection, "TIMEOUT_MILLISECONDS", 300)
    monkeypatch.setattr(connection, "PING_SECONDS", 0.3)
    app = create_app(settings(mongodb_uri="mongodb://127.0.0.1:1/?replicaSet=none"))
    yield app
    store_of(app).connection.close()


def test_without_mongodb_requests_are_503_and_say_when_to_try_again(stranded: Flask) -> None:
    response = Caller(stranded, "admin").get(JOBS)
    assert_problem(response, 503, "database_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert "127.0.0.1" not in response.text


def test_health_is_the_process_and_readiness_the_database(stranded: Flask, app: Flask) -> None:
    assert stranded.test_client().get("/healthz").status_code == 200
    assert_problem(stranded.test_client().get("/readyz"), 503, "database_unavailable")
    assert app.test_client().get("/readyz").status_code == 200


def test_an_unexpected_fault_is_500_with_the_request_id_and_without_its_text(
    app: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_arguments: object) -> None:
        raise RuntimeError("internal detail")

    monkeypatch.setattr(store_of(app).tokens, "find_by_hash", crash)
    response = Caller(app, "admin").get(JOBS)
    assert_problem(response, 500, "internal")
    assert "internal detail" not in response.text
    logged = capsys.readouterr()
    assert "internal detail" in logged.out + logged.err
    assert "admin-token" not in logged.out + logged.err
