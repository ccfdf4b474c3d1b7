"""Every screen of the web UI, full, empty and refused by the API: accessible, and nothing cut at any width.

SCREENSHOTS names a folder for pictures of all of them, `make screenshots` makes them in var/screenshots.
"""

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route
from pymongo import MongoClient

from tests.browser.gallery.dialogs import DIALOGS
from tests.browser.gallery.examination import HEIGHT, NARROW, TALL, THEMES, WIDE, WIDTHS, faults_of, looks
from tests.browser.gallery.scenes import EMPTY, READS_NOTHING, SCREENS, Scene
from tests.support.bookshop.shop import Shop, open_shop
from tests.support.bookshop.work import EXPORT
from tests.support.browser import Ui
from tests.support.environment import ROOT
from tests.support.stack import Stack

pytestmark = pytest.mark.xdist_group("browser-gallery")

PICTURES = os.environ.get("SCREENSHOTS")
MOST_HEIGHT = 3000
FAULTY = """<title>Faulty</title><main><h1>Faulty</h1>
<button style="position: absolute; left: 10px; top: 80px">One</button>
<button style="position: absolute; left: 20px; top: 85px">Two</button>
<button style="position: absolute; left: 380px; top: 200px; width: 60px">Far</button>
<button style="width: 20px; overflow: hidden; white-space: nowrap">Narrow</button><button></button></main>"""
IN_README = ("overview", "jobs", "job-form", "schedule-notification", "run")
"""As in a window of 1440 x 900: docs/images."""
MOST_BYTES, FEWEST_FILES = 150_000, 30
"""Of a first load: everything over the wire until the screen is seen."""
BUSY = HTTPStatus.SERVICE_UNAVAILABLE


