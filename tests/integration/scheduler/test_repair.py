"""Malformed documents and broken invariants: put aside or mended, and nobody else is stopped."""

import asyncio
import time
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from bson import DatetimeMS, ObjectId

from shared.clock import to_milliseconds
from shared.schedule.overlap import NO_LIVE_RUNS
from tests.support.documents import MONDAY, job_document, once, seconds
from tests.support.workbench import Workbench

NEVER_PLANNED = [
    {"_id": "bare"},
    {"_id": ObjectId("0123456789abcdef01234567"), "name": "an id that is no text"},
    {"_id": 5, "template": "noop"},
    {"_id": {"a": "document"}, "template": "noop"},
    job_document("odd-schedule", schedule="noon"),
    job_document("odd-zone", schedule={"kind": "cron", "expression": "* * * * *", "timezone": "Mars/Base"}),
    job_document("odd-daemon", daemon=[1, 2]),
    job_document("odd-revision", revision="one"),
    job_document("odd-template", template="unheard_of"),
    job_document("odd-params", params={"duration": {"$gt": 1}}),
    job_document("odd-date", scheduleSince=DatetimeMS(2**60)),
    job_document("odd-pause", pause="yes"),
    job_document("year-1", scheduleSince=datetime(1, 1, 1, tzinfo=UTC), schedule=once(MONDAY)),
]
PLANNED = [
    job_document("text-date", plannedRevision=1, daemon={"nextRun": "2026-11-23T09:00:00Z"}),
    job_document("number-date", plannedRevision=1, daemon={"nextRun": 17}),
    job_document("far-date", plannedRevision=1, daemon={"nextRun": MONDAY, "cursor": DatetimeMS(2**60)}),
    job_document("beyond-dates", plannedRevision=1, daemon={"nextRun": DatetimeMS(8_640_000_000_000_000)}),
    job_document("list-of-dates", plannedRevision=1, daemon={"nextRun": [MONDAY + seconds(1)]}),
    job_document("due-and-odd", plannedRevision=1, policies={"overlap": 3}, daemon={"nextRun": MONDAY}),
]


@pytest.mark.parametrize("document", [*NEVER_PLANNED, *PLANNED], ids=lambda each: str(each["_id"]))
async def test_a_malformed_job_is_quarantined_with_its_reason_and_stops_nobody(
    bench: Workbench, document: dict[str, Any]
):
    healthy = job_document("healthy", schedule=once(MONDAY + seconds(1)))
    await bench.db.dynamic_jobs.insert_many([dict(document), healthy])
    await bench.daemon.rescuer.run_once()
    await bench.tick(1)
    await bench.settle()
    assert await bench.states(jobId="healthy") == ["succeeded"]
    stored = await bench.db.dynamic_jobs.find_one({"_id": document["_id"]})
    assert stored is not None
    assert stored["daemon"]["quarantine"]["reason"]
    assert stored["daemon"]["nextRun"] is None
    assert stored["plannedRevision"] is not None
    before = stored["daemon"]["quarantine"]["at"]
    await bench.tick(60)
    again = await bench.db.dynamic_jobs.find_one({"_id": document["_id"]})
    assert again is not None
    assert again["daemon"]["quarantine"]["at"] == before


async def test_a_mended_document_leaves_the_quarantine(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document(schedule="noon"))
    await bench.tick(1)
    await bench.db.dynamic_jobs.update_one(
        {"_id": "job-1"},
        {"$set": {"schedule": {"kind": "interval", "every": "1m"}, "revision": 2}, "$unset": {"plannedRevision": ""}},
    )
    await bench.tick(60)
    await bench.settle()
    assert (await bench.job())["daemon"]["quarantine"] is None
    assert await bench.states() == ["succeeded"]


async def test_a_job_whose_template_is_installed_later_wakes_up_at_the_take_over(bench: Workbench):
    quarantine = {"reason": "not installed", "field": "template", "at": MONDAY}
    document = job_document(plannedRevision=1, daemon={"nextRun": None, "quarantine": quarantine})
    await bench.db.dynamic_jobs.insert_one(document)
    await bench.daemon.rescuer.take_over(1)
    await bench.tick(60)
    assert (await bench.job())["daemon"]["quarantine"] is None


