"""Documents that cannot be written or found again: they stop nobody else, and no pass is repeated for them for ever."""

from datetime import datetime, timedelta
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument

from shared.errors import CommitUnknown, DocumentRefused, StoreUnavailable
from shared.models.jobs import Job
from shared.queries.run_documents import new_run
from tests.integration.scheduler.conftest import OpenBench
from tests.support.documents import MONDAY, command_document, job_document, once, seconds
from tests.support.workbench import Workbench

MOST_PASSES = 20


async def passes(bench: Workbench, advance: float = 0) -> None:
    """Like tick(), but fails when passes follow each other without an end."""
    bench.clock.advance(advance)
    bench.daemon.scheduler.wake_for_changes()
    for _ in range(MOST_PASSES):
        if await bench.daemon.scheduler.run_once() != 0:
            return
    raise AssertionError("passes follow each other without an end")


def pending(job_id: str, identity: str, at: datetime, **changes: Any) -> dict[str, Any]:
    job = Job.from_document(job_document(job_id))
    return {**new_run(job, identity=identity, trigger="manual", scheduled_for=at, now=at), **changes}


def resting(identity: str, **progress: Any) -> dict[str, Any]:
    return job_document(identity, enabled=False, plannedRevision=1, daemon={"nextRun": None, **progress})


def unreadable(document: dict[str, Any]) -> RawBSONDocument:
    """The document with an _id that is not valid UTF-8."""
    return RawBSONDocument(bson.encode({**document, "_id": "BADID"}).replace(b"BADID", b"\xff\xfe\xc0\x80a", 1))


async def test_a_late_run_of_a_job_with_malformed_counters_holds_up_nobody(bench: Workbench):
    await bench.db.dynamic_jobs.insert_many([resting("bad", skipped="oops"), resting("good")])
    await bench.db.job_runs.insert_many(
        [pending("bad", "late", MONDAY, startBy=MONDAY), pending("good", "waits", MONDAY)]
    )
    await passes(bench, 5)
    await bench.settle()
    assert (await bench.states(jobId="bad"), await bench.states(jobId="good")) == (["skipped"], ["succeeded"])
    await bench.daemon.rescuer.run_once()


@pytest.mark.parametrize("missing", ["jobId", "scheduledFor"])
async def test_a_late_run_without_a_job_or_a_moment_does_not_stop_the_rescuer(bench: Workbench, missing: str):
    run = pending("good", "odd", MONDAY, startBy=MONDAY, waiting=True, alerts=True)
    del run[missing]
    await bench.db.job_runs.insert_one(run)
    await passes(bench, 5)
    await bench.daemon.rescuer.run_once()


async def test_a_job_whose_identity_cannot_be_found_again_holds_up_nobody(bench: Workbench):
    ghost = job_document(plannedRevision=1, daemon={"nextRun": MONDAY, "cursor": MONDAY - seconds(60)})
    await bench.db.dynamic_jobs.insert_one(unreadable(ghost))
    await bench.db.dynamic_jobs.insert_many([resting("good"), job_document("fresh")])
    await bench.db.job_runs.insert_one(pending("good", "waits", MONDAY))
    for _ in range(2):
        await passes(bench, 60)
        await bench.settle()
    assert await bench.states(jobId="good") == ["succeeded"]
    assert await bench.states(jobId="fresh") == ["succeeded"] * 2


