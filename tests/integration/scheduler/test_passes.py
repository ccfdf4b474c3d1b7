"""Passes of the one scheduler on a real database: due jobs become runs, exactly once."""

import asyncio
from typing import Any

import pytest

from shared.clock import to_milliseconds
from shared.errors import LeadershipLost
from tests.integration.scheduler.conftest import OpenBench
from tests.support.documents import MONDAY, job_document, once, seconds
from tests.support.workbench import Workbench


async def test_a_due_job_runs_once_and_its_next_run_moves_on(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document())
    await bench.tick()
    assert await bench.runs() == []
    await bench.tick(60)
    await bench.settle()
    await bench.tick()
    (run,) = await bench.runs()
    assert (run["state"], run["attempt"], run["scheduledFor"]) == ("succeeded", 1, MONDAY + seconds(60))
    job = await bench.job()
    assert job["daemon"]["nextRun"] == MONDAY + seconds(120)
    assert job["daemon"]["lastRun"]["runId"] == run["_id"]
    assert job["daemon"]["counters"] == {"succeeded": 1}


async def test_a_replaced_leader_cannot_commit_anything(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document())
    await bench.tick()
    await bench.db.scheduler_state.update_one({"_id": "fence"}, {"$inc": {"epoch": 1}})
    with pytest.raises(LeadershipLost):
        await bench.tick(60)
    assert await bench.runs() == []
    assert (await bench.job())["daemon"]["nextRun"] == MONDAY + seconds(60)
    assert bench.daemon.executor.running == 0


