"""The queries of retention walk their indexes, and malformed documents stop none of them."""

from datetime import timedelta
from typing import Any

from bson import DatetimeMS, ObjectId

from shared.models.runs import TERMINAL, RunState
from shared.models.scheduler_state import RetentionSettings
from shared.queries import retention as queries
from tests.integration.scheduler.retention.conftest import KeeperOf
from tests.integration.scheduler.retention.ended import DAY, FAR, HOUR, ended, log_page, until_idle
from tests.support.documents import job_document
from tests.support.workbench import Workbench

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


def test_the_review_keeps_ahead_of_new_runs_and_of_what_a_change_removes():
    for shortest in (timedelta(seconds=10), HOUR, DAY, 7 * DAY, 400 * DAY):
        assert queries.look_ahead(shortest, applying=False) <= shortest / 2
        assert queries.look_ahead(shortest, applying=True) < queries.GRACE
    assert queries.look_ahead(7 * DAY, applying=False) == 3 * DAY
    assert set(queries.RUN_STATES) == set(TERMINAL)
    assert {RunState(each) for each in queries.KEPT_AS_SUCCESS} == {RunState.SUCCEEDED, RunState.SKIPPED}
