"""Chromium over the real API: a page that remembers everything that went wrong in it."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright

WAIT_MS = 15_000
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
_KEPT_AS = "unified-scheduler.token"
_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`),
);
"""


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
    try:
        yield browser
    finally:
        browser.close()


class Ui:
    """One page of the web UI. `faults`: console errors, CSP reports and refusals that nobody expected."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.faults: list[str] = []
        self._expected: tuple[int, ...] = ()
        page.set_default_timeout(WAIT_MS)
        page.add_init_script(_VIOLATIONS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))

    def sign_in(self, token: str) -> None:
        """With a token that is there before the page is loaded."""
        self.page.add_init_script(
            f"if (window === top && !sessionStorage.getItem({_KEPT_AS!r}))"
            f" sessionStorage.setItem({_KEPT_AS!r}, {token!r})"
        )

    def open(self, address: str) -> None:
        """Shows the screen of `#/...`."""
        self.page.goto(f"{self.base_url}/{address}")
        self.page.get_by_role("heading", level=1).wait_for()

    def button(self, name: str | re.Pattern[str], *, exact: bool = True) -> Locator:
        return self.page.get_by_role("button", name=name, exact=exact)

    def dialog(self, name: str) -> Locator:
        """The open dialog of that title."""
        return self.page.get_by_role("dialog", name=name)

    def says(self, text: str | re.Pattern[str]) -> None:
        """Waits until the text is seen."""
        self.page.get_by_text(text).first.wait_for()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, name: str, most: int = 60) -> None:
        """Presses Tab until the control of that accessible name has the focus."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(_FOCUSED_NAME) == name:
                return
        raise AssertionError(f"{most} times Tab did not reach {name!r}")

    @contextmanager
    def expecting(self, *statuses: HTTPStatus) -> Iterator[None]:
        """The API may refuse with these meanwhile."""
        self._expected = statuses
        yield
        self._expected = ()

    def _heard(self, message: ConsoleMessage) -> None:
        refused = _REFUSED.match(message.text)
        if message.type == "error" and not (refused and int(refused[1]) in self._expected):
            self.faults.append(f"console: {message.text}")


_FOCUSED_NAME = """() => {
  const at = document.activeElement;
  const label = at.labels?.[0]?.textContent.replace(" *", "").trim();
  return at.getAttribute("aria-label") ?? label ?? at.textContent.trim();
}"""

OpenUi = Callable[..., Ui]
