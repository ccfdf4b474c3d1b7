"""The files of the web UI as they are served."""

import base64
import gzip
import hashlib
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.web_files import web_files


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """Anybody: the files need no token."""
    return app.test_client()


def test_the_page_allows_its_own_import_map_and_no_other_script(browser: FlaskClient) -> None:
    page = browser.get("/")
    assert page.status_code == 200
    [import_map] = re.findall(r'<script type="importmap">(.*?)</script>', page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    policy = page.headers["Content-Security-Policy"]
    assert f"script-src 'self' 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-cache"
    again = browser.get("/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_every_file_is_there_for_ever_and_compressed(browser: FlaskClient) -> None:
    files = web_files()
    for name, file in files.others.items():
        address = f"/ui/{files.version}/{name}"
        plain, packed = browser.get(address), browser.get(address, headers={"Accept-Encoding": "gzip"})
        assert plain.data == gzip.decompress(packed.data) == file.content
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "immutable" in plain.headers["Cache-Control"]
        assert plain.headers["Vary"] == "Accept-Encoding"
        if name.endswith((".js", ".mjs")):
            assert plain.mimetype == "text/javascript", name


def test_what_the_page_names_is_served(browser: FlaskClient) -> None:
    for address in re.findall(r'"(\./ui/[^"]+)"', browser.get("/").text):
        assert browser.get(address.removeprefix(".")).status_code == 200, address


@pytest.mark.parametrize(
    "address", ["/ui/0000000000000000/main.js", "/ui/{}/none.js", "/ui/{}/../../shared/settings.py"]
)
def test_another_version_and_other_files_are_not_there(browser: FlaskClient, address: str) -> None:
    assert browser.get(address.format(web_files().version)).status_code == 404


def test_html_of_a_message_is_shown_in_a_frame_that_may_do_nothing(browser: FlaskClient) -> None:
    frame = browser.get(f"/ui/{web_files().version}/mail.html")
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
