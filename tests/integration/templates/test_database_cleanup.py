"""database_cleanup: what goes, what stays, and what it refuses to do."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from scheduler_daemon.job_templates.database_cleanup_template import DatabaseCleanupTemplate
from shared.errors import SettingsError
from shared.settings import load_settings
from tests.integration.templates.conftest import OpenWorkplace, Workplace
from tests.support.documents import MONDAY

CLEANUP = DatabaseCleanupTemplate()
DAY = timedelta(days=1)
QUICK = {"collection": "sessions", "pause": "0s"}


def session(identity: Any, days: float, **fields: Any) -> dict[str, Any]:
    return {"_id": identity, "createdAt": MONDAY - days * DAY, "state": "done", **fields}


@pytest.fixture
async def place(open_workplace: OpenWorkplace) -> Workplace:
    """A collection that may be cleaned up, with an index on its date, and one that may not."""
    opened = await open_workplace(cleanup_collections=["sessions"])
    await opened.db.sessions.create_index("createdAt")
    await opened.db.orders.insert_one(session("order", 1000))
    return opened


async def left(place: Workplace) -> list[Any]:
    return [each["_id"] for each in await place.db.sessions.find({}, {"_id": 1}).sort("_id", 1).to_list()]


async def test_what_is_old_and_matches_goes_and_the_rest_stays(place: Workplace) -> None:
    await place.db.sessions.insert_many(
        [
            session("a-old", 31),
            session("b-exactly", 30),
            session("c-young", 29),
            session("d-open", 31, state="open"),
            session("e-text", 0, createdAt="2020-01-01"),
            session("f-list", 0, createdAt=[datetime(2020, 1, 1)]),  # noqa: DTZ001 - stored as UTC
            {"_id": "g-without"},
        ]
    )
    result = await place.execute(CLEANUP, **QUICK, filter='{"state": {"$ne": "open"}}')
    assert result.outcome == "success"
    assert result.summary == "deleted 1 documents of sessions"
    assert (result.metrics["matched"], result.metrics["deleted"]) == (1, 1)
    assert await left(place) == ["b-exactly", "c-young", "d-open", "e-text", "f-list", "g-without"]
    again = await place.execute(CLEANUP, **QUICK, filter='{"state": {"$ne": "open"}}')
    assert again.metrics["deleted"] == 0


@pytest.mark.parametrize("keep", [0, 1])
async def test_a_list_on_the_way_to_the_date_tells_no_age(place: Workplace, keep: int) -> None:
    """Of the dates in a list a comparison finds any: one old entry would delete a document that has new ones."""
    old, new = {"seenAt": MONDAY - 40 * DAY}, {"seenAt": MONDAY}
    await place.db.sessions.create_index("a.items.seenAt")
    await place.db.sessions.insert_many(
        [
            {"_id": "a-mixed", "a": {"items": [old, new]}},
            {"_id": "b-outer", "a": [{"items": old}, {"items": new}]},
            {"_id": "c-plain", "a": {"items": old}},
            {"_id": "d-newest", "a": {"items": new}},
        ]
    )
    result = await place.execute(CLEANUP, **QUICK, dateField="a.items.seenAt", keepLast=keep)
    assert (result.outcome, result.metrics["deleted"]) == ("success", 1)
    assert await left(place) == ["a-mixed", "b-outer", "d-newest"]


async def test_a_dry_run_reports_what_would_go_and_deletes_nothing(place: Workplace) -> None:
    await place.db.sessions.insert_many([session(n, 40) for n in range(7)])
    result = await place.execute(CLEANUP, **QUICK, dryRun=True)
    assert result.summary == "would delete 7 documents of sessions"
    assert result.metrics == {"matched": 7, "deleted": 0, "olderThan": "2026-10-24T09:00:00.000Z", "dryRun": True}
    assert len(await left(place)) == 7


async def test_batches_report_progress_and_the_oldest_go_first(place: Workplace) -> None:
    await place.db.sessions.insert_many([session(n, 31 + n) for n in range(10)])
    result = await place.execute(CLEANUP, **QUICK, batchSize=4, maxDocuments=9)
    assert (result.metrics["matched"], result.metrics["deleted"]) == (9, 9)
    assert await left(place) == [0], "the youngest of them"
    assert [(each.done, each.total) for each in place.progress] == [(4, 9), (8, 9), (9, 9)]


@pytest.mark.parametrize(("keep", "kept"), [(0, []), (3, ["d", "e", "f"]), (6, ["a", "b", "c", "d", "e", "f"])])
async def test_the_newest_stay_however_old_they_are(place: Workplace, keep: int, kept: list[str]) -> None:
    """Some share one moment: exactly as many are kept all the same."""
    ages = {"a": 50, "b": 40, "c": 40, "d": 40, "e": 40, "f": 35}
    await place.db.sessions.insert_many([session(identity, days) for identity, days in ages.items()])
    await place.db.sessions.insert_one(session("other", 1, state="open"))
    result = await place.execute(CLEANUP, **QUICK, keepLast=keep, filter='{"state": "done"}')
    assert result.outcome == "success"
    assert await left(place) == [*kept, "other"]


async def test_keeping_more_than_there_are_deletes_nothing(place: Workplace) -> None:
    await place.db.sessions.insert_many([session(n, 40) for n in range(3)])
    result = await place.execute(CLEANUP, **QUICK, keepLast=10)
    assert (result.outcome, result.metrics["deleted"]) == ("success", 0)


@pytest.mark.parametrize("keep", [0, 1])
async def test_without_an_index_it_refuses_unless_told_so(place: Workplace, keep: int) -> None:
    await place.db.sessions.drop_index("createdAt_1")
    await place.db.sessions.insert_many([session(n, 40 + n) for n in range(5)])
    refused = await place.execute(CLEANUP, **QUICK, keepLast=keep)
    assert (refused.outcome, refused.retryable) == ("failure", False)
    assert "create one on createdAt, or set allowScan" in refused.summary
    assert len(await left(place)) == 5
    done = await place.execute(CLEANUP, **QUICK, keepLast=keep, allowScan=True)
    assert done.metrics["deleted"] == 5 - keep


async def test_a_document_that_became_young_meanwhile_stays(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its identity was read already when it changed."""
    await place.db.sessions.insert_many([session("a", 40), session("b", 40)])
    collection = place.services.database.cleanable("sessions")
    delete = type(collection).delete

    async def after_a_change(self: Any, ids: Any, criteria: Any) -> int:
        await place.db.sessions.update_one({"_id": "a"}, {"$set": {"createdAt": MONDAY}})
        return await delete(self, ids, criteria)

    monkeypatch.setattr(type(collection), "delete", after_a_change)
    result = await place.execute(CLEANUP, **QUICK)
    assert (result.metrics["matched"], result.metrics["deleted"]) == (2, 1)
    assert await left(place) == ["a"]


