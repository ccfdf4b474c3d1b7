"""The newest runs of a job stay, a changed setting applies to what ended earlier, and a crash loses no progress."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import DatetimeMS, ObjectId

from api.store.audit import run_audit
from scheduler_daemon.scheduling import housekeeper as module
from scheduler_daemon.scheduling.housekeeper import PAUSE_SECONDS, Housekeeper
from scheduler_daemon.store.retention import RetentionStore
from scheduler_daemon.store.transactions import Fence, TransactionSession
from shared.models.queue import DeliveryState, QueueState
from shared.models.runs import TERMINAL, RunState
from shared.models.scheduler_state import RetentionSettings
from shared.queries import retention as queries
from tests.integration.scheduler.conftest import OpenBench
from tests.support.clocks import ManualClock
from tests.support.documents import job_document
from tests.support.workbench import Workbench

FAR = datetime(2090, 1, 2, tzinfo=UTC)
"""The server removes by its own clock: in these tests nothing may expire by it."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEK = RetentionSettings(success=7 * DAY, failure=30 * DAY, messages=90 * DAY)
KeeperOf = Callable[..., Housekeeper]


@pytest.fixture
async def bench(open_bench: OpenBench) -> Workbench:
    """Far in the future, and with the indexes."""
    return await open_bench(clock=ManualClock(FAR))


@pytest.fixture
def keeper(bench: Workbench) -> KeeperOf:
    """`keeper(settings, batch=2)`: a housekeeper of the leader."""

    def build(settings: RetentionSettings = WEEK, batch: int = 500) -> Housekeeper:
        fence = Fence(TransactionSession(bench.db.client), bench.db)
        fence.arm(1)
        return Housekeeper(RetentionStore(bench.db), fence, settings, bench.clock, batch)

    return build


async def until_idle(housekeeper: Housekeeper) -> int:
    """How many pieces of work it took until nothing was left."""
    for count in range(1, 100):
        if await housekeeper.run_once() == PAUSE_SECONDS:
            return count
    raise AssertionError("it never rests")


def ended(identity: str, age: timedelta, state: str = "succeeded", *, of: str = "job-1", **changes: Any) -> Any:
    """A run of `of` that ended `age` ago, under the settings WEEK."""
    at = FAR - age
    keep = WEEK.success if state in ("succeeded", "skipped") else WEEK.failure
    return {
        "_id": identity, "jobId": of, "state": state, "scheduledFor": at, "finishedAt": at, "expireAt": at + keep,
        **changes,
    }  # fmt: skip


async def expiries(bench: Workbench, collection: str = "job_runs") -> dict[Any, Any]:
    return {each["_id"]: each.get("expireAt") async for each in bench.db[collection].find()}


def log_page(run_id: str, page: int = 0, **changes: Any) -> dict[str, Any]:
    return {"_id": f"{run_id}:1:{page}", "runId": run_id, "attempt": 1, "page": page, "lines": [], **changes}


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


async def test_a_shorter_setting_applies_to_old_runs_and_what_it_would_remove_at_once_has_an_hour(
    bench: Workbench, keeper: KeeperOf
):
    await until_idle(keeper())
    await bench.db.job_runs.insert_many(
        [
            ended("fresh", HOUR), ended("past", 3 * DAY), ended("soon", 7 * DAY - HOUR / 2),
            ended("failed", 3 * DAY, "failed"), {"_id": "live", "jobId": "job-1", "state": "running"},
        ]
    )  # fmt: skip
    await bench.db.job_run_logs.insert_many([log_page("fresh", expireAt=FAR), log_page("live")])
    await until_idle(keeper(RetentionSettings(success=2 * DAY, failure=5 * DAY, messages=DAY)))
    found = await expiries(bench)
    assert found["fresh"] == FAR - HOUR + 2 * DAY
    assert FAR + HOUR <= found["past"] < FAR + 2 * HOUR
    assert found["soon"] == FAR + HOUR / 2, "nothing lives longer for a shorter setting"
    assert found["failed"] == FAR + 2 * DAY
    assert found["live"] is None
    assert await expiries(bench, "job_run_logs") == {"fresh:1:0": found["fresh"], "live:1:0": None}