@pytest.mark.parametrize(
    "spoiled",
    [
        {"params": "none"},
        {"priority": "high"},
        {"attempt": "0"},
        {"scheduledFor": "noon"},
        {"timeoutMs": None},
        {"jobId": 7},
        {"attempt": [1]},
        {"jobId": ["job-2"]},
        {"jobId": None, "waiting": True},
        {"jobId": ["job-2"], "waiting": True},
        {"_id": {"spoiled": 1}},
    ],
    ids=str,
)
async def test_a_malformed_pending_run_ends_as_failed_and_stops_nobody(bench: Workbench, spoiled: dict[str, Any]):
    await bench.db.dynamic_jobs.insert_one(job_document(schedule=once(MONDAY + seconds(1))))
    await bench.tick(1)
    await bench.settle()
    (run,) = await bench.runs()
    pending = {**run, "state": "pending", "token": None, "_id": "spoiled", **spoiled}
    await bench.db.job_runs.insert_one(pending)
    await bench.daemon.rescuer.run_once()
    await bench.db.dynamic_jobs.insert_one(job_document("job-2", schedule=once(MONDAY + seconds(2))))
    await bench.tick(1)
    await bench.settle()
    ended = await bench.run(pending["_id"])
    assert (ended["state"], ended["error"]["type"]) == ("failed", "Malformed")
    assert ended["expireAt"] is not None
    assert "succeeded" in await bench.states(jobId="job-2")  # a list that holds the id matches, too


async def test_a_run_of_ours_that_nobody_executes_is_found_and_repeated(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document(schedule=once(MONDAY + seconds(1))))
    await bench.tick(1)
    await bench.settle()
    (run,) = await bench.runs()
    stranded = {"state": "running", "token": "lost", "epoch": 1, "startedAt": MONDAY}
    await bench.db.job_runs.update_one(
        {"_id": run["_id"]}, {"$set": stranded, "$unset": {"expireAt": "", "finishedAt": ""}}
    )
    bench.clock.advance(60)
    await bench.daemon.rescuer.run_once()
    assert await bench.states() == ["running"]  # it might be about to start
    await bench.daemon.rescuer.run_once()
    await bench.tick()
    await bench.settle()
    (run,) = await bench.runs()
    assert (run["state"], run["interruptions"]) == ("succeeded", 1)


async def test_a_waiting_run_whose_way_is_free_is_released_although_the_hint_was_lost(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document(schedule=once(MONDAY + seconds(1))))
    await bench.tick(1)
    await bench.settle()
    (run,) = await bench.runs()
    waiting = {**run, "_id": f"job-1:{to_milliseconds(MONDAY)}", "state": "pending", "waiting": True, "token": None}
    del waiting["expireAt"]
    await bench.db.job_runs.insert_one(waiting)
    await bench.daemon.rescuer.run_once()
    await bench.tick()
    await bench.settle()
    assert (await bench.run(waiting["_id"]))["state"] == "succeeded"


async def test_a_take_over_looks_after_waiting_runs_at_once(bench: Workbench):
    rescuer = bench.daemon.rescuer
    loop = asyncio.create_task(rescuer.run())
    await asyncio.sleep(0.1)  # its first turn is over, the next one is seconds away
    await bench.db.job_runs.insert_one({"_id": "left", "jobId": "job-1", "state": "pending", "waiting": True})
    await rescuer.take_over(1)
    for _ in range(200):
        await bench.daemon.scheduler.run_once()
        if await bench.db.job_runs.count_documents({"waiting": True}) == 0:
            break
        await asyncio.sleep(0.01)
    else:
        raise AssertionError("the waiting run was not released")
    rescuer.stop()
    await loop


async def test_a_backlog_that_a_former_leader_left_runs_one_after_another_without_further_help(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document(schedule=once(MONDAY + seconds(1))))
    await bench.tick(1)
    await bench.settle()
    (run,) = await bench.runs()
    del run["expireAt"]
    for number in range(4):
        earlier = to_milliseconds(MONDAY) - number
        waiting = {**run, "_id": f"job-1:{earlier}", "state": "pending", "waiting": True, "token": None}
        await bench.db.job_runs.insert_one(waiting)
    await bench.daemon.rescuer.run_once()
    for _ in range(5):
        await bench.tick()
        await bench.settle()
    assert await bench.states() == ["succeeded"] * 5


