"""Every hot query of the daemon walks its index, and examines no more keys than it returns."""

from typing import Any

import pytest

from shared.clock import EPOCH
from shared.models.runs import RunState
from shared.queries import jobs as job_queries
from shared.queries import runs as run_queries
from tests.support.documents import MONDAY, job_document, seconds
from tests.support.workbench import Workbench

IDLE, DUE = 300, 3

QUERIES: list[tuple[str, str, dict[str, Any], list[tuple[str, int]], int]] = [
    ("dynamic_jobs", "due", job_queries.due(MONDAY), [("daemon.nextRun", 1)], DUE),
    ("dynamic_jobs", "unplanned", job_queries.unplanned(), [], DUE),
    ("dynamic_jobs", "due", job_queries.has_next_run(EPOCH), [("daemon.nextRun", 1)], 1),
    ("dynamic_jobs", "due", job_queries.next_run_is_no_date(), [], 0),
    ("dynamic_jobs", "quarantined", job_queries.without_template(["noop"]), [], 0),
    ("dynamic_jobs", "by_template", {"template": {"$in": ["drain"]}}, [], DUE),
    (
        "job_runs",
        "claimable",
        run_queries.claimable(),
        run_queries.START_ORDER,
        2 * DUE,
    ),
    ("job_runs", "live", run_queries.live_of(["job-0"]), [], 1),
    ("job_runs", "claimable", run_queries.claimable_beside(["limited"]), run_queries.START_ORDER, DUE),
    ("job_runs", "claimable", run_queries.waiting(), [], DUE),
    ("commands", "open", {"handledAt": None}, [("createdAt", 1)], DUE),
]


async def fill(bench: Workbench) -> None:
    idle = MONDAY + seconds(3600)
    jobs = [job_document(f"idle-{n}", plannedRevision=1, daemon={"nextRun": idle}) for n in range(IDLE)]
    jobs += [job_document(f"due-{n}", plannedRevision=1, daemon={"nextRun": MONDAY}) for n in range(DUE)]
    jobs += [job_document(f"new-{n}", template="drain") for n in range(DUE)]
    await bench.db.dynamic_jobs.insert_many(jobs)
    states = [
        state.value for state in RunState if state not in (RunState.PENDING, RunState.RUNNING, RunState.RETRY_WAIT)
    ]
    runs: list[dict[str, Any]] = [
        {"_id": f"old-{n}", "jobId": f"job-{n}", "state": states[n % len(states)], "scheduledFor": MONDAY}
        for n in range(IDLE)
    ]
    common = {"scheduledFor": MONDAY, "priority": 0, "waiting": False}
    for n in range(DUE):
        late = {"startBy": MONDAY - seconds(1), "attempt": 0, "template": "noop"}
        runs.append({"_id": f"p-{n}", "jobId": f"job-{n}", "state": "pending", **common, **late})
        runs.append({"_id": f"l-{n}", "jobId": f"held-{n}", "state": "pending", **common, "template": "limited"})
        runs.append({"_id": f"w-{n}", "jobId": f"behind-{n}", "state": "pending", **common, "waiting": True})
        runs.append({"_id": f"t-{n}", "jobId": f"again-{n}", "state": "retry_wait", "nextAttemptAt": MONDAY, **common})
        runs.append({"_id": f"r-{n}", "jobId": f"busy-{n}", "state": "running", "epoch": 1, **common})
    await bench.db.job_runs.insert_many(runs)
    await bench.db.commands.insert_many(
        [{"_id": n, "handledAt": MONDAY} for n in range(IDLE)]
        + [{"_id": f"open-{n}", "handledAt": None, "createdAt": MONDAY} for n in range(DUE)]
    )


@pytest.mark.parametrize(("collection", "index", "criteria", "order", "found"), QUERIES)
async def test_a_hot_query_walks_its_index(
    bench: Workbench,
    collection: str,
    index: str,
    criteria: dict[str, Any],
    order: list[tuple[str, int]],
    found: int,
):
    await fill(bench)
    cursor = bench.db[collection].find(criteria)
    if order:
        cursor = cursor.sort(order)
    if found == 1:
        cursor = cursor.limit(1)
    explained = await cursor.explain()
    plan = str(explained["queryPlanner"]["winningPlan"])
    statistics = explained["executionStats"]
    assert f"'indexName': '{index}'" in plan
    assert "COLLSCAN" not in plan
    assert "'stage': 'SORT'" not in plan
    assert statistics["nReturned"] == found
    assert statistics["totalKeysExamined"] <= found + 12  # the ends of the ranges


HINTED = [
    (run_queries.retry_due(MONDAY), "retries", DUE),
    # query, index, matches: what is passed over is passed over in the index
    (run_queries.late_to_start(MONDAY), "claimable", DUE),
    (run_queries.of_dead_epoch(2), "live", DUE),
    ({"jobId": {"$in": ["behind-0", "job-1"]}, **run_queries.waiting()}, "live", 1),
]


@pytest.mark.parametrize(("criteria", "index", "found"), HINTED)
async def test_a_rare_query_reads_only_documents_that_match(
    bench: Workbench, criteria: dict[str, Any], index: str, found: int
):
    await fill(bench)
    explained = await bench.db.job_runs.find(criteria, hint=index).explain()
    statistics = explained["executionStats"]
    assert statistics["nReturned"] == found
    assert statistics["totalDocsExamined"] <= found + 1
    assert statistics["totalKeysExamined"] <= 5 * DUE  # the live ones, not the finished ones


async def test_dropping_what_will_not_start_reads_live_runs_only(bench: Workbench):
    await fill(bench)
    old = [{"_id": f"of-1-{n}", "jobId": "job-1", "state": "succeeded", "scheduledFor": MONDAY} for n in range(IDLE)]
    await bench.db.job_runs.insert_many(old)
    criteria, _ = run_queries.not_started("job-1", "paused", MONDAY, seconds(1))
    explained = await bench.db.job_runs.find({**criteria, "trigger": {"$exists": False}}).explain()
    assert "'indexName': 'live'" in str(explained["queryPlanner"]["winningPlan"])
    assert explained["executionStats"]["totalKeysExamined"] <= 5