@pytest.mark.parametrize("name", ["orders", "dynamic_jobs", "sessions_archive", "$cmd", "system.users"])
async def test_only_collections_of_the_settings_are_touched(place: Workplace, name: str) -> None:
    result = await place.execute(CLEANUP, **{**QUICK, "collection": name})
    assert (result.outcome, result.retryable) == ("failure", False)
    assert result.summary == f"collection: the setting CLEANUP_COLLECTIONS does not list {name!r}"
    assert await place.db.orders.count_documents({}) == 1


async def test_without_a_collection_nothing_is_done(place: Workplace) -> None:
    result = await place.execute(CLEANUP)
    assert (result.outcome, result.summary) == ("skipped", "no collection is named: set the parameter collection")


async def test_a_cancelled_run_ends_within_a_second_and_keeps_the_rest(place: Workplace) -> None:
    await place.db.sessions.insert_many([session(n, 40) for n in range(10)])
    await place.cancelled_within_a_second(CLEANUP, collection="sessions", batchSize=2, pause="10s")
    assert len(await left(place)) == 8


@pytest.mark.parametrize("name", ["job_runs", "api_tokens", "exports", "system.users", "a$b"])
def test_the_settings_never_list_the_schedulers_own(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1/")
    monkeypatch.setenv("CLEANUP_COLLECTIONS", f'["{name}"]')
    with pytest.raises(SettingsError, match=r"^CLEANUP_COLLECTIONS\.0: "):
        load_settings()


@pytest.mark.parametrize(
    "wrong",
    [
        {"dateField": "$where"},
        {"dateField": "a..b"},
        {"olderThan": "0s"},
        {"filter": '{"$where": "1"}'},
        {"pause": "11s"},
        {"batchSize": 0},
        {"keepLast": -1},
        {"colection": "x"},
    ],
    ids=str,
)
def test_parameters_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CLEANUP.Parameters.model_validate(wrong)