async def test_a_run_whose_identity_cannot_be_found_again_holds_up_nobody(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(resting("good"))
    await bench.db.job_runs.insert_one(unreadable(pending("good", "BADID", MONDAY)))
    await passes(bench, 5)


async def test_a_due_source_whose_run_cannot_be_stored_holds_up_nobody(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    await bench.db.dynamic_jobs.insert_many([resting("good"), job_document("due", template="drain")])
    await bench.tick(1)
    passes_store = bench.daemon.scheduler._parts.claimer._writer._passes
    commit = passes_store.commit

    async def refusing(batch: Any) -> Any:
        if any(run["trigger"] == "due" for run in batch.inserts):
            raise DocumentRefused("larger than 16 MiB")
        return await commit(batch)

    monkeypatch.setattr(passes_store, "commit", refusing)
    await bench.db.inbox.insert_one({"done": False, "dueAt": MONDAY})
    await bench.db.job_runs.insert_one(pending("good", "waits", MONDAY))
    await passes(bench, 5)
    await bench.settle()
    assert await bench.states(jobId="good") == ["succeeded"]


@pytest.mark.parametrize("kind", ["run", "backfill"])
async def test_a_command_whose_run_is_too_large_is_answered(bench: Workbench, kind: str):
    large = "x" * 9_500_000
    await bench.db.dynamic_jobs.insert_one(
        {**resting("big"), "createdAt": MONDAY - timedelta(hours=1), "params": {"a": large}}
    )
    span = {"from": MONDAY - timedelta(minutes=5), "to": MONDAY - timedelta(minutes=1)}
    wanted: dict[str, Any] = {"runId": "asked"} if kind == "run" else {"range": span}
    await bench.db.commands.insert_one(command_document(kind, jobId="big", params={"b": large}, **wanted))
    await passes(bench, 5)
    command = await bench.db.commands.find_one({})
    assert command is not None
    assert command["outcome"]["accepted"] is False
    assert await bench.runs() == []


@pytest.mark.parametrize("minutes", [1, 2])
async def test_a_backfill_and_the_schedule_never_run_at_once_against_the_policy(bench: Workbench, minutes: int):
    """The run of a backfill and a regular occurrence could start in the same moment: the regular one goes first."""
    created = MONDAY - timedelta(hours=1)
    document = job_document(template="held", policies={"maxConcurrent": 1}, createdAt=created)
    await bench.db.dynamic_jobs.insert_one(document)
    await passes(bench, 1)
    bench.clock.advance(minutes * 60 - 1)
    span = {"from": MONDAY - timedelta(minutes=5), "to": MONDAY - timedelta(minutes=1)}
    await bench.db.commands.insert_one(command_document("backfill", bench.clock.now(), jobId="job-1", range=span))
    await passes(bench)
    await bench.daemon.rescuer.run_once()
    await passes(bench)
    assert (await bench.states()).count("running") == 1


async def test_a_commit_without_an_answer_is_asked_about_until_it_is_known(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    await bench.db.dynamic_jobs.insert_one(job_document(template="held", schedule=once(MONDAY + seconds(1))))
    writer = bench.daemon.scheduler._parts.claimer._writer
    commit, of_token = writer._passes.commit, writer._runs.of_token

    async def lost(batch: Any) -> Any:
        await commit(batch)
        raise CommitUnknown("the connection broke")

    async def unavailable(_token: str) -> Any:
        raise StoreUnavailable("no primary")

    monkeypatch.setattr(writer._passes, "commit", lost)
    monkeypatch.setattr(writer._runs, "of_token", unavailable)
    with pytest.raises(StoreUnavailable):
        await passes(bench, 2)
    monkeypatch.setattr(writer._passes, "commit", commit)
    monkeypatch.setattr(writer._runs, "of_token", of_token)
    await passes(bench)
    assert bench.daemon.executor.running == 1


async def test_a_flood_of_new_jobs_does_not_keep_a_due_one_from_its_turn(open_bench: OpenBench):
    bench = await open_bench(daemon_batch_size=10)
    await bench.lead()
    due = job_document(
        "due", since=MONDAY - seconds(60), plannedRevision=1, daemon={"nextRun": MONDAY, "cursor": MONDAY - seconds(60)}
    )
    new = [job_document(f"new-{n}", schedule=once(MONDAY + seconds(3600))) for n in range(60)]
    await bench.db.dynamic_jobs.insert_many([*new, due])
    bench.daemon.scheduler.wake_for_changes()
    await bench.daemon.scheduler.run_once()
    await bench.settle()
    assert await bench.states(jobId="due") == ["succeeded"]
