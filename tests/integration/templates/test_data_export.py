"""data_export: whole files or none, with their checksum, and what is in them."""

import asyncio
import csv
import gzip
import hashlib
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import json_util
from pyarrow import parquet as pq
from pydantic import ValidationError

from scheduler_daemon.exports import encoders
from scheduler_daemon.job_template import JobResult
from scheduler_daemon.job_templates.data_export_template import DataExportTemplate
from shared.errors import SettingsError
from shared.settings import load_settings
from tests.integration.templates.conftest import OpenWorkplace, Workplace
from tests.support.documents import MONDAY

EXPORT = DataExportTemplate()
MANY = 50_000
MOST_GROWTH_BYTES = 48 * 1024 * 1024


def order(number: int) -> dict[str, Any]:
    return {
        "_id": number,
        "customer": f"Customer {number}",
        "total": number / 4,
        "at": MONDAY + timedelta(seconds=number),
        "note": "=HYPERLINK(1)" if number % 2 else None,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "exports"
    made.mkdir()
    return made


@pytest.fixture
async def place(open_workplace: OpenWorkplace, folder: Path) -> Workplace:
    opened = await open_workplace(export_collections=["orders"], export_folder=folder)
    await opened.db.orders.insert_many([order(number) for number in range(5)])
    return opened


def lines(folder: Path, result: JobResult) -> list[list[str]]:
    assert result.outcome == "success", result
    with (folder / result.metrics["file"]).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def files(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_a_csv_file_has_every_field_and_a_checksum_beside_it(place: Workplace, folder: Path) -> None:
    result = await place.execute(EXPORT, collection="orders", sort=["-_id"])
    head, first, second, *_ = lines(folder, result)
    assert head == ["_id", "at", "customer", "note", "total"]
    assert first == ["4", "2026-11-23T09:00:04.000Z", "Customer 4", "", "1.0"]
    assert second[3] == "'=HYPERLINK(1)"
    name = result.metrics["file"]
    assert name.startswith("orders-20261123T090000Z-")
    content = (folder / name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert (result.metrics["rows"], result.metrics["bytes"], result.metrics["sha256"]) == (5, len(content), digest)
    assert (folder / f"{name}.sha256").read_text() == f"{digest}  {name}\n"
    assert files(folder) == [name, f"{name}.sha256"]
    assert (folder / name).stat().st_mode & 0o007 == 0, "nobody else may read it"
    [record] = await place.db.exports.find({}).to_list()
    assert (record["_id"], record["fileName"], record["rows"]) == (result.metrics["exportId"], name, 5)


async def test_fields_filter_and_sort_choose_what_is_in_it(place: Workplace, folder: Path) -> None:
    await place.db.orders.update_one({"_id": 3}, {"$set": {"customer": {"name": "Ada"}}})
    result = await place.execute(
        EXPORT, collection="orders", fields=["customer.name", "_id"], filter='{"_id": {"$gte": 2}}', sort=["-total"],
        maxDocuments=2, delimiter="semicolon", fileName="some",
    )  # fmt: skip
    assert lines(folder, result) == [["customer.name;_id"], [";4"], ["Ada;3"]]
    assert result.metrics["file"].startswith("some-")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["_id.day"], ["1"]),
        (["total", "_id.day"], ["2.5", "1"]),
        (["_id"], ['{"day":1,"shop":7}']),
        (["total"], ["2.5"]),
    ],
)
async def test_a_part_of_the_identity_is_a_column_like_any_other(
    place: Workplace, folder: Path, fields: list[str], expected: list[str]
) -> None:
    await place.db.orders.delete_many({})
    await place.db.orders.insert_one({"_id": {"day": 1, "shop": 7}, "total": 2.5})
    result = await place.execute(EXPORT, collection="orders", fields=fields)
    assert lines(folder, result) == [fields, expected]


