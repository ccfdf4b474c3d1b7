"""The web UI under a path, behind nginx with the example configuration: nothing leaves the path."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Download, expect

from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi, Ui
from tests.support.http_objects import create, create_job, ended_run
from tests.support.nginx import NGINX, PREFIX, Nginx
from tests.support.stack import Stack

ROWS = 3
pytestmark = [
    pytest.mark.xdist_group("browser-proxy"),
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
]


@pytest.fixture(scope="module")
def daemon_settings(stack: Stack) -> Mapping[str, str]:
    return {"EXPORT_FOLDER": str(stack.folder), "EXPORT_COLLECTIONS": '["orders"]'}


@pytest.fixture(scope="module")
def served(stack: Stack) -> ApiProcess:
    return stack.start_api(EXPORT_FOLDER=stack.folder, API_TRUSTED_PROXIES=1)


@pytest.fixture
def proxy(served: ApiProcess, tmp_path: Path) -> Iterator[Nginx]:
    started = Nginx(tmp_path, served.port)
    started.wait_ready()
    yield started
    started.end()


def saved(ui: Ui, button: str) -> Download:
    with ui.page.expect_download() as download:
        ui.button(button).click()
    return download.value


def text_of(download: Download) -> str:
    return Path(download.path()).read_text(encoding="utf-8")


def test_everything_works_under_a_path(running: ApiProcess, stack: Stack, proxy: Nginx, open_ui: OpenUi) -> None:
    stack.database.orders.insert_many([{"_id": number, "total": number} for number in range(ROWS)])
    job = create_job(running, "data_export", params={"collection": "orders", "sort": ["_id"]})
    run = ended_run(running, job)
    (file,) = running.request("GET", "/api/exports").json()["items"]
    markup = {"channels": ["email"], "subject": "Hello", "text": "Hello", "html": "<p>Your order is <b>ready</b>.</p>"}
    template = create(running, "/api/notifications/templates", {"name": "Order ready", **markup})
    assert proxy.get(PREFIX).headers["Location"] == f"{proxy.url}/"
    assert proxy.get(f"{PREFIX}/metrics").status_code == 403

    ui = open_ui(running, token="", base_url=proxy.url, ignore_https_errors=True)
    ui.open("")
    ui.field("Token").fill(running.token)
    ui.press("Enter")
    ui.heading("Overview").wait_for()
    menu = ui.page.get_by_role("navigation", name="Main")
    for screen in ("Jobs", "Runs", "Exports"):
        menu.get_by_role("link", name=screen, exact=True).click()
        ui.heading(screen).wait_for()
    assert text_of(saved(ui, f"Download {file['fileName']}")).splitlines() == ["_id,total", "0,0", "1,1", "2,2"]
    listed = saved(ui, "Save as CSV")
    assert listed.suggested_filename == "exports.csv"
    assert file["sha256"] in text_of(listed)
    ui.page.get_by_label(f"The run that wrote {file['fileName']}").click()
    expect(ui.page.get_by_role("log")).to_contain_text("export")
    assert ui.page.url.endswith(f"/scheduler/#/runs/{run['id'].replace(':', '%3A')}")
    ui.open(f"#/notifications/templates/{template['id']}")
    ui.page.frame_locator("iframe").get_by_text("Your order is ready.").wait_for()
    ended_run(running, job)
    ui.open(f"#/jobs/{job['id']}")
    ui.page.locator(".uplot").wait_for()  # by a library that is loaded when it is needed
