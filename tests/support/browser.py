"""Chromium over the real API: a page that remembers everything that went wrong in it."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Frame, Locator, Page, Request, expect, sync_playwright

WAIT_MS = 15_000
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
expect.set_options(timeout=WAIT_MS)

_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
_UNREACHABLE = re.compile(r"Failed to load resource: net::ERR_")
_TOKEN_IS_KEPT_AS = "unified-scheduler.token"
_KEPT = {_TOKEN_IS_KEPT_AS, "unified-scheduler.theme"}
_LOCAL = ("blob:", "data:", "about:")
_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`),
);
"""


class Ui:
    """
    One page of the web UI. `faults`: console errors, CSP reports and refusals that nobody expected, requests to
    anything but its API, people in addresses, and what is stored besides token and theme.
    """

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.faults: list[str] = []
        self._expected: tuple[HTTPStatus | None, ...] = ()
        page.set_default_timeout(WAIT_MS)
        page.add_init_script(_VIOLATIONS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("request", self._asked)
        page.on("framenavigated", self._went)

    def sign_in(self, token: str) -> None:
        """With a token that is there before the page is loaded."""
        self.page.add_init_script(
            f"if (window === top && !sessionStorage.getItem({_TOKEN_IS_KEPT_AS!r}))"
            f" sessionStorage.setItem({_TOKEN_IS_KEPT_AS!r}, {token!r})"
        )

    def open(self, address: str) -> None:
        """Shows the screen of `#/...`; the one before is gone then."""
        wanted = f"{self.base_url}/{address}"
        if wanted.partition("?")[0] != self.page.url.partition("?")[0]:
            self.page.evaluate("document.querySelector('h1')?.setAttribute('data-old', '')")
        self.page.goto(wanted)
        self.page.locator("h1:not([data-old])").wait_for()

    def button(self, name: str | re.Pattern[str], *, exact: bool = True, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=exact)

    def field(self, label: str, *, within: Locator | None = None) -> Locator:
        """An input by its label; a star may say that it is required."""
        name = re.compile(rf"^{re.escape(label)}( \*)?$")
        return (within or self.page).get_by_role("textbox", name=name)

    def heading(self, name: str) -> Locator:
        """The name of the screen."""
        return self.page.get_by_role("heading", name=name, level=1, exact=True)

    def dialog(self, name: str) -> Locator:
        """The open dialog of that title."""
        return self.page.get_by_role("dialog", name=name)

    def says(self, text: str | re.Pattern[str]) -> None:
        """Waits until the text is seen."""
        self.page.get_by_text(text).first.wait_for()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Types into what has the focus."""
        self.page.keyboard.type(text)

    def tab_to(self, name: str, most: int = 60, *, back: bool = False) -> None:
        """Presses Tab until the control of that accessible name has the focus, which is seen at each step."""
        for _ in range(most):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            focused, seen = self.page.evaluate(_FOCUSED)
            assert seen, f"nothing shows that {focused!r} has the focus"
            if focused == name:
                return
        raise AssertionError(f"{most} times Tab did not reach {name!r}")

    @property
    def focused(self) -> str:
        """The accessible name of what has the focus."""
        return str(self.page.evaluate(_FOCUSED)[0])

    def look_again(self) -> None:
        """As if the tab was shown again after a while: everything that refreshes itself is read at once."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    @property
    def kept(self) -> dict[str, str]:
        """What the browser stores of this page, by name."""
        return dict(self.page.evaluate("({ ...sessionStorage, ...localStorage })"))

    @contextmanager
    def expecting(self, *statuses: HTTPStatus | None) -> Iterator[None]:
        """The API may refuse with these meanwhile; None: it may be away."""
        self._expected = statuses
        yield
        self._expected = ()

    def close(self) -> None:
        """Ends the page. What is stored besides token and theme is a fault."""
        if self.page.url.startswith(self.base_url):
            self.faults += [f"stored: {name}" for name in self.kept if name not in _KEPT]
        self.page.context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        refused = _REFUSED.match(message.text)
        away = _UNREACHABLE.match(message.text) and None in self._expected
        if not away and not (refused and int(refused[1]) in self._expected):
            self.faults.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base_url}/", *_LOCAL)):
            self.faults.append(f"request to another place: {request.url}")

    def _went(self, frame: Frame) -> None:
        if frame == self.page.main_frame and re.search("@|%40", frame.url):
            self.faults.append(f"somebody's address in the address: {frame.url}")


_FOCUSED = """() => {
  const at = document.activeElement;
  const label = at.labels?.[0]?.textContent.replace(" *", "").trim();
  const name = at.getAttribute("aria-label") ?? label ?? at.textContent.trim();
  const outlined = (look) => look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0;
  const shadow = /(rgba?\\([^)]*\\)) (\\S+) (\\S+) (\\S+) (\\S+)/g;
  const shadowed = (look) => [...look.boxShadow.matchAll(shadow)].some(
    ([, colour, ...lengths]) => !colour.endsWith(", 0)") && lengths.some((length) => parseFloat(length) !== 0),
  );
  const looks = [null, "::after"].map((part) => getComputedStyle(at, part));
  const inside = !at.matches(":focus"); // a part of the control, such as the picker of a date, which the browser marks
  return [name, inside || looks.some((look) => outlined(look) || shadowed(look))];
}"""

OpenUi = Callable[..., Ui]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; where there is none, the test is skipped."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield started
        started.close()