async def test_gzip_holds_the_same(place: Workplace, folder: Path) -> None:
    plain = await place.execute(EXPORT, collection="orders", fields=["_id"])
    packed = await place.execute(EXPORT, run_id="job:2", collection="orders", fields=["_id"], gzip=True)
    assert packed.metrics["file"].endswith(".csv.gz")
    content = gzip.decompress((folder / packed.metrics["file"]).read_bytes())
    assert content == (folder / plain.metrics["file"]).read_bytes()


async def test_extended_json_is_lossless(place: Workplace, folder: Path) -> None:
    odd = {"_id": bson.ObjectId(), "d": bson.Decimal128("1.10"), "i": 1, "l": bson.Int64(1), "b": b"x", "n": None}
    await place.db.orders.insert_one(odd)
    result = await place.execute(EXPORT, collection="orders", format="extended_json")
    read = [json_util.loads(line) for line in (folder / result.metrics["file"]).read_text().splitlines()]
    stored = await place.db.orders.find({}).to_list()
    assert [bson.encode(each) for each in read] == [bson.encode(each) for each in stored]


async def test_parquet_has_columns_with_types(place: Workplace, folder: Path) -> None:
    await place.db.orders.insert_many([{"_id": 2**40, "mixed": 1, "flag": True}, {"_id": 7, "mixed": "x", "at": None}])
    result = await place.execute(EXPORT, collection="orders", format="parquet", sort=["_id"])
    assert result.outcome == "success"
    table = pq.read_table(folder / result.metrics["file"])
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {
        "_id": "int64", "at": "timestamp[ms, tz=UTC]", "customer": "string", "flag": "bool", "mixed": "string",
        "note": "string", "total": "double",
    }  # fmt: skip
    assert table.column("_id").to_pylist() == [0, 1, 2, 3, 4, 7, 2**40]
    assert table.column("mixed").to_pylist()[-2:] == ["x", "1"]
    assert table.column("at").to_pylist()[1] == MONDAY + timedelta(seconds=1)


async def test_a_repeated_attempt_replaces_its_own_file(place: Workplace, folder: Path) -> None:
    first = await place.execute(EXPORT, collection="orders")
    await place.db.orders.insert_one(order(5))
    second = await place.execute(EXPORT, collection="orders")
    assert first.metrics["file"] == second.metrics["file"]
    assert len(files(folder)) == 2
    [record] = await place.db.exports.find({}).to_list()
    assert record["rows"] == 6


async def test_a_dry_run_writes_nothing(place: Workplace, folder: Path) -> None:
    result = await place.execute(EXPORT, collection="orders", dryRun=True)
    assert result.summary == "would export 5 documents"
    assert files(folder) == []


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
async def test_an_empty_collection_is_an_empty_file(place: Workplace, folder: Path, format_: str) -> None:
    result = await place.execute(EXPORT, collection="orders", filter='{"_id": -1}', format=format_)
    assert (result.outcome, result.metrics["rows"]) == ("success", 0)
    assert len(files(folder)) == 2


