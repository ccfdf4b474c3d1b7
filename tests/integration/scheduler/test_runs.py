"""The life of a run: outcomes, retries, time-outs, overlap, commands."""

from typing import Any

import pytest

from scheduler_daemon.job_template import JobTemplate
from tests.support.documents import MONDAY, command_document, job_document, once, seconds
from tests.support.workbench import Workbench

ONCE = once(MONDAY + seconds(1))


async def start(bench: Workbench, *documents: dict[str, Any]) -> None:
    await bench.db.dynamic_jobs.insert_many(list(documents))
    await bench.tick(1)


async def test_a_failing_run_is_tried_again_after_its_backoff_until_attempts_are_exhausted(bench: Workbench):
    retry = {"maxAttempts": 2, "backoff": "10s"}
    await start(bench, job_document(schedule=ONCE, params={"outcome": "error"}, policies={"retry": retry}))
    await bench.settle()
    (run,) = await bench.runs()
    assert run["state"] == "retry_wait"
    assert run["token"] is None
    await bench.tick(5)
    assert await bench.states() == ["retry_wait"]
    await bench.tick(10)
    await bench.settle()
    (run,) = await bench.runs()
    assert (run["state"], run["attempt"]) == ("failed", 2)
    assert run["error"] == {"type": "RuntimeError", "message": "an exception, as the parameters ask"}
    assert [each["state"] for each in run["attempts"]] == ["failed"]
    job = await bench.job()
    assert job["daemon"]["consecutiveFailures"] == 1
    assert job["daemon"]["lastRun"]["state"] == "failed"


async def test_the_loop_is_told_when_a_run_is_to_be_tried_again(bench: Workbench):
    """Nothing else is due for ever: without that the next attempt would wait for the safety poll."""
    retry = {"maxAttempts": 2, "backoff": "10s"}
    params = {"outcome": "error", "duration": "200ms"}  # it fails when the pass is over
    await start(bench, job_document(schedule=ONCE, params=params, policies={"retry": retry}))
    await bench.settle()
    assert await bench.states() == ["retry_wait"]
    bench.clock.advance(15)
    while await bench.daemon.scheduler.run_once() == 0:
        pass
    await bench.settle()
    assert await bench.states() == ["failed"]


async def test_a_run_that_exceeds_its_time_out_is_stopped(bench: Workbench, templates: dict[str, JobTemplate]):
    policies = {"timeout": "100ms", "retry": {"maxAttempts": 1}}
    await start(bench, job_document(template="held", schedule=ONCE, policies=policies))
    await bench.settle()
    (run,) = await bench.runs()
    assert run["state"] == "timed_out"
    assert "0.1 s" in run["error"]["message"]


async def test_parameters_that_the_template_refuses_fail_the_run_without_a_retry(bench: Workbench):
    document = job_document(schedule=ONCE, params={"duration": "soon"}, plannedRevision=1, daemon={"nextRun": MONDAY})
    await start(bench, document)
    await bench.settle()
    (run,) = await bench.runs()
    assert (run["state"], run["error"]["type"]) == ("failed", "InvalidParameters")


async def test_a_running_run_is_cancelled_by_a_command(bench: Workbench):
    await start(bench, job_document(template="held", schedule=ONCE))
    await bench.until_running()
    (run,) = await bench.runs()
    await bench.db.commands.insert_one(command_document("cancel", runId=run["_id"]))
    await bench.tick()
    await bench.settle()
    (run,) = await bench.runs()
    assert (run["state"], run["reason"]) == ("cancelled", "cancelled by test")
    command = await bench.db.commands.find_one({})
    assert command is not None
    assert command["outcome"]["accepted"] is True
    assert command["expireAt"] is not None


async def test_run_now_starts_the_job_once_for_the_same_run_id(bench: Workbench):
    await start(bench, job_document(params={"outcome": "success"}))
    for number in (1, 2):
        command = command_document("run", identity=f"c{number}", jobId="job-1", runId="job-1:m:key")
        await bench.db.commands.insert_one(command | {"params": {"duration": "1ms"}})
        await bench.tick()
        await bench.settle()
    (run,) = await bench.runs()
    assert (run["state"], run["trigger"], run["createdBy"]) == ("succeeded", "manual", "test")
    assert run["params"] == {"outcome": "success", "duration": "1ms"}
    assert (await bench.job())["daemon"]["nextRun"] == MONDAY + seconds(60)