async def test_a_longer_setting_applies_to_old_runs(bench: Workbench, keeper: KeeperOf):
    await until_idle(keeper())
    states = [state.value for state in TERMINAL]
    await bench.db.job_runs.insert_many([ended(state, DAY, state) for state in states])
    await until_idle(keeper(RetentionSettings(success=20 * DAY, failure=60 * DAY, messages=DAY)))
    found = await expiries(bench)
    assert found == {state: FAR + (19 if state in queries.KEPT_AS_SUCCESS else 59) * DAY for state in states}


async def test_the_newest_runs_survive_a_much_shorter_setting(bench: Workbench, keeper: KeeperOf):
    await bench.db.dynamic_jobs.insert_one(job_document(policies={"keepLast": 1}))
    await until_idle(keeper())
    await bench.db.job_runs.insert_many([ended("a", 4 * DAY), ended("b", 3 * DAY)])
    short = RetentionSettings(success=2 * HOUR, failure=2 * HOUR, messages=DAY)
    for _ in range(40):
        await until_idle(keeper(short))
        bench.clock.advance(600)
        alive = {name for name, at in (await expiries(bench)).items() if at > bench.clock.now()}
        assert "b" in alive
    assert alive == {"b"}


async def test_messages_and_their_deliveries_follow_the_setting(bench: Workbench, keeper: KeeperOf):
    await until_idle(keeper())
    past = {"finishedAt": FAR - DAY, "expireAt": FAR + 89 * DAY}
    await bench.db.notification_queue.insert_many(
        [{"_id": "sent", "state": "sent", **past}, {"_id": "pending", "state": "pending"}]
    )
    await bench.db.deliveries.insert_many(
        [
            {"_id": "sent:1", "itemId": "sent", "state": "sent", **past},
            {"_id": "pending:1", "itemId": "pending", "state": "refused", **past},
            {"_id": "pending:2", "itemId": "pending", "state": "started"},
        ]
    )
    await until_idle(keeper(RetentionSettings(success=7 * DAY, failure=30 * DAY, messages=10 * DAY), batch=2))
    assert await expiries(bench, "notification_queue") == {"sent": FAR + 9 * DAY, "pending": None}
    found = await expiries(bench, "deliveries")
    assert found == {"sent:1": FAR + 9 * DAY, "pending:1": FAR + 9 * DAY, "pending:2": None}
    assert {*queries.MESSAGE_STATES, *("pending", "sending", "retry_wait", "unknown")} == set(QueueState)
    assert set(queries.DELIVERY_STATES) == set(DeliveryState) - {"started"}


async def test_a_crash_in_the_middle_of_a_change_goes_on_where_it_was(
    bench: Workbench, keeper: KeeperOf, monkeypatch: pytest.MonkeyPatch
):
    await until_idle(keeper())
    await bench.db.job_runs.insert_many([ended(f"r{number}", DAY) for number in range(9)])
    longer = RetentionSettings(success=20 * DAY, failure=60 * DAY, messages=DAY)
    for _ in range(3):
        await keeper(longer, batch=3).run_once()
    done = {name for name, at in (await expiries(bench)).items() if at == FAR + 19 * DAY}
    assert done == {f"r{number}" for number in range(7)}, "r2 and r4 are the first of the batch after their own"

    looked_at: list[Any] = []
    real_ids, real_save = RetentionStore.ids_from, RetentionStore.save

    async def watched(self: RetentionStore, *place: Any) -> list[Any]:
        looked_at.extend(found := await real_ids(self, *place))
        return found

    async def dies(self: RetentionStore, *state: Any) -> None:
        if state[1].applying != state[0].applying:
            raise ConnectionError("died after the change, before the note")
        await real_save(self, *state)

    monkeypatch.setattr(RetentionStore, "ids_from", watched)
    monkeypatch.setattr(RetentionStore, "save", dies)
    with pytest.raises(ConnectionError):
        await keeper(longer, batch=3).run_once()
    monkeypatch.setattr(RetentionStore, "save", real_save)
    await until_idle(keeper(longer, batch=3))
    assert set((await expiries(bench)).values()) == {FAR + 19 * DAY}
    assert "r0" not in looked_at


