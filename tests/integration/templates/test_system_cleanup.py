"""system_cleanup: what has been kept long enough goes, and nothing else."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from scheduler_daemon.job_templates.data_export_template import DataExportTemplate
from scheduler_daemon.job_templates.system_cleanup_template import SystemCleanupTemplate
from scheduler_daemon.store.expired import EXPIRING
from shared.errors import SettingsError
from shared.queries import retention
from shared.settings import load_settings
from tests.integration.templates.conftest import OpenWorkplace, Workplace
from tests.support.documents import MONDAY

CLEANUP = SystemCleanupTemplate()
DAY = timedelta(days=1)
SOON = MONDAY + timedelta(days=3650)
"""Later than the server's own clock: MongoDB removes nothing by itself meanwhile."""


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    made = tmp_path / "temporary"
    made.mkdir()
    return made


@pytest.fixture
async def place(open_workplace: OpenWorkplace, tmp_path: Path, temporary: Path) -> Workplace:
    (tmp_path / "exports").mkdir()
    opened = await open_workplace(
        temporary_folders=[temporary], export_folder=tmp_path / "exports", export_collections=["orders"]
    )
    opened.clock.step(3650 * 86400 + 60)
    return opened


def put(path: Path, days: float) -> Path:
    path.write_text("12345")
    moment = (SOON - days * DAY).timestamp()
    os.utime(path, (moment, moment))
    return path


async def add_expiring(place: Workplace) -> None:
    """Two that have expired, one that will, one that never does and one whose expiry is no date, in each collection."""
    for name in EXPIRING:
        expiries = [SOON, SOON, SOON + DAY, None, "soon"]
        await place.db[name].insert_many([{"_id": f"{n}", "expireAt": at} for n, at in enumerate(expiries)])


async def test_expired_documents_of_every_collection_go_at_once(place: Workplace) -> None:
    await add_expiring(place)
    result = await place.execute(CLEANUP)
    assert result.outcome == "success"
    assert result.metrics["documents"] == {**dict.fromkeys(EXPIRING, 2), "api_tokens": 0}
    for name in EXPIRING:
        assert [each["_id"] async for each in place.db[name].find().sort("_id", 1)] == ["2", "3", "4"]


async def test_every_collection_whose_documents_expire_is_cleaned_up(place: Workplace) -> None:
    expiring = set()
    for name in await place.db.list_collection_names():
        indexes = await place.db[name].index_information()
        if any("expireAfterSeconds" in index for index in indexes.values()):
            expiring.add(name)
    assert set(EXPIRING) == expiring


async def test_a_dry_run_counts_and_removes_nothing(place: Workplace, temporary: Path, tmp_path: Path) -> None:
    await add_expiring(place)
    put(temporary / "old", 8)
    await place.db.api_tokens.insert_one({"_id": "a", "tokenHash": "a", "expiresAt": SOON - 31 * DAY})
    await _old_export(place, tmp_path)
    dry = await place.execute(CLEANUP, dryRun=True)
    assert len(os.listdir(tmp_path / "exports")) == 2
    done = await place.execute(CLEANUP)
    assert {**dry.metrics, "dryRun": False} == done.metrics
    assert dry.summary.replace("would remove", "removed") == done.summary
    assert done.metrics["documents"]["api_tokens"] == 1
    assert (done.metrics["files"], done.metrics["exports"]) == (3, 1)
    assert os.listdir(tmp_path / "exports") == []


async def _old_export(place: Workplace, tmp_path: Path) -> None:
    await place.execute(DataExportTemplate(), run_id="old", collection="orders")
    for name in os.listdir(tmp_path / "exports"):
        os.utime(tmp_path / "exports" / name, (MONDAY.timestamp(), MONDAY.timestamp()))
    await place.db.exports.update_many({}, {"$set": {"createdAt": MONDAY}})