@pytest.mark.parametrize(("force", "state"), [(False, "skipped"), (True, "running")])
async def test_run_now_obeys_the_overlap_policy_unless_forced(bench: Workbench, force: bool, state: str):
    await start(bench, job_document(template="held", schedule=ONCE))
    await bench.until_running()
    command = command_document("run", jobId="job-1", runId="job-1:m:key", force=force)
    await bench.db.commands.insert_one(command)
    await bench.tick()
    assert (await bench.run("job-1:m:key"))["state"] == state


async def test_a_failed_run_is_retried_by_a_command_with_its_own_parameters(bench: Workbench):
    await start(
        bench, job_document(schedule=ONCE, params={"outcome": "failure"}, policies={"retry": {"maxAttempts": 1}})
    )
    await bench.settle()
    (failed,) = await bench.runs()
    await bench.db.commands.insert_one(command_document("retry", retryOf=failed["_id"], runId="job-1:m:again"))
    await bench.tick()
    await bench.settle()
    again = await bench.run("job-1:m:again")
    assert (again["trigger"], again["params"], again["state"]) == ("retry", {"outcome": "failure"}, "failed")


@pytest.mark.parametrize(
    "document",
    [
        {"_id": "odd-1", "handledAt": None},
        {"_id": "odd-2", "kind": "dance", "createdAt": MONDAY, "createdBy": "x", "handledAt": None},
        {"_id": 3, "kind": "run", "createdAt": "now", "handledAt": None},
        command_document("run", identity="odd-4", jobId="nobody", runId="nobody:m:1"),
        command_document("cancel", identity="odd-5", runId="nobody:m:1"),
        command_document("retry_message", identity="odd-6", itemId="nothing"),
    ],
)
async def test_a_command_that_means_nothing_is_answered_with_the_reason(bench: Workbench, document: dict[str, Any]):
    await bench.db.commands.insert_one(dict(document))
    await bench.tick()
    answered = await bench.db.commands.find_one({"_id": document["_id"]})
    assert answered is not None
    assert answered["outcome"]["accepted"] is False
    assert answered["outcome"]["detail"]
    assert answered["handledAt"] is not None


async def test_queue_one_lets_one_occurrence_wait_and_starts_it_afterwards(
    bench: Workbench, templates: dict[str, JobTemplate]
):
    await start(bench, job_document(template="held", policies={"overlap": "queue_one"}))
    for _ in range(3):
        await bench.tick(60)
    assert await bench.states() == ["running", "pending", "skipped"]
    templates["held"].release.set()  # type: ignore[attr-defined]
    await bench.settle()
    await bench.tick()
    await bench.settle()
    assert await bench.states() == ["succeeded", "succeeded", "skipped"]


async def test_cancel_running_replaces_the_run_before_it(bench: Workbench, templates: dict[str, JobTemplate]):
    await start(bench, job_document(template="held", policies={"overlap": "cancel_running"}))
    await bench.tick(60)
    await bench.until_running()
    (first,) = await bench.runs()
    await bench.tick(60)
    await bench.until_ended(first["_id"])
    await bench.tick()
    assert await bench.states() == ["cancelled", "running"]


async def test_the_default_overlap_policy_records_what_it_skips(bench: Workbench):
    await start(bench, job_document(template="held"))
    await bench.tick(60)
    await bench.until_running()
    await bench.tick(60)
    running, skipped = await bench.runs()
    assert (running["state"], skipped["state"], skipped["reason"]) == ("running", "skipped", "overlap")
    assert skipped["scheduledFor"] == MONDAY + seconds(120)


async def test_a_job_that_keeps_failing_pauses_itself(bench: Workbench):
    policies = {"pauseAfterFailures": 2, "retry": {"maxAttempts": 1}}
    await start(bench, job_document(params={"outcome": "failure"}, policies=policies))
    for _ in range(4):
        await bench.tick(60)
        await bench.settle()
    assert await bench.states() == ["failed", "failed", "skipped"]
    assert (await bench.runs(state="skipped"))[0]["reason"] == "paused"
    job = await bench.job()
    assert job["daemon"]["autoPaused"]["by"] == "scheduler"
    assert job["daemon"]["nextRun"] is None