async def test_of_two_leaders_that_note_at_once_one_notes(bench: Workbench, keeper: KeeperOf):
    await until_idle(keeper())
    store = RetentionStore(bench.db)
    seen = await store.state()
    assert seen is not None
    first = await store.save(seen, seen.model_copy(update={"reviewed_until": FAR + DAY}))
    assert first is not None
    assert await store.save(seen, seen.model_copy(update={"reviewed_until": FAR})) is None
    assert await store.state() == first


async def test_a_standby_keeps_its_hands_off(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document())
    await bench.db.job_runs.insert_one(ended("r", 7 * DAY - HOUR))
    assert await bench.daemon.housekeeper.run_once() == PAUSE_SECONDS
    assert await bench.db.scheduler_state.find_one({"_id": "retention"}) is None
    await bench.lead()
    await until_idle(bench.daemon.housekeeper)
    assert (await expiries(bench))["r"] == FAR + 7 * DAY


@pytest.mark.parametrize("note", [{"settings": 5}, {"reviewedUntil": "soon"}, {"n": "x"}, {"applying": [1]}])
async def test_an_unreadable_note_is_written_anew(bench: Workbench, keeper: KeeperOf, note: dict[str, Any]):
    await until_idle(keeper())
    await bench.db.scheduler_state.update_one({"_id": "retention"}, {"$set": note})
    await until_idle(keeper())
    found = await RetentionStore(bench.db).state()
    assert found is not None
    assert (found.settings, found.applying) == (WEEK, None)


async def test_malformed_runs_and_messages_stop_nothing(bench: Workbench, keeper: KeeperOf):
    await bench.db.dynamic_jobs.insert_one(job_document())
    odd: list[Any] = ["soon", 5, [FAR + HOUR], [FAR + HOUR, "x"], {}, None, DatetimeMS(2**60), DatetimeMS(-(2**60))]
    documents = [
        ended(f"{field}-{number}", 7 * DAY - HOUR, **{field: value})
        for field in ("expireAt", "finishedAt", "scheduledFor", "jobId", "state")
        for number, value in enumerate(odd)
    ]
    identities: list[Any] = [ObjectId(), 5, {"a": 1}, None, FAR, True]
    documents += [ended(identity, 7 * DAY - HOUR) for identity in identities]
    await bench.db.job_runs.insert_many(documents)
    await bench.db.notification_queue.insert_many([{**each, "state": "sent"} for each in documents])
    await bench.db.job_runs.insert_one(ended("zz", HOUR))
    await until_idle(keeper(batch=3))
    await until_idle(keeper(RetentionSettings(success=20 * DAY, failure=60 * DAY, messages=DAY), batch=3))
    assert (await bench.run("zz"))["expireAt"] == FAR - HOUR + 20 * DAY


