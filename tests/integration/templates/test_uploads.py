"""data_export puts its file into a bucket, when the settings name one and the job asks for it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scheduler_daemon.exports import upload
from scheduler_daemon.exports.upload import UploadError
from scheduler_daemon.job_templates.data_export_template import DataExportTemplate
from tests.integration.templates.conftest import OpenWorkplace, Workplace
from tests.support.s3_server import S3Server

EXPORT = DataExportTemplate()
SECRET = "s3cret-of-the-key"


@pytest.fixture
async def server() -> AsyncIterator[S3Server]:
    async with S3Server("key", SECRET) as started:
        yield started


@pytest.fixture
async def place(open_workplace: OpenWorkplace, server: S3Server, tmp_path: Path) -> Workplace:
    return await open_place(open_workplace, server, tmp_path)


async def open_place(open_workplace: OpenWorkplace, server: S3Server, folder: Path, **settings: Any) -> Workplace:
    given = {
        "export_collections": ["orders"],
        "export_folder": folder,
        "upload_s3_bucket": "the-bucket",
        "upload_s3_prefix": "daily/",
        "upload_s3_endpoint": server.endpoint,
        "upload_s3_access_key_id": "key",
        "upload_s3_secret_access_key": SECRET,
    }
    place = await open_workplace(**{**given, **settings})
    await place.db.orders.insert_many([{"_id": n, "text": "x" * 100} for n in range(100)])
    return place


async def test_the_file_and_its_checksum_are_put_under_the_prefix(
    place: Workplace, server: S3Server, tmp_path: Path
) -> None:
    result = await place.execute(EXPORT, collection="orders", upload=True)
    name = result.metrics["file"]
    assert result.metrics["uploadedTo"] == f"s3://the-bucket/daily/{name}"
    assert server.objects == {
        f"the-bucket/daily/{each}": (tmp_path / each).read_bytes() for each in (name, f"{name}.sha256")
    }


async def test_a_large_file_goes_in_parts(place: Workplace, server: S3Server, tmp_path: Path) -> None:
    await place.db.orders.insert_many([{"_id": n, "text": "x" * 100_000} for n in range(100, 220)])
    result = await place.execute(EXPORT, collection="orders", upload=True)
    name = result.metrics["file"]
    assert result.metrics["bytes"] > 10 * 1024 * 1024
    assert server.objects[f"the-bucket/daily/{name}"] == (tmp_path / name).read_bytes()


async def test_nothing_is_uploaded_unless_asked_for(place: Workplace, server: S3Server) -> None:
    await place.execute(EXPORT, collection="orders")
    assert server.objects == {}


async def test_a_refused_upload_fails_the_attempt_and_the_file_stays(
    place: Workplace, server: S3Server, tmp_path: Path
) -> None:
    server.refuse_with = 403
    with pytest.raises(UploadError, match="was written but not uploaded to the-bucket") as refused:
        await place.execute(EXPORT, collection="orders", upload=True)
    assert SECRET not in str(refused.value)
    assert await place.db.exports.count_documents({}) == 1
    server.refuse_with = None
    assert (await place.execute(EXPORT, collection="orders", upload=True)).outcome == "success"
    assert len(server.objects) == 2


async def test_a_wrong_secret_is_an_error_that_does_not_show_it(
    open_workplace: OpenWorkplace, server: S3Server, tmp_path: Path
) -> None:
    place = await open_place(open_workplace, server, tmp_path, upload_s3_secret_access_key="wr0ng")
    with pytest.raises(UploadError) as refused:
        await place.execute(EXPORT, collection="orders", upload=True)
    assert "wr0ng" not in str(refused.value)
    assert server.objects == {}


async def test_a_stalled_upload_is_cancelled_within_a_second(place: Workplace, server: S3Server) -> None:
    server.answering.clear()
    task = asyncio.create_task(place.execute(EXPORT, collection="orders", upload=True))
    await asyncio.wait_for(server.arrived.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asyncio.shield(task), 1)


@pytest.mark.parametrize(("installed", "words"), [(True, "set UPLOAD_S3_BUCKET"), (False, "install the extra")])
async def test_without_a_bucket_or_the_extra_it_says_so(
    open_workplace: OpenWorkplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool, words: str
) -> None:
    if not installed:
        monkeypatch.setattr(upload, "obstore", None)
    place = await open_workplace(export_collections=["orders"], export_folder=tmp_path)
    result = await place.execute(EXPORT, collection="orders", upload=True)
    assert (result.outcome, result.retryable) == ("failure", False)
    assert words in result.summary
