"""A browser for each test. A console error, a page error or a CSP report in it fails the test."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import sync_playwright

from tests.support.api_process import ApiProcess
from tests.support.browser import CHROMIUM, OpenUi, Ui, launched


@pytest.fixture
def open_ui() -> Iterator[OpenUi]:
    """Opens the web UI of an API, signed in as its admin: `open_ui(api)`."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    opened: list[Ui] = []
    with sync_playwright() as playwright, launched(playwright) as browser:

        def start(api: ApiProcess) -> Ui:
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            ui = Ui(context.new_page(), api.base_url)
            ui.sign_in(api.token)
            opened.append(ui)
            return ui

        yield start
    assert [fault for ui in opened for fault in ui.faults] == []


@pytest.fixture
def ui(api: Callable[..., ApiProcess], open_ui: OpenUi) -> Ui:
    """The web UI of an API without a daemon."""
    return open_ui(api())