async def test_the_audit_finds_nothing_before_during_and_after_a_change(
    bench: Workbench, keeper: KeeperOf, db: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BATCH", 2)
    await bench.db.dynamic_jobs.insert_one(
        job_document(since=FAR - 9 * DAY, schedule={"kind": "interval", "every": "1d"}, plannedRevision=1,
                     daemon={"cursor": FAR, "nextRun": FAR + DAY})
    )  # fmt: skip
    template = {
        "jobRevision": 1, "template": "noop", "trigger": "schedule", "timeoutMs": 1, "backoffMs": 1, "maxBackoffMs": 1,
        "params": {}, "createdBy": "scheduler",
    }  # fmt: skip
    kept = [0, 1, 2, 3, 4, 5, 6]  # what ended earlier was removed under WEEK
    await bench.db.job_runs.insert_many(
        [ended(f"job-1:{number}", number * DAY, createdAt=FAR - number * DAY, **template) for number in kept]
    )
    for settings in (WEEK, RetentionSettings(success=20 * DAY, failure=60 * DAY, messages=DAY), WEEK):
        housekeeper = keeper(settings, batch=2)
        while await housekeeper.run_once() != PAUSE_SECONDS:
            assert run_audit(db, FAR) == []
        assert run_audit(db, FAR) == []
    await bench.db.job_runs.delete_one({"_id": "job-1:3"})
    assert [finding.check for finding in run_audit(db, FAR)] == ["occurrence_lost"]


EXPLAINED: list[tuple[str, str, Any, list[tuple[str, int]], int]] = [
    ("job_runs", "expiry", queries.expiring(FAR, FAR + HOUR), [("expireAt", 1)], 3),
    ("job_runs", "by_job", queries.newest_ended("job-1"), queries.NEWEST_FIRST, 3),
    ("job_runs", "_id_", queries.moved_on(["r0", "r1", "r2"], FAR, FAR)[0], [], 3),
    ("job_runs", "_id_", queries.runs_kept_anew(["r0", "r1", "r2"], DAY, DAY, FAR)[0], [], 3),
    ("notification_queue", "_id_", queries.messages_kept_anew(["m0", "m1", "m2"], DAY, FAR)[0], [], 3),
    ("deliveries", "by_item", queries.deliveries_kept_anew(["m0", "m1", "m2"], DAY, FAR)[0], [], 3),
    ("job_run_logs", "by_run", {"runId": {"$in": ["r0", "r1", "r2"]}}, [], 3),
]


async def fill(bench: Workbench) -> None:
    many = 600
    runs = [ended(f"r{number}", timedelta(0), of=f"job-{number % 200}", expireAt=FAR + 9 * DAY + number * HOUR)
            for number in range(many)]  # fmt: skip
    for number in range(3):
        runs[number]["expireAt"] = FAR + HOUR
    await bench.db.job_runs.insert_many(runs)
    past = {"finishedAt": FAR, "expireAt": FAR + DAY}
    await bench.db.notification_queue.insert_many(
        [{"_id": f"m{number}", "state": "sent", **past} for number in range(many)]
    )
    await bench.db.deliveries.insert_many(
        [{"_id": f"m{number}:1", "itemId": f"m{number}", "state": "sent", **past} for number in range(many)]
    )
    await bench.db.job_run_logs.insert_many([log_page(f"r{number}") for number in range(many)])


async def test_the_queries_of_retention_walk_their_indexes(bench: Workbench):
    await fill(bench)
    for collection, index, criteria, order, found in EXPLAINED:
        cursor = bench.db[collection].find(criteria)
        cursor = cursor.hint([("_id", 1)]) if index == "_id_" else cursor  # as the store does
        explained = await (cursor.sort(order).limit(found) if order else cursor).explain()
        plan = str(explained["queryPlanner"]["winningPlan"])
        assert f"'indexName': '{index}'" in plan, (collection, plan)
        assert "'stage': 'SORT'" not in plan
        assert explained["executionStats"]["totalKeysExamined"] <= 2 * found + 4, collection
    walk = await (
        bench.db.job_runs.find({}, {"_id": 1}).min([("_id", "r3")]).hint([("_id", 1)]).sort("_id", 1).limit(5).explain()
    )
    assert walk["executionStats"]["totalDocsExamined"] == 0
    assert walk["executionStats"]["totalKeysExamined"] <= 6


def test_the_review_keeps_ahead_of_new_runs_and_of_what_a_change_removes():
    for shortest in (timedelta(seconds=10), HOUR, DAY, 7 * DAY, 400 * DAY):
        assert queries.look_ahead(shortest, applying=False) <= shortest / 2
        assert queries.look_ahead(shortest, applying=True) < queries.GRACE
    assert queries.look_ahead(7 * DAY, applying=False) == 3 * DAY
    assert set(queries.RUN_STATES) == set(TERMINAL)
    assert {RunState(each) for each in queries.KEPT_AS_SUCCESS} == {RunState.SUCCEEDED, RunState.SKIPPED}
