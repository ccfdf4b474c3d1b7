"""
One Chromium for all tests here, one API (and daemon, where a module wants one) for each module, a page for each test. A
console error, a page error, a CSP report, a request to another place or personal data in an address fails the test.

A module keeps its tests together, so that its programs are started once, and asks for a daemon beside the API with:

    pytestmark = [pytest.mark.xdist_group("browser-jobs"), pytest.mark.usefixtures("running")]
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser
from pymongo import MongoClient

from api.store.audit import run_audit
from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi, Ui, chromium
from tests.support.smtp_server import SmtpServer
from tests.support.stack import Stack


@pytest.fixture(scope="package", autouse=True)
def browser() -> Iterator[Browser]:
    """
    Chromium. Not for the whole session: Playwright keeps an event loop in this thread, beside which no other test could
    run one.
    """
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def stack(
    mongodb_client: MongoClient[dict[str, Any]], mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The module's own database, and the programs on it. When they have ended, the audit finds nothing in it."""
    started = Stack(mongodb_client, mongodb_uri, tmp_path_factory.mktemp("stack"))
    yield started
    started.end_programs()
    findings = run_audit(started.database, datetime.now(UTC), expect_daemon=False)
    started.end()
    assert not findings, "\n".join(f"{each.check} {each.collection} {each.id}: {each.detail}" for each in findings)


@pytest.fixture(scope="module")
def served(stack: Stack) -> ApiProcess:
    """The module's API: each test has data of its own in it."""
    return stack.start_api()


@pytest.fixture(scope="module")
def mail_server() -> Iterator[SmtpServer]:
    """The module's mail server: each test has addresses of its own in it."""
    server = SmtpServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def daemon_settings(mail_server: SmtpServer) -> Mapping[str, str]:
    """Settings of the module's daemon. A module that needs others has a fixture of this name."""
    return mail_server.environment


@pytest.fixture(scope="module")
def running(stack: Stack, served: ApiProcess, daemon_settings: Mapping[str, str]) -> ApiProcess:
    """The module's API with a daemon beside it."""
    stack.start_daemon(**daemon_settings)
    return served


@pytest.fixture
def open_ui(browser: Browser) -> Iterator[OpenUi]:
    """
    Opens the web UI of an API, signed in as its admin: `open_ui(api)`. token: another one, or "" for nobody. base_url:
    where a proxy has it. All else is for the browser's context: `open_ui(api, color_scheme="dark")`.
    """
    opened: list[Ui] = []

    def start(api: ApiProcess, *, token: str | None = None, base_url: str | None = None, **context: Any) -> Ui:
        usual = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
        ui = Ui(browser.new_context(**{**usual, **context}).new_page(), base_url or api.base_url)
        opened.append(ui)
        if token != "":
            ui.sign_in(api.token if token is None else token)
        return ui

    yield start
    for ui in opened:
        ui.close()
    assert [fault for ui in opened for fault in ui.faults] == []


@pytest.fixture
def ui(served: ApiProcess, open_ui: OpenUi) -> Ui:
    """The web UI of the module's API, signed in as its admin."""
    return open_ui(served)