async def test_tokens_that_are_of_no_use_any_more_go(place: Workplace) -> None:
    ago = {"expired long ago": 31, "expired": 29}
    tokens = [{"_id": name, "expiresAt": SOON - days * DAY, "revokedAt": None} for name, days in ago.items()]
    tokens += [{"_id": "revoked long ago", "expiresAt": None, "revokedAt": SOON - 40 * DAY}]
    tokens += [{"_id": "valid", "expiresAt": None, "revokedAt": None}, {"_id": "odd", "expiresAt": "x"}]
    await place.db.api_tokens.insert_many([{**each, "tokenHash": each["_id"]} for each in tokens])
    result = await place.execute(CLEANUP)
    assert result.metrics["documents"]["api_tokens"] == 2
    assert [each["_id"] async for each in place.db.api_tokens.find().sort("_id", 1)] == ["expired", "odd", "valid"]


async def test_old_files_of_allowed_folders_go_and_are_counted(place: Workplace, temporary: Path) -> None:
    put(temporary / "old", 8)
    put(temporary / "young", 6)
    result = await place.execute(CLEANUP)
    assert (result.metrics["files"], result.metrics["bytes"]) == (1, 5)
    assert os.listdir(temporary) == ["young"]
    assert result.summary.endswith("1 files, 5 bytes")


async def test_a_parameter_alone_opens_no_folder(place: Workplace, tmp_path: Path, temporary: Path) -> None:
    put(tmp_path / "precious", 100)
    for folder in (str(tmp_path), f"{temporary}/..", "/etc", "."):
        result = await place.execute(CLEANUP, folders=[folder])
        assert (result.outcome, result.retryable) == ("failure", False)
        assert result.summary == f"folders: the setting TEMPORARY_FOLDERS does not list {folder!r}"
    assert (tmp_path / "precious").exists()


async def test_parts_can_be_left_out(place: Workplace, temporary: Path) -> None:
    await add_expiring(place)
    old = put(temporary / "old", 8)
    result = await place.execute(CLEANUP, documents=False, tokens=False, exports=False, temporaryFiles=False)
    assert (result.metrics["documents"], result.metrics["files"]) == ({}, 0)
    assert old.exists()


async def test_a_folder_that_is_gone_is_empty_and_one_that_cannot_be_read_is_named(
    open_workplace: OpenWorkplace, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    place = await open_workplace(temporary_folders=[tmp_path / "gone", tmp_path / "file"])
    result = await place.execute(CLEANUP)
    assert (result.outcome, result.summary) == ("failure", f"{tmp_path / 'file'}: Not a directory")


async def test_a_cancelled_run_ends_within_a_second(place: Workplace, temporary: Path) -> None:
    for number in range(3000):
        (temporary / str(number)).touch()
    await place.cancelled_within_a_second(CLEANUP)


async def test_what_has_expired_is_found_by_its_index(place: Workplace) -> None:
    await add_expiring(place)
    explained = await place.db.job_runs.find(retention.expired(SOON + DAY)).explain()
    assert "'indexName': 'expiry'" in str(explained["queryPlanner"]["winningPlan"])
    assert explained["executionStats"]["totalKeysExamined"] <= 3


async def test_old_records_of_exports_are_found_by_their_index(place: Workplace) -> None:
    explained = await place.db.exports.find({"createdAt": {"$lt": SOON}}).explain()
    assert "'indexName': 'by_creation'" in str(explained["queryPlanner"]["winningPlan"])


@pytest.mark.parametrize("folder", ["/", "relative", "/srv/../etc"])
def test_the_settings_name_real_folders(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1/")
    monkeypatch.setenv("TEMPORARY_FOLDERS", f'["{folder}"]')
    with pytest.raises(SettingsError, match=r"^TEMPORARY_FOLDERS\.0: .*absolute path"):
        load_settings()


@pytest.mark.parametrize("wrong", [{"filesOlderThan": "0s"}, {"folders": [""]}, {"command": "rm"}], ids=str)
def test_parameters_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CLEANUP.Parameters.model_validate(wrong)
