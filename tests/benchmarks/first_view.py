"""How long a person waits until a screen of the web UI shows its data, with much stored and with little.

Chromium with an empty cache asks the real API (gunicorn, 2 workers): the page, its modules, who is signed in, the data.
A view counts from the navigation until the screen has its rows and nothing on it is loading any more.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser

from shared.clock import SystemClock, cut_to_milliseconds
from tests.benchmarks.bench import Bench, say
from tests.benchmarks.figures import Bound, Figure, paired_ratio
from tests.benchmarks.history import store
from tests.benchmarks.sizes import History
from tests.support.api_process import ApiProcess
from tests.support.browser import CHROMIUM, Ui, chromium

WORKERS = 2
MOST_TIMES_SHORT = 1.5
TARGET = "<= 1 s"
_WATCH = """
window.firstView = new Promise((resolve) => addEventListener("DOMContentLoaded", () => {
  const look = () => {
    const screen = document.querySelector("main:has(h1)");
    const shown = screen?.querySelector(SHOWS) && !screen.querySelector("[aria-busy=true]");
    if (shown) resolve(performance.now());
    else requestAnimationFrame(look);
  };
  look();
}));
"""


class Screen(NamedTuple):
    """address: behind the #. shows: the selector of what its data look like."""

    what: str
    address: str
    shows: str = "tbody tr"


SCREENS = [
    Screen("overview", "/", "section"),
    Screen("jobs", "/jobs"),
    Screen("one job with its runs", "/jobs/idle-1"),
    Screen("runs", "/runs"),
    Screen("failed runs", "/runs?state=failed"),
    Screen("one run", "/runs/run-1", "dl"),
    Screen("notification templates", "/notifications/templates"),
    Screen("scheduled notifications", "/notifications/scheduled"),
    Screen("queue", "/notifications/queue"),
    Screen("failed messages", "/notifications/queue?state=failed"),
    Screen("recipients", "/notifications/recipients"),
    Screen("audit log", "/admin/audit"),
]


def measure(bench: Bench) -> list[Figure]:
    """A figure for each screen; both histories take turns."""
    if CHROMIUM is None:
        raise RuntimeError("Chromium is not installed: tests/support/install_system_packages")
    sizes = bench.sizes
    with (
        tempfile.TemporaryDirectory() as folder,
        _served(bench, "web_ui", sizes.history, Path(folder)) as long,
        _served(bench, "web_ui_short", sizes.short_history, Path(folder)) as short,
        chromium() as browser,
    ):
        for api in (long, short):
            _first_view(browser, api, SCREENS[0])
        return [_figure(bench, browser, screen, long, short) for screen in SCREENS]


def _figure(bench: Bench, browser: Browser, screen: Screen, long: ApiProcess, short: ApiProcess) -> Figure:
    pairs = [
        (_first_view(browser, long, screen), _first_view(browser, short, screen))
        for _ in range(bench.sizes.first_views)
    ]
    with_much, with_little = zip(*pairs, strict=True)
    say(f"web-ui, {screen.what}: {sorted(with_much)[len(pairs) // 2]:.0f} ms")
    return Figure(
        "web-ui", f"{screen.what}: first view", with_much, "ms", paired_ratio(with_much, with_little),
        f"with {bench.sizes.short_history.runs:,} runs {sorted(with_little)[len(pairs) // 2]:.0f} ms",
        Bound(at_most=MOST_TIMES_SHORT), TARGET,
    )  # fmt: skip


@contextmanager
def _served(bench: Bench, name: str, history: History, folder: Path) -> Iterator[ApiProcess]:
    """The API in front of that history, signed in."""
    with bench.database(name) as db:
        with bench.daemon(db):  # makes the indexes and the catalogue
            now = cut_to_milliseconds(SystemClock().now())
        say(f"web-ui: storing {history.jobs:,} jobs and {history.runs:,} runs")
        store(db, history, now)
        api = ApiProcess(folder, workers=WORKERS, MONGODB_URI=bench.uri, MONGODB_DATABASE=db.name)
        try:
            api.wait_ready()
            api.log_in()
            yield api
        finally:
            api.end()


def _first_view(browser: Browser, api: ApiProcess, screen: Screen) -> float:
    """Milliseconds. AssertionError unless the screen came without a fault."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        ui = Ui(context.new_page(), api.base_url)
        ui.sign_in(api.token)
        ui.page.add_init_script(_WATCH.replace("SHOWS", json.dumps(screen.shows)))
        ui.page.goto(f"{api.base_url}/#{screen.address}")
        milliseconds = float(ui.page.evaluate("window.firstView"))
        assert ui.faults == [], ui.faults
        return milliseconds
    finally:
        context.close()