async def test_the_end_of_a_run_is_recorded_although_its_job_was_spoiled_meanwhile(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document(template="held", schedule=once(MONDAY + seconds(1))))
    await bench.tick(1)
    await bench.until_running()
    await bench.db.dynamic_jobs.update_one({"_id": "job-1"}, {"$set": {"daemon": "gone"}})
    bench.daemon.executor.cancel_job("job-1", "enough")
    await bench.settle()
    assert await bench.states() == ["cancelled"]


async def test_a_job_whose_run_cannot_be_stored_is_put_aside(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    await bench.db.dynamic_jobs.insert_many(
        [
            job_document("huge", schedule=once(MONDAY + seconds(1))),
            job_document("small", schedule=once(MONDAY + seconds(1))),
        ]
    )
    planner = bench.daemon.scheduler._parts.claimer._planner
    original = planner.plan

    def with_unstorable_parameters(document: Any, live: Any, now: Any) -> Any:
        plan = original(document, live, now)
        for run in plan.runs:
            if run["jobId"] == "huge":
                run["params"] = {"number": 2**70}
        return plan

    monkeypatch.setattr(planner, "plan", with_unstorable_parameters)
    await bench.tick(1)
    await bench.settle()
    assert await bench.states(jobId="small") == ["succeeded"]
    assert "cannot be stored" in (await bench.job("huge"))["daemon"]["quarantine"]["reason"]


async def test_a_mended_job_is_not_put_aside_by_a_plan_of_its_former_self(bench: Workbench):
    planner = bench.daemon.scheduler._parts.claimer._planner
    former = job_document(schedule="noon")
    await bench.db.dynamic_jobs.insert_one(job_document(revision=2))
    plan = planner.plan(former, NO_LIVE_RUNS, bench.clock.now())
    changed = await bench.db.dynamic_jobs.update_one(plan.seen, plan.update)
    assert changed.matched_count == 0


async def test_a_field_of_a_newer_version_neither_stops_a_job_nor_costs_it_its_history(bench: Workbench):
    progress = {"counters": {"succeeded": 4}, "fieldOfTheFuture": 1}
    await bench.db.dynamic_jobs.insert_one(job_document(daemon=progress))
    await bench.tick(60)
    await bench.settle()
    job = await bench.job()
    assert job["daemon"]["counters"] == {"succeeded": 5}
    assert job["daemon"]["fieldOfTheFuture"] == 1


async def test_a_job_that_never_matches_its_own_filter_holds_nobody_up(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    await bench.db.dynamic_jobs.insert_many([job_document("ghost"), job_document("healthy")])
    planner = bench.daemon.scheduler._parts.claimer._planner
    original = planner.plan

    def as_if_its_identity_were_unreadable(document: Any, live: Any, now: Any) -> Any:
        plan = original(document, live, now)
        if plan.job_id == "ghost":
            plan.seen = {**plan.seen, "_id": "gh\ufffdst"}
        return plan

    monkeypatch.setattr(planner, "plan", as_if_its_identity_were_unreadable)
    await bench.tick(60)
    await bench.settle()
    assert await bench.states(jobId="healthy") == ["succeeded"]
    await bench.daemon.scheduler.run_once()
    assert bench.daemon.scheduler._seconds_to_sleep() > 0.1


@pytest.mark.parametrize("spoiled", [{"token": None}, {"attempt": None}, {"epoch": None}, {"jobId": 5}], ids=str)
async def test_a_malformed_running_run_does_not_stop_a_take_over(bench: Workbench, spoiled: dict[str, Any]):
    await bench.db.dynamic_jobs.insert_one(job_document(schedule=once(MONDAY + seconds(1))))
    await bench.tick(1)
    await bench.settle()
    (run,) = await bench.runs()
    running = {**run, "_id": "left", "state": "running", "epoch": 0, "token": "t", **spoiled}
    del running["expireAt"]
    await bench.db.job_runs.insert_one({name: value for name, value in running.items() if value is not None})
    await bench.daemon.rescuer.take_over(1)
    assert (await bench.run("left"))["state"] in ("failed", "pending")


async def test_a_take_over_that_fails_is_tried_again_ever_more_slowly(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    leadership = bench.daemon.leadership
    tries: list[float] = []

    async def failing(_epoch: int) -> None:
        tries.append(time.monotonic())
        raise KeyError("odd")

    monkeypatch.setattr(leadership, "_on_taken", failing)
    leadership._start_take_over(1)
    while len(tries) < 4:
        await leadership.run_once()
    pauses = [after - before for before, after in pairwise(tries)]
    assert all(pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4), strict=True)), pauses
