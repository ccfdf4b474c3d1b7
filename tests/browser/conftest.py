"""What browser tests share: Chromium of the system, and a page that is signed in and forgives no error."""

import re
from collections.abc import Callable, Iterator
from shutil import which

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
PATIENCE_MS = 15_000
TOKEN_KEPT_AS = "unified-scheduler.token"
_REFUSED_ON_PURPOSE = re.compile(r"status of (409|412|422)\b")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for the whole run of a worker."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class WebUi:
    """The UI of one API, in a browser context of its own, signed in as an admin."""

    def __init__(self, browser: Browser, api: ApiProcess) -> None:
        self.api = api
        self.faults: list[str] = []
        context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Paris")
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(f"sessionStorage.setItem('{TOKEN_KEPT_AS}', '{api.token}')")
        self.page: Page = context.new_page()
        self.page.on("console", self._told)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def open(self, address: str) -> None:
        """`#/jobs` and the like."""
        self.page.goto(f"{self.api.base_url}/{address}")

    def _told(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _REFUSED_ON_PURPOSE.search(message.text):
            self.faults.append(f"{message.text} {message.location.get('url', '')}")


@pytest.fixture
def ui(browser: Browser, api: Callable[..., ApiProcess], daemon: Callable[..., DaemonProcess]) -> Iterator[WebUi]:
    """The UI over a real API and a real daemon; a console error, a CSP report or a page error fails the test."""
    daemon()
    shown = WebUi(browser, api())
    yield shown
    shown.page.context.close()
    assert not shown.faults
