"""Exported files are listed, and served from the folder of the settings and from nowhere else."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from api import create_app
from api.context import store_of
from shared.settings import Settings
from tests.integration.api.conftest import Caller, Db, assert_problem
from tests.support.documents import MONDAY

CONTENT = b"_id\r\n1\r\n"
NAME = "orders-20261123T090000Z-0123abcd.csv"
EXPORTS = "/api/exports"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "exports"
    made.mkdir()
    return made


@pytest.fixture
def app(settings: Callable[..., Settings], folder: Path) -> Iterator[Flask]:
    application = create_app(settings(export_folder=folder))
    yield application
    store_of(application).connection.close()


def record(identity: str = "one", **fields: Any) -> dict[str, Any]:
    return {
        "_id": identity,
        "collection": "orders",
        "format": "csv",
        "fileName": NAME,
        "rows": 1,
        "bytes": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "runId": "job:1",
        "jobId": "job",
        "createdAt": MONDAY,
        **fields,
    }


def test_a_file_is_listed_and_downloaded(admin: Caller, db: Db, folder: Path) -> None:
    db.exports.insert_one(record())
    (folder / NAME).write_bytes(CONTENT)
    [item] = admin.get(EXPORTS).json["items"]
    assert item == admin.get(f"{EXPORTS}/one").json
    assert (item["id"], item["fileName"], item["rows"], item["available"]) == ("one", NAME, 1, True)
    assert item["expiresAt"] == "2026-11-30T09:00:00.000Z"
    response = admin.get(f"{EXPORTS}/one/download")
    assert (response.status_code, response.data) == (200, CONTENT)
    assert response.headers["Content-Disposition"] == f"attachment; filename={NAME}"
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.content_length == len(CONTENT)
    response.close()
    again = admin.get(f"{EXPORTS}/one/download", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    again.close()


@pytest.mark.parametrize(
    ("asked", "got", "place"),
    [("bytes=2-4", CONTENT[2:5], "2-4"), ("bytes=5-", CONTENT[5:], "5-7"), ("bytes=-3", CONTENT[-3:], "5-7")],
)
def test_a_download_that_broke_off_goes_on_where_it_was(
    admin: Caller, db: Db, folder: Path, asked: str, got: bytes, place: str
) -> None:
    db.exports.insert_one(record())
    (folder / NAME).write_bytes(CONTENT)
    response = admin.get(f"{EXPORTS}/one/download", headers={"Range": asked})
    assert (response.status_code, response.data, response.content_length) == (206, got, len(got))
    assert response.headers["Content-Range"] == f"bytes {place}/{len(CONTENT)}"
    response.close()


def test_a_part_of_another_file_is_never_joined_to_this_one(admin: Caller, db: Db, folder: Path) -> None:
    db.exports.insert_one(record())
    (folder / NAME).write_bytes(CONTENT)
    headers = {"Range": "bytes=2-4", "If-Range": '"of-another-file"'}
    whole = admin.get(f"{EXPORTS}/one/download", headers=headers)
    assert (whole.status_code, whole.data) == (200, CONTENT)
    whole.close()
    beyond = admin.get(f"{EXPORTS}/one/download", headers={"Range": "bytes=99-"})
    assert_problem(beyond, 416, "invalid_request")
    assert beyond.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_a_compressed_file_stays_compressed(admin: Caller, db: Db, folder: Path) -> None:
    db.exports.insert_one(record(fileName=f"{NAME}.gz"))
    (folder / f"{NAME}.gz").write_bytes(CONTENT)
    response = admin.get(f"{EXPORTS}/one/download")
    assert (response.content_type, response.content_encoding) == ("application/gzip", None)
    response.close()


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 403), ("editor", 200), ("admin", 200)])
@pytest.mark.parametrize("path", ["", "/one", "/one/download"])
def test_only_an_editor_may_see_them(
    as_role: Callable[[str], Caller], db: Db, folder: Path, role: str, status: int, path: str
) -> None:
    db.exports.insert_one(record())
    (folder / NAME).write_bytes(CONTENT)
    response = as_role(role).get(EXPORTS + path)
    assert response.status_code == status
    response.close()


@pytest.mark.parametrize("there", ["nothing", "link", "folder", "shorter"])
def test_what_is_not_the_file_is_gone(admin: Caller, db: Db, folder: Path, tmp_path: Path, there: str) -> None:
    db.exports.insert_one(record())
    (tmp_path / "precious").write_bytes(CONTENT)
    match there:
        case "link":
            (folder / NAME).symlink_to(tmp_path / "precious")
        case "folder":
            (folder / NAME).mkdir()
        case "shorter":
            (folder / NAME).write_bytes(b"_id")
    assert admin.get(f"{EXPORTS}/one").json["available"] is False
    assert_problem(admin.get(f"{EXPORTS}/one/download"), 410, "export_gone")


@pytest.mark.parametrize("name", ["../precious", "/etc/passwd", f"../exports/{NAME}", f".{NAME}.part", NAME + "\n", 5])
def test_a_name_that_data_export_never_gave_is_a_malformed_record(
    admin: Caller, db: Db, folder: Path, tmp_path: Path, name: Any
) -> None:
    (tmp_path / "precious").write_bytes(CONTENT)
    (folder / NAME).write_bytes(CONTENT)
    db.exports.insert_many([record(fileName=name), record("two")])
    items = {each["id"]: each for each in admin.get(EXPORTS).json["items"]}
    assert items["one"]["problem"].startswith("fileName: ")
    assert items["two"]["available"] is True
    assert admin.get(f"{EXPORTS}/one/download").status_code == 422


def test_the_list_has_pages_newest_first(admin: Caller, db: Db) -> None:
    db.exports.insert_many([record(f"e{n}", createdAt=MONDAY + timedelta(hours=n)) for n in range(5)])
    assert [each["id"] for each in admin.all_pages(EXPORTS, 2)] == ["e4", "e3", "e2", "e1", "e0"]


def test_without_a_folder_everything_is_gone(settings: Callable[..., Settings], catalogue: Db) -> None:
    catalogue.exports.insert_one(record())
    application = create_app(settings())
    caller = Caller(application, "admin")
    assert caller.get(f"{EXPORTS}/one").json["available"] is False
    assert_problem(caller.get(f"{EXPORTS}/one/download"), 410, "export_gone")
    assert_problem(caller.get(f"{EXPORTS}/two/download"), 404, "not_found")
    store_of(application).connection.close()
