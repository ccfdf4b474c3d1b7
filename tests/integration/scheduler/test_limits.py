"""How many run at once, and how long a run may wait for its start."""

from typing import Any

import pytest

from scheduler_daemon.job_template import JobTemplate
from shared.errors import SettingsError
from tests.integration.scheduler.conftest import OpenBench
from tests.support.documents import MONDAY, command_document, job_document, once, seconds
from tests.support.workbench import Workbench

DUE = MONDAY + seconds(1)


async def due_jobs(bench: Workbench, *names: str, **changes: Any) -> None:
    await bench.db.dynamic_jobs.insert_many(
        [job_document(name, **{"template": "held", "schedule": once(DUE), **changes}) for name in names]
    )


async def test_a_template_at_its_limit_holds_back_its_own_runs_only(open_bench: OpenBench):
    bench = await open_bench(daemon_template_limits={"held": 2})
    await bench.lead()
    await due_jobs(bench, "a", "b", "c", "d")
    await due_jobs(bench, "free", template="noop", policies={"priority": -5})
    await bench.tick(2)
    assert await bench.states(template="held") == ["running", "running", "pending", "pending"]
    await bench.tick(1)
    assert bench.daemon.executor.running_of("held") == 2
    await bench.settle_all_of("noop")
    assert await bench.states(jobId="free") == ["succeeded"]


async def test_the_next_run_of_a_limited_template_starts_when_one_has_ended(
    open_bench: OpenBench, templates: dict[str, JobTemplate]
):
    bench = await open_bench(daemon_template_limits={"held": 1})
    await bench.lead()
    await due_jobs(bench, "a", "b", "c")
    await bench.tick(2)
    templates["held"].release.set()
    for _ in range(3):
        await bench.settle()
        while await bench.daemon.scheduler.run_once() == 0:  # woken by the end of a run alone
            pass
    await bench.settle()
    assert await bench.states() == ["succeeded"] * 3


async def test_a_limit_for_an_unknown_template_is_refused_at_the_start(open_bench: OpenBench):
    with pytest.raises(SettingsError, match="DAEMON_TEMPLATE_LIMITS: no template 'wehbook' is installed"):
        await open_bench(daemon_template_limits={"wehbook": 2})


async def test_max_concurrent_lets_wait_what_the_overlap_policy_lets_in(
    bench: Workbench, templates: dict[str, JobTemplate]
):
    await bench.db.dynamic_jobs.insert_one(
        job_document(template="held", policies={"overlap": "allow:3", "maxConcurrent": 2})
    )
    for _ in range(4):
        await bench.tick(60)
    assert await bench.states() == ["running", "running", "pending", "skipped"]
    templates["held"].release.set()
    await bench.settle()
    await bench.tick()
    await bench.settle()
    assert await bench.states() == ["succeeded"] * 3 + ["skipped"]


async def test_max_concurrent_holds_for_forced_runs_too(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(
        job_document(template="held", policies={"maxConcurrent": 1}, schedule=once(MONDAY + seconds(3600)))
    )
    for name in ("one", "two"):
        await bench.db.commands.insert_one(command_document("run", jobId="job-1", runId=name, force=True))
        await bench.tick(1)
    assert [run["state"] for run in [await bench.run("one"), await bench.run("two")]] == ["running", "pending"]


async def test_a_run_that_found_no_slot_in_time_is_skipped_with_its_reason(
    open_bench: OpenBench, templates: dict[str, JobTemplate]
):
    bench = await open_bench(daemon_max_concurrent_runs=1)
    await bench.lead()
    await due_jobs(bench, "busy", policies={"priority": 5})
    await due_jobs(bench, "urgent", template="noop", policies={"startDeadline": "30s"})
    await bench.tick(2)
    await bench.tick(10)
    assert await bench.states(jobId="urgent") == ["pending"]
    bench.clock.advance(30)
    templates["held"].release.set()
    await bench.settle()
    await bench.tick()
    (run,) = await bench.runs(jobId="urgent")
    assert (run["state"], run["reason"]) == ("skipped", "deadline")
    assert run["expireAt"] > bench.clock.now()
    assert (await bench.job("urgent"))["daemon"]["skipped"] == {"deadline": 1}


async def test_a_missed_start_deadline_is_seen_while_no_slot_is_free(open_bench: OpenBench):
    bench = await open_bench(daemon_max_concurrent_runs=1)
    await bench.lead()
    await due_jobs(bench, "busy", policies={"priority": 5})
    await due_jobs(bench, "urgent", template="noop", policies={"startDeadline": "30s"})
    await bench.tick(2)
    await bench.tick(10)
    bench.clock.advance(30)
    await bench.daemon.rescuer.run_once()
    assert await bench.states(jobId="urgent") == ["skipped"]
    assert (await bench.job("urgent"))["daemon"]["skipped"] == {"deadline": 1}


async def test_a_retry_is_not_held_to_the_start_deadline(open_bench: OpenBench, templates: dict[str, JobTemplate]):
    def fail() -> None:
        raise ValueError("no")

    templates["odd"].ending = fail
    bench = await open_bench()
    await bench.lead()
    await due_jobs(bench, "odd", template="odd", policies={"startDeadline": "5s", "retry": {"backoff": "1m"}})
    await bench.tick(2)
    await bench.settle()
    await bench.tick(120)
    await bench.settle()
    (run,) = await bench.runs()
    assert (run["state"], run["attempt"]) == ("retry_wait", 2)