@pytest.fixture(scope="module")
def shop(
    mongodb_client: MongoClient[dict[str, Any]], mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Fernhill Books, which these tests look at and hardly change."""
    folder = tmp_path_factory.mktemp("shop")
    with open_shop(mongodb_client, mongodb_uri, f"test_{secrets.token_hex(8)}", folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def owner(browser: Browser, shop: Shop) -> Ui:
    """One page for all, signed in as the owner."""
    ui = Ui(browser.new_page(), shop.api.base_url)
    ui.sign_in(shop.token)
    return ui


@pytest.fixture(scope="module")
def beginner(
    browser: Browser,
    mongodb_client: MongoClient[dict[str, Any]],
    mongodb_uri: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Ui]:
    """The page of somebody whose database is empty, and whose daemon was never started."""
    empty = Stack(mongodb_client, mongodb_uri, tmp_path_factory.mktemp("empty"))
    try:
        api = empty.start_api()
        ui = Ui(browser.new_page(), api.base_url)
        ui.sign_in(api.token)
        yield ui
    finally:
        empty.end()


def show(ui: Ui, shop: Shop | None, scene: Scene) -> None:
    """Loads the page anew, since what was typed in the scene before would hold its screen."""
    ui.faults.clear()
    ui.page.emulate_media(color_scheme="light")
    ui.page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    with ui.expecting(*scene.expects):
        ui.open(f"?{scene.name}{scene.address(shop)}")
        ui.says(scene.shows)
        if scene.act is not None:
            scene.act(ui, shop)
        ui.page.locator("[aria-busy=true]:not(button)").first.wait_for(state="detached")


def examine(
    ui: Ui, name: str, themes: Sequence[str] = THEMES, widths: Sequence[int] = WIDTHS, *, dialog: bool = False
) -> None:
    """In each theme and width. With SCREENSHOTS a picture is taken of each."""
    found: list[str] = []
    for theme, width in looks(ui.page, themes, widths, tall=dialog, every=PICTURES is not None):
        if PICTURES:
            photograph(ui.page, Path(ROOT, PICTURES, f"{name}-{theme}-{width}.png"), width, whole=not dialog)
        found += faults_of(ui.page, theme, width)
    assert found + ui.faults == []


def photograph(page: Page, file: Path, width: int, *, whole: bool) -> None:
    """whole: as if the window were as high as the page, so that nothing that sticks to it hides something."""
    height = page.evaluate("document.scrollingElement.scrollHeight") if whole else TALL
    page.set_viewport_size({"width": width, "height": max(HEIGHT, min(height, MOST_HEIGHT))})
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file)


@pytest.mark.parametrize("scene", [*SCREENS, *DIALOGS], ids=lambda scene: scene.name)
def test_a_screen_is_accessible_and_fits_every_window(owner: Ui, shop: Shop, scene: Scene) -> None:
    show(owner, shop, scene)
    if PICTURES and scene.name in IN_README:
        owner.page.screenshot(path=Path(ROOT, PICTURES, "readme", f"{scene.name}.png"))
    examine(owner, scene.name, dialog=scene.dialog)


def test_the_examination_sees_what_is_wrong(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": NARROW, "height": HEIGHT})
    page.set_content(FAULTY)
    found = "\n".join(faults_of(page, "light", NARROW))
    for fault in (
        "“One” and button. “Two” overlap",
        "“Far” is cut at the edge",
        "px wide",
        "“Narrow” is cut",
        "button-name",
    ):
        assert fault in found, found
    page.close()


def test_no_screen_is_forgotten() -> None:
    written = Path(ROOT, "api/ui/routes.js").read_text()
    assert {scene.path for scene in SCREENS} == set(re.findall(r'path: "([^"]+)"', written))


@pytest.mark.parametrize("scene", EMPTY, ids=lambda scene: scene.name)
def test_an_empty_screen_says_what_to_do(beginner: Ui, scene: Scene) -> None:
    show(beginner, None, scene)
    examine(beginner, scene.name, ["light"])


@pytest.mark.parametrize(
    "scene", [scene for scene in SCREENS if scene.name not in READS_NOTHING], ids=lambda scene: scene.name
)
def test_what_the_api_refuses_is_told_on_the_screen(owner: Ui, shop: Shop, scene: Scene) -> None:
    refused = scene._replace(name=f"refused-{scene.name}", shows="The database is busy.", act=None, expects=(BUSY,))
    owner.page.route(re.compile(r"/api/(?!me$|admin/scheduler/status$)"), _refuse)
    try:
        show(owner, shop, refused)
        with owner.expecting(BUSY):
            examine(owner, refused.name, ["light"], [NARROW])
    finally:
        owner.page.unroute_all()


def _refuse(route: Route) -> None:
    problem = {"status": BUSY, "code": "unavailable", "detail": "The database is busy.", "requestId": "f" * 32}
    route.fulfill(status=BUSY, json=problem, content_type="application/problem+json")


def transferred_by(page: Page) -> list[float]:
    """The bytes of each answer from now on, with its headers, as they come over the wire."""
    sizes: list[float] = []
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    return sizes


def test_signing_in_is_accessible_and_loads_little(browser: Browser, shop: Shop) -> None:
    ui = Ui(browser.new_page(), shop.api.base_url)
    sizes = transferred_by(ui.page)
    ui.open("")
    ui.page.get_by_label("Token").fill(shop.token)
    ui.button("Sign in").click()
    ui.page.locator(".chart canvas").wait_for()
    assert len(sizes) > FEWEST_FILES
    assert sum(sizes) < MOST_BYTES, sum(sizes)
    ui.button("Sign out").click()
    ui.page.get_by_role("form", name="Sign in").wait_for()
    with ui.expecting(HTTPStatus.UNAUTHORIZED):
        ui.page.get_by_label("Token").fill("not-a-token")
        ui.button("Sign in").click()
        ui.says("The token is unknown, revoked or expired.")
    examine(ui, "sign-in")


def test_the_list_of_jobs_loads_little(browser: Browser, shop: Shop) -> None:
    ui = Ui(browser.new_page(), shop.api.base_url)
    ui.sign_in(shop.token)
    sizes = transferred_by(ui.page)
    ui.open("#/jobs")
    ui.page.get_by_role("link", name=EXPORT).wait_for()
    ui.page.locator(".sparkline").first.wait_for()
    assert len(sizes) > FEWEST_FILES
    assert sum(sizes) < MOST_BYTES, sum(sizes)