async def test_a_job_that_is_edited_in_the_middle_of_a_pass_is_planned_anew(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    await bench.db.dynamic_jobs.insert_one(job_document())
    await bench.tick()
    planner = bench.daemon.scheduler._parts.claimer._planner
    original, edits = planner.plan, []

    def edit_first(document: Any, live: Any, now: Any) -> Any:
        if not edits:
            edits.append(asyncio.ensure_future(_edit(bench)))
        return original(document, live, now)

    async def commit_after_edit(batch: Any) -> Any:
        await edits[0]
        return await commit(batch)

    passes = bench.daemon.scheduler._parts.claimer._writer._passes
    commit = passes.commit
    monkeypatch.setattr(planner, "plan", edit_first)
    monkeypatch.setattr(passes, "commit", commit_after_edit)
    await bench.tick(60)
    await bench.settle()
    assert await bench.runs() == []
    job = await bench.job()
    assert job["plannedRevision"] == 2
    assert job["daemon"]["nextRun"] == MONDAY + seconds(60 + 3600)


async def _edit(bench: Workbench) -> None:
    now = bench.clock.now()
    await bench.db.dynamic_jobs.update_one(
        {"_id": "job-1"},
        {
            "$set": {
                "schedule": {"kind": "interval", "every": "1h", "anchor": now},
                "revision": 2,
                "scheduleSince": now,
            },
            "$unset": {"plannedRevision": ""},
        },
    )


async def test_an_occurrence_that_exists_already_stays_one_and_stops_nobody_else(bench: Workbench):
    at = MONDAY + seconds(60)
    await bench.db.dynamic_jobs.insert_many([job_document("job-1"), job_document("job-2")])
    await bench.tick()
    await bench.db.job_runs.insert_one({"_id": f"job-1:{to_milliseconds(at)}", "jobId": "job-1", "state": "succeeded"})
    await bench.tick(60)
    await bench.settle()
    assert len(await bench.runs(jobId="job-1")) == 1
    assert await bench.states(jobId="job-2") == ["succeeded"]


async def test_more_due_jobs_than_slots_all_run_in_the_end(open_bench: OpenBench):
    bench = await open_bench(daemon_max_concurrent_runs=3, daemon_batch_size=2)
    await bench.lead()
    documents = [job_document(f"job-{n}", schedule=once(MONDAY + seconds(1))) for n in range(10)]
    await bench.db.dynamic_jobs.insert_many(documents)
    for _ in range(20):
        await bench.tick(1)
        await bench.settle()
    assert await bench.states() == ["succeeded"] * 10


async def saturated(open_bench: OpenBench) -> Workbench:
    """A daemon whose one slot is taken by job-1; job-2 falls due a second later."""
    bench = await open_bench(daemon_max_concurrent_runs=1)
    await bench.lead()
    await bench.db.dynamic_jobs.insert_many(
        [
            job_document("job-1", template="held", schedule=once(MONDAY + seconds(1))),
            job_document("job-2", schedule=once(MONDAY + seconds(2))),
        ]
    )
    await bench.tick(1)
    return bench


async def test_without_a_free_slot_what_is_due_becomes_pending_before_it_counts_as_missed(open_bench: OpenBench):
    bench = await saturated(open_bench)
    await bench.tick(12)
    assert await bench.states(jobId="job-2") == ["pending"]


async def test_a_run_of_higher_priority_starts_first(open_bench: OpenBench):
    bench = await open_bench(daemon_max_concurrent_runs=1)
    await bench.lead()
    await bench.db.dynamic_jobs.insert_many(
        [
            job_document("job-1", template="held", schedule=once(MONDAY + seconds(1)), policies={"priority": 0}),
            job_document("job-2", template="held", schedule=once(MONDAY + seconds(2)), policies={"priority": 9}),
            job_document("job-3", template="held", schedule=once(MONDAY + seconds(2)), policies={"priority": 1}),
        ]
    )
    await bench.tick(1)
    await bench.tick(10)
    bench.daemon.executor.cancel_job("job-1", "make room")
    await bench.settle()
    await bench.tick()
    assert await bench.states(state="running") == ["running"]
    assert (await bench.runs(state="running"))[0]["jobId"] == "job-2"


async def test_nothing_new_is_created_while_the_clock_cannot_be_trusted(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document())
    await bench.tick()
    await bench.daemon.heartbeat.run_once()  # this clock and the server's are far apart
    beat = await bench.db.scheduler_state.find_one({"_id": {"$regex": "^daemon:"}})
    assert beat is not None
    assert "check NTP" in beat["problem"]
    await bench.tick(60)
    assert await bench.runs() == []
    assert (await bench.job())["daemon"]["nextRun"] == MONDAY + seconds(60)


async def test_a_saturated_daemon_sleeps_until_a_slot_is_free(open_bench: OpenBench):
    bench = await saturated(open_bench)
    await bench.tick(1.5)
    assert await bench.daemon.scheduler.run_once() >= 0.9
    bench.daemon.executor.cancel_job("job-1", "make room")
    await bench.settle()
    assert bench.daemon.scheduler._seconds_to_sleep() == 0


async def test_cancelling_a_caller_leaves_the_session_free_for_the_next_transaction(bench: Workbench):
    fence = bench.daemon.leadership._fence
    waiting = asyncio.create_task(fence.fenced(lambda _: asyncio.sleep(0)))
    commit = fence._session._commit
    begun = asyncio.Event()

    async def slow_commit(session: Any) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        await commit(session)

    fence._session._commit = slow_commit  # type: ignore[method-assign]
    await begun.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await fence.fenced(lambda _: asyncio.sleep(0))


async def test_a_deleted_job_starts_nothing_and_its_pending_run_is_recorded_as_skipped(open_bench: OpenBench):
    bench = await saturated(open_bench)
    await bench.tick(12)
    await bench.db.dynamic_jobs.update_one(
        {"_id": "job-2"}, {"$set": {"deletedAt": bench.clock.now(), "revision": 2}, "$unset": {"plannedRevision": ""}}
    )
    await bench.tick(1)
    (run,) = await bench.runs(jobId="job-2")
    assert (run["state"], run["reason"]) == ("skipped", "deleted")
    assert run["expireAt"] is not None


async def test_a_job_that_is_edited_in_the_middle_of_a_pass_does_not_hold_up_the_others(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    names = [f"job-{number}" for number in range(1, 6)]
    await bench.db.dynamic_jobs.insert_many([job_document(name) for name in names])
    await bench.tick()
    passes = bench.daemon.scheduler._parts.claimer._writer._passes
    commit, sizes = passes.commit, []

    async def commit_after_edit(batch: Any) -> Any:
        if not sizes:
            await _edit(bench)
        sizes.append(len(batch.jobs))
        return await commit(batch)

    monkeypatch.setattr(passes, "commit", commit_after_edit)
    await bench.tick(60)
    await bench.settle()
    assert sizes[:2] == [5, 4]
    assert {run["jobId"] for run in await bench.runs()} >= set(names[1:])
    assert (await bench.job())["plannedRevision"] == 2
