"""Malformed documents and broken invariants: put aside or mended, and nobody else is stopped."""

from typing import Any

import pytest
from bson import DatetimeMS, ObjectId

from shared.clock import to_milliseconds
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
]
PLANNED = [
    job_document("text-date", plannedRevision=1, daemon={"nextRun": "2026-11-23T09:00:00Z"}),
    job_document("number-date", plannedRevision=1, daemon={"nextRun": 17}),
    job_document("far-date", plannedRevision=1, daemon={"nextRun": MONDAY, "cursor": DatetimeMS(2**60)}),
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
