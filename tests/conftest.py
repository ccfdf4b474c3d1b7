"""Fixtures for tests on real parts: one mongod for the whole run, real daemon, API and SMTP processes."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError

from shared.collections import CLIENT_OPTIONS, CODEC_OPTIONS
from shared.settings import Settings
from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess
from tests.support.environment import SECRETS_KEY, ExplicitSettings
from tests.support.mongod_server import MongodServer
from tests.support.smtp_server import SmtpServer
from tests.support.stack import drop_database
from tests.support.web_server import WebServer

_PASSED = pytest.StashKey[bool]()
_SERVER = pytest.StashKey[MongodServer]()


def pytest_configure(config: pytest.Config) -> None:
    """The controller (or the only process) owns the server; workers get its address."""
    if not hasattr(config, "workerinput"):
        config.stash[_SERVER] = MongodServer(on_disk=False)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: hands the address to a worker that is about to start."""
    node.workerinput["mongodb_uri"] = node.config.stash[_SERVER].uri


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the server and removes its folder."""
    server = config.stash.get(_SERVER, None)
    if server is not None:
        server.stop()


@pytest.fixture(scope="session")
def mongodb_uri(pytestconfig: pytest.Config) -> str:
    """A real replica set, shared by the whole run; TEST_MONGODB_URI names an existing one."""
    if hasattr(pytestconfig, "workerinput"):
        return str(pytestconfig.workerinput["mongodb_uri"])
    return pytestconfig.stash[_SERVER].uri


@pytest.fixture(scope="session")
def mongodb_client(mongodb_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A synchronous client with the options that both programs use."""
    with MongoClient[dict[str, Any]](mongodb_uri, **CLIENT_OPTIONS) as client:  # type: ignore[arg-type]
        yield client


@pytest.fixture(scope="session")
def dropping(mongodb_client: MongoClient[dict[str, Any]]) -> Iterator[Callable[[str], None]]:
    """Drops databases while the next test goes on: each has a hundred files."""
    faults: list[BaseException] = []

    def drop(name: str) -> None:
        try:
            drop_database(mongodb_client, name)
        except PyMongoError as fault:
            faults.append(fault)

    with ThreadPoolExecutor(1) as thread:

        def drop_soon(name: str) -> None:
            thread.submit(drop, name)

        yield drop_soon
    assert faults == []


@pytest.fixture
def database_name(dropping: Callable[[str], None]) -> Iterator[str]:
    """The name of a database that nobody else uses and that is dropped afterwards."""
    name = f"test_{secrets.token_hex(8)}"
    yield name
    dropping(name)


@pytest.fixture
def db(mongodb_client: MongoClient[dict[str, Any]], database_name: str) -> Database[dict[str, Any]]:
    """The test's own database, read with the project's codec options."""
    return mongodb_client.get_database(database_name, codec_options=CODEC_OPTIONS)


@pytest.fixture
def settings(mongodb_uri: str, database_name: str, tmp_path: Path) -> Callable[..., Settings]:
    """Builds the settings of a program on the test's database; no environment and no `.env` is read."""

    def build(**overrides: Any) -> Settings:
        given = {
            "mongodb_uri": mongodb_uri,
            "mongodb_database": database_name,
            "daemon_runtime_folder": tmp_path / "runtime",
            "secrets_key": SecretStr(SECRETS_KEY),
        }
        return ExplicitSettings(**{**given, **overrides})

    return build


@pytest.fixture
def daemon(mongodb_uri: str, database_name: str, tmp_path: Path) -> Iterator[Callable[..., DaemonProcess]]:
    """Starts real daemons: `daemon(DAEMON_POLL_SECONDS=5)`; waits for READY unless `wait=False`."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(exist_ok=True)
    with ExitStack() as started:

        def start(*, wait: bool = True, **settings: object) -> DaemonProcess:
            given = {"MONGODB_URI": mongodb_uri, "MONGODB_DATABASE": database_name, "DAEMON_RUNTIME_FOLDER": runtime}
            process = DaemonProcess(tmp_path, **{**given, **settings})
            started.callback(process.end)
            if wait:
                process.wait_ready()
            return process

        yield start


@pytest.fixture
def api(mongodb_uri: str, database_name: str, tmp_path: Path) -> Iterator[Callable[..., ApiProcess]]:
    """Starts real gunicorn processes with the API, ready and logged in as an admin."""
    with ExitStack() as started:

        def start(*, workers: int = 1, **settings: object) -> ApiProcess:
            given = {"MONGODB_URI": mongodb_uri, "MONGODB_DATABASE": database_name}
            process = ApiProcess(tmp_path, workers=workers, **{**given, **settings})
            started.callback(process.end)
            process.wait_ready()
            process.log_in()
            return process

        yield start


@pytest.fixture
def start_smtp_server() -> Iterator[Callable[..., SmtpServer]]:
    """Starts SMTP servers: `start_smtp_server(starttls=True, login=("name", "password"))`."""
    with ExitStack() as started:

        def start(**options: Any) -> SmtpServer:
            server = SmtpServer(**options)
            started.callback(server.close)
            return server

        yield start


@pytest.fixture
def smtp_server(start_smtp_server: Callable[..., SmtpServer]) -> SmtpServer:
    """An SMTP server without TLS and login; `daemon(**smtp_server.environment)` uses it."""
    return start_smtp_server()


@pytest.fixture
def start_web_server() -> Iterator[Callable[..., WebServer]]:
    """Starts HTTP servers: `start_web_server(tls=True)`."""
    with ExitStack() as started:

        def start(**options: Any) -> WebServer:
            server = WebServer(**options)
            started.callback(server.close)
            return server

        yield start


@pytest.fixture(autouse=True)
def fresh_log_context() -> Iterator[None]:
    """What one test bound to the log context does not show up in the next."""
    yield
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def audited(request: pytest.FixtureRequest, db: Database[dict[str, Any]]) -> Iterator[None]:
    """After the test the audit of its database must find nothing. Ask for it first: it looks when all have ended."""
    yield
    if request.node.stash.get(_PASSED, False):
        from api.store.audit import run_audit

        findings = run_audit(db, datetime.now(UTC), expect_daemon=False)
        assert not findings, "\n".join(f"{each.check} {each.collection} {each.id}: {each.detail}" for each in findings)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remembers whether the test itself passed: the audit of a failed one would only hide why."""
    outcome: Any = yield
    if call.when == "call":
        item.stash[_PASSED] = outcome.get_result().passed
