"""The newest runs of a job stay, however old they are, and each run is looked at once."""

from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection

from scheduler_daemon.scheduling.housekeeper import PAUSE_SECONDS
from scheduler_daemon.store.retention import RetentionStore
from tests.integration.scheduler.retention.conftest import KeeperOf
from tests.integration.scheduler.retention.ended import DAY, FAR, HOUR, ended, expiries, log_page, until_idle
from tests.support.documents import job_document
from tests.support.workbench import Workbench


async def test_the_newest_runs_of_a_job_are_moved_on_before_they_expire_and_their_logs_with_them(
    bench: Workbench, keeper: KeeperOf
):
    await bench.db.dynamic_jobs.insert_one(job_document(policies={"keepLast": 2}))
    almost = 7 * DAY - HOUR
    states = ["succeeded", "failed", "skipped"]
    ages = {"failed": 30 * DAY - HOUR}
    await bench.db.job_runs.insert_many([ended("old", almost + HOUR / 2), ended("new", almost), ended("newest", HOUR)])
    await bench.db.job_runs.insert_many([ended(state, ages.get(state, almost), state, of=state) for state in states])
    await bench.db.dynamic_jobs.insert_many([job_document(state) for state in states])
    pages = [log_page("new"), log_page("new", 1), log_page("old", expireAt=FAR + HOUR / 2)]
    await bench.db.job_run_logs.insert_many(pages)
    await until_idle(keeper())
    assert await expiries(bench) == {
        "old": FAR + HOUR / 2,
        "new": FAR + 7 * DAY,
        "newest": FAR + 7 * DAY - HOUR,
        "succeeded": FAR + 7 * DAY,
        "failed": FAR + 30 * DAY,
        "skipped": FAR + 7 * DAY,
    }
    logs = await expiries(bench, "job_run_logs")
    assert logs == {"new:1:0": FAR + 7 * DAY, "new:1:1": FAR + 7 * DAY, "old:1:0": FAR + HOUR / 2}
    bench.clock.advance((7 * DAY - HOUR).total_seconds())
    await until_idle(keeper())
    assert (await expiries(bench))["new"] == FAR + 14 * DAY - HOUR


@pytest.mark.parametrize(
    ("job", "kept"),
    [
        ({}, True),
        ({"enabled": False}, True),
        ({"pause": {"at": FAR}}, True),
        ({"policies": {"keepLast": "many"}}, True),
        ({"policies": 5, "daemon": [1]}, True),
        ({"policies": {"keepLast": 0}}, False),
        ({"deletedAt": FAR}, False),
        ({"daemon": {"completed": True}}, False),
        (None, False),
    ],
)
async def test_only_a_job_with_runs_to_come_keeps_its_newest(
    bench: Workbench, keeper: KeeperOf, job: dict[str, Any] | None, kept: bool
):
    if job is not None:
        await bench.db.dynamic_jobs.insert_one(job_document(**job))
    await bench.db.job_runs.insert_one(ended("r", 7 * DAY - HOUR))
    await until_idle(keeper())
    assert ((await expiries(bench))["r"] == FAR + 7 * DAY) is kept


async def test_runs_that_expire_together_are_reviewed_however_small_a_batch_is(bench: Workbench, keeper: KeeperOf):
    await bench.db.dynamic_jobs.insert_one(job_document(policies={"keepLast": 1000}))
    same = [ended(f"same-{number}", 7 * DAY - HOUR) for number in range(7)]
    later = [ended(f"later-{number}", 7 * DAY - 2 * HOUR - number * HOUR) for number in range(5)]
    await bench.db.job_runs.insert_many([*same, *later])
    assert await until_idle(keeper(batch=2)) > 2
    assert set((await expiries(bench)).values()) == {FAR + 7 * DAY}


async def test_each_run_is_reviewed_once_and_only_shortly_before_it_expires(
    bench: Workbench, keeper: KeeperOf, monkeypatch: pytest.MonkeyPatch
):
    seen: list[str] = []
    real = RetentionStore.expiring

    async def watched(self: RetentionStore, *window: Any) -> list[dict[str, Any]]:
        found = await real(self, *window)
        seen.extend(run["_id"] for run in found)
        return found

    monkeypatch.setattr(RetentionStore, "expiring", watched)
    await bench.db.job_runs.insert_many([ended("soon", 6 * DAY), ended("late", HOUR)])
    for _ in range(3):
        await until_idle(keeper())
    assert seen == ["soon"]
    bench.clock.advance(-10 * 365 * 86_400)
    await until_idle(keeper())
    bench.clock.advance(10 * 365 * 86_400)
    await until_idle(keeper())
    assert seen == ["soon", "soon"], "after a clock that was set back nothing is left out"
    bench.clock.advance((6 * DAY).total_seconds())
    await until_idle(keeper())
    assert seen == ["soon", "soon", "late"]


async def test_a_standby_keeps_its_hands_off(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document())
    await bench.db.job_runs.insert_one(ended("r", 7 * DAY - HOUR))
    assert await bench.daemon.housekeeper.run_once() == PAUSE_SECONDS
    assert await bench.db.scheduler_state.find_one({"_id": "retention"}) is None
    await bench.lead()
    await until_idle(bench.daemon.housekeeper)
    assert (await expiries(bench))["r"] == FAR + 7 * DAY


async def test_a_crash_between_a_run_and_its_log_leaves_none_behind(
    bench: Workbench, keeper: KeeperOf, monkeypatch: pytest.MonkeyPatch
):
    await bench.db.dynamic_jobs.insert_one(job_document())
    await bench.db.job_runs.insert_one(ended("r", 7 * DAY - HOUR))
    await bench.db.job_run_logs.insert_one(log_page("r", expireAt=FAR + HOUR))
    await until_idle(keeper(batch=500))
    bench.clock.advance((6 * DAY).total_seconds())
    real, writes = AsyncCollection.update_many, 0

    async def dies_after_the_first(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal writes
        writes += 1
        if writes == 2:
            raise ConnectionError("died in between")
        return await real(self, *arguments, **options)

    monkeypatch.setattr(AsyncCollection, "update_many", dies_after_the_first)
    with pytest.raises(ConnectionError):
        await keeper().run_once()
    await until_idle(keeper())
    moved = (await expiries(bench))["r"]
    assert moved == bench.clock.now() + 7 * DAY
    assert await expiries(bench, "job_run_logs") == {"r:1:0": moved}
