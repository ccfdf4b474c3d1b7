"""Past occurrences that a person asks for."""

from datetime import timedelta
from typing import Any

import pytest

from scheduler_daemon.job_template import JobTemplate
from tests.support.documents import MONDAY, calendar_document, command_document, job_document, seconds
from tests.support.workbench import Workbench

CREATED = MONDAY - timedelta(days=2)


def backfill(first: float, last: float, **changes: Any) -> dict[str, Any]:
    """A command for the range from `first` to `last`, minutes before MONDAY."""
    span = {"from": MONDAY - seconds(first * 60), "to": MONDAY - seconds(last * 60), **changes}
    return command_document("backfill", jobId="job-1", range=span)


async def job(bench: Workbench, **changes: Any) -> None:
    """A job of every minute whose own next run is an hour away."""
    progress = {"nextRun": MONDAY + seconds(3600), "cursor": MONDAY}
    await bench.db.dynamic_jobs.insert_one(
        job_document(since=CREATED, plannedRevision=1, daemon=progress, **{"template": "held", **changes})
    )


async def answer(bench: Workbench) -> dict[str, Any]:
    command = await bench.db.commands.find_one({"kind": "backfill"})
    assert command is not None
    assert command["handledAt"] is not None
    return command["outcome"]


async def test_past_occurrences_run_one_after_another(bench: Workbench, templates: dict[str, JobTemplate]):
    await job(bench)
    await bench.db.commands.insert_one(backfill(5, 3))
    await bench.tick(1)
    runs = await bench.runs()
    assert [run["scheduledFor"] for run in runs] == [MONDAY - seconds(60 * n) for n in (5, 4, 3)]
    assert {run["trigger"] for run in runs} == {"backfill"}
    assert [run["state"] for run in runs] == ["running", "pending", "pending"]
    templates["held"].release.set()
    for _ in range(3):
        await bench.settle()
        while await bench.daemon.scheduler.run_once() == 0:  # woken by the end of a run alone
            pass
    await bench.settle()
    assert await bench.states() == ["succeeded"] * 3
    starts = [run["startedAt"] for run in await bench.runs()]
    assert starts == sorted(starts)


async def test_a_backfill_has_an_overlap_policy_of_its_own(bench: Workbench):
    await job(bench)
    await bench.db.commands.insert_one(backfill(5, 1, overlap="allow:3"))
    await bench.tick(1)
    assert await bench.states() == ["running"] * 3 + ["pending"] * 2


async def test_a_backfill_leaves_excluded_days_out(bench: Workbench):
    entry = {"name": "Yesterday", "first": "2026-11-22", "last": "2026-11-22"}
    await bench.db.calendars.insert_one(calendar_document("days", entries=[entry]))
    bench.daemon.scheduler._parts.rules.mark_stale()
    hourly = {"kind": "interval", "every": "1h", "excludeCalendars": ["days"]}
    await job(bench, template="noop", schedule=hourly)
    await bench.db.commands.insert_one(backfill(12 * 60, 1, overlap="allow:99"))
    await bench.tick(1)
    assert {run["scheduledFor"].day for run in await bench.runs()} == {MONDAY.day}
    assert len(await bench.runs()) == 9


async def test_max_concurrent_bounds_a_backfill(bench: Workbench):
    await job(bench, policies={"maxConcurrent": 2})
    await bench.db.commands.insert_one(backfill(5, 1, overlap="allow:3"))
    await bench.tick(1)
    assert await bench.states() == ["running"] * 2 + ["pending"] * 3


@pytest.mark.parametrize(("again", "expected"), [(False, 1), (True, 3)])
async def test_what_has_succeeded_or_is_alive_is_left_out_unless_asked_for(
    bench: Workbench, again: bool, expected: int
):
    await job(bench, template="noop")
    for minutes, state in ((5, "succeeded"), (4, "pending"), (3, "failed")):
        run = {"jobId": "job-1", "scheduledFor": MONDAY - seconds(60 * minutes), "trigger": "schedule", "state": state}
        await bench.db.job_runs.insert_one({"_id": f"job-1:{minutes}", "waiting": True, **run})
    await bench.db.commands.insert_one(backfill(5, 3, again=again))
    await bench.tick(1)
    assert await bench.db.job_runs.count_documents({"trigger": "backfill"}) == expected
    assert ("2 have succeeded or are alive already" in (await answer(bench))["detail"]) is not again


async def test_the_regular_occurrence_waits_for_the_backfill_and_goes_before_the_rest_of_it(
    bench: Workbench, templates: dict[str, JobTemplate]
):
    await job(bench)
    await bench.db.commands.insert_one(backfill(5, 3))
    await bench.tick(1)
    await bench.tick(3600)
    (regular,) = await bench.runs(trigger="schedule", state="pending")
    assert regular["waiting"] is True
    templates["held"].release.set()
    while await bench.db.job_runs.count_documents({"state": {"$in": ["pending", "running"]}}):
        await bench.settle()
        await bench.tick()
    order = [context.run_id for context in templates["held"].seen]
    assert order.index(regular["_id"]) == 1
    assert len(order) == 4


async def test_a_backfill_that_is_carried_out_twice_makes_each_run_once(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    """The daemon dies between the portions and the answer: the next one carries the command out again."""
    await job(bench)
    await bench.db.commands.insert_one(backfill(1000, 1))
    passes = bench.daemon.scheduler._parts.commands._passes
    answer_commands = passes.answer_commands

    async def dies(*_: Any) -> None:
        raise ConnectionError("killed here")

    monkeypatch.setattr(passes, "answer_commands", dies)
    with pytest.raises(ConnectionError):
        await bench.tick(1)
    assert await bench.db.job_runs.count_documents({}) == 500
    monkeypatch.setattr(passes, "answer_commands", answer_commands)
    await bench.tick(1)
    assert await bench.db.job_runs.count_documents({}) == 1000
    assert (await answer(bench))["accepted"] is True


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (backfill(3, 5), "from: is later than `to`"),
        (backfill(3, -5), "to: is in the future"),
        (backfill(1002, 1), "has 1002 occurrences in this range"),
        (command_document("backfill", jobId="job-1"), "range: a backfill command names its range"),
        ({**backfill(5, 3), "jobId": "gone"}, "the job does not exist any more"),
    ],
)
async def test_a_backfill_that_cannot_be_done_says_why(bench: Workbench, command: dict[str, Any], reason: str):
    await job(bench)
    await bench.db.commands.insert_one(command)
    await bench.tick(1)
    outcome = await answer(bench)
    assert not outcome["accepted"]
    assert reason in outcome["detail"]
    assert await bench.db.job_runs.count_documents({}) == 0


async def test_deleting_the_job_ends_what_waits_of_its_backfill(bench: Workbench):
    await job(bench)
    await bench.db.commands.insert_one(backfill(5, 3))
    await bench.tick(1)
    deletion = {"$set": {"deletedAt": bench.clock.now(), "revision": 2}, "$unset": {"plannedRevision": ""}}
    await bench.db.dynamic_jobs.update_one({"_id": "job-1"}, deletion)
    await bench.tick(1)
    assert await bench.states() == ["running", "skipped", "skipped"]