@pytest.mark.parametrize("format_", ["csv", "parquet"])
async def test_a_failure_in_the_middle_leaves_nothing_behind(
    place: Workplace, folder: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    def full(_batch: bytes) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(encoders, "documents", full)
    monkeypatch.setattr("scheduler_daemon.exports.parquet.documents", full)
    with pytest.raises(OSError, match="No space left"):
        await place.execute(EXPORT, collection="orders", format=format_, gzip=format_ == "csv")
    assert files(folder) == []
    assert await place.db.exports.count_documents({}) == 0


@pytest.mark.parametrize("format_", ["csv", "parquet"])
async def test_a_cancelled_export_ends_within_a_second_and_leaves_nothing(
    place: Workplace, folder: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    decode: Callable[[bytes], Any] = encoders.documents

    def held(batch: bytes) -> Any:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(5)
        return decode(batch)

    monkeypatch.setattr(encoders, "documents", held)
    monkeypatch.setattr("scheduler_daemon.exports.parquet.documents", held)
    task = asyncio.create_task(place.execute(EXPORT, collection="orders", format=format_))
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    loop.call_later(0.1, go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asyncio.shield(task), 1)
    assert files(folder) == []


async def test_old_exports_and_what_a_killed_process_left_are_removed(place: Workplace, folder: Path) -> None:
    await place.execute(EXPORT, collection="orders")
    for name in (".orders.part", "notes.txt", "orders-x.csv"):
        (folder / name).write_text("?")
    (folder / "orders-20200101T000000Z-00000000.csv").symlink_to(folder / "notes.txt")
    month = 30 * 86400
    for name in files(folder):
        os.utime(folder / name, (MONDAY.timestamp(), MONDAY.timestamp()), follow_symlinks=False)
    place.clock.step(month)
    await place.execute(EXPORT, run_id="job:2", collection="orders", fields=["_id"])
    kept = {"notes.txt", "orders-x.csv", "orders-20200101T000000Z-00000000.csv"}
    assert len(set(files(folder)) - kept) == 2
    assert kept < set(files(folder))
    assert await place.db.exports.count_documents({}) == 1


async def test_many_documents_are_exported_whole_in_flat_memory(place: Workplace, folder: Path) -> None:
    """Compared line by line with what was stored; what the process grows by is less than what it writes."""
    await place.db.orders.delete_many({})
    text = "x" * 1000
    for start in range(0, MANY, 5000):
        await place.db.orders.insert_many([{**order(n), "text": text} for n in range(start, start + 5000)])
    columns = ["_id", "customer", "total", "note", "text"]
    await place.execute(EXPORT, run_id="warm", collection="orders", fields=columns, maxDocuments=2000)
    _reset_peak()
    before = _peak_bytes()
    result = await place.execute(EXPORT, collection="orders", fields=columns, sort=["_id"])
    growth = _peak_bytes() - before
    expected = hashlib.sha256(b"_id,customer,total,note,text\r\n")
    for number in range(MANY):
        note = "'=HYPERLINK(1)" if number % 2 else ""
        expected.update(f"{number},Customer {number},{number / 4},{note},{text}\r\n".encode())
    assert (result.metrics["rows"], result.metrics["sha256"]) == (MANY, expected.hexdigest())
    assert result.metrics["bytes"] > MOST_GROWTH_BYTES
    assert growth < MOST_GROWTH_BYTES


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak_bytes() -> int:
    [line] = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("name", ["customers", "api_tokens"])
async def test_only_collections_of_the_settings_are_read(place: Workplace, name: str) -> None:
    result = await place.execute(EXPORT, collection=name)
    assert (result.outcome, result.retryable) == ("failure", False)
    assert result.summary == f"collection: the setting EXPORT_COLLECTIONS does not list {name!r}"


@pytest.mark.parametrize("name", ["api_tokens", "dynamic_jobs", "job_runs", "commands"])
def test_the_settings_never_list_what_holds_secrets(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1/")
    monkeypatch.setenv("EXPORT_COLLECTIONS", f'["orders", "{name}"]')
    with pytest.raises(SettingsError, match=rf"^EXPORT_COLLECTIONS\.1: .*{name} holds secrets"):
        load_settings()


async def test_without_a_folder_it_says_which_setting_is_missing(open_workplace: OpenWorkplace) -> None:
    result = await (await open_workplace(export_collections=["orders"])).execute(EXPORT, collection="orders")
    assert (result.outcome, result.retryable) == ("failure", False)
    assert "EXPORT_FOLDER" in result.summary


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"collection": "a", "format": "xml"},
        {"collection": "a", "fileName": "../../etc/cron.d/x"},
        {"collection": "a", "fileName": "a/b"},
        {"collection": "a", "fields": ["$where"]},
        {"collection": "a", "fields": ["a", "a.b"]},
        {"collection": "a", "fields": ["a", "a"]},
        {"collection": "a", "sort": ["--a"]},
        {"collection": "a", "filter": '{"$where": "1"}'},
        {"collection": "a", "format": "parquet", "gzip": True},
        {"collection": "a", "format": "extended_json", "fields": ["a"]},
    ],
    ids=str,
)
def test_parameters_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EXPORT.Parameters.model_validate(wrong)
