"""Blocking templates run in worker processes: whatever they do, their run ends, and nothing of them is left."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from scheduler_daemon.job_template import JobTemplate
from tests.integration.scheduler.conftest import OpenBench
from tests.support.blocking_templates import BlockingTemplate, UnimportableTemplate, UnrepeatableTemplate
from tests.support.documents import MONDAY, command_document, job_document, once, seconds
from tests.support.processes import is_alive
from tests.support.waiting import eventually
from tests.support.workbench import Workbench

ONCE = once(MONDAY + seconds(1))
NO_RETRY = {"retry": {"maxAttempts": 1}}


@pytest.fixture
def templates(templates: dict[str, JobTemplate]) -> dict[str, JobTemplate]:
    more = (BlockingTemplate(), UnrepeatableTemplate(), UnimportableTemplate())
    return {**templates, **{each.type: each for each in more}}


def blocking(identity: str = "job-1", template: str = "blocking", timeout: str = "1m", **params: Any) -> dict[str, Any]:
    return job_document(
        identity, template=template, params=params, schedule=ONCE, policies={**NO_RETRY, "timeout": timeout}
    )


async def start(bench: Workbench, *jobs: dict[str, Any]) -> None:
    await bench.db.dynamic_jobs.insert_many(list(jobs))
    await bench.tick(1)


async def ended(bench: Workbench) -> dict[str, Any]:
    await bench.settle()
    (run,) = await bench.runs()
    return run


async def pids_of(path: Path) -> list[int]:
    """The process ids that a template wrote."""
    written = await eventually(lambda: path.exists() and path.read_text(), timeout=30)
    return [int(word) for word in str(written).split()]


@pytest.mark.parametrize(
    ("act", "state", "kind", "message"),
    [
        ("nothing", "succeeded", None, ""),
        ("return_odd_metrics", "succeeded", None, ""),
        ("raise", "failed", "ValueError", "name"),
        ("exit", "failed", "SystemExit", "3"),
        ("return_text", "failed", "InvalidResult", "str"),
        ("crash", "failed", "WorkerDied", "SIGSEGV"),
        ("kill_self", "failed", "WorkerDied", "SIGKILL"),
        ("die", "failed", "WorkerDied", "exit code 0"),
        ("services", "failed", "RuntimeError", "declare `async def execute`"),
    ],
)
async def test_a_run_ends_whatever_a_blocking_template_does(
    bench: Workbench, act: str, state: str, kind: str | None, message: str
):
    await start(bench, blocking(act=act))
    run = await ended(bench)
    assert run["state"] == state, run["error"]
    if kind:
        assert run["error"]["type"] == kind
        assert message in run["error"]["message"]
    assert bench.daemon.executor.running == 0


async def test_a_blocking_template_can_put_off_its_next_attempt(bench: Workbench):
    job = blocking(act="ask_for_later", number=7200)
    await start(bench, {**job, "policies": {"retry": {"maxAttempts": 2}}})
    run = await ended(bench)
    assert run["state"] == "retry_wait"
    assert run["nextAttemptAt"] - MONDAY == seconds(1 + 7200)


async def test_a_blocking_template_runs_in_another_process_that_is_used_again(bench: Workbench):
    await start(bench, blocking(act="nothing"))
    first = await ended(bench)
    await bench.db.dynamic_jobs.insert_one(
        job_document("job-2", template="blocking", params={"act": "nothing"}, schedule=once(MONDAY + seconds(2)))
    )
    await bench.tick(1)
    await bench.settle()
    (second,) = await bench.runs(jobId="job-2")
    assert first["result"]["metrics"]["pid"] == second["result"]["metrics"]["pid"] != os.getpid()


async def test_a_worker_is_replaced_after_its_number_of_runs(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bench.daemon.workers, "_runs_per_worker", 1)
    await start(bench, blocking("a", act="nothing"), blocking("b", act="nothing"))
    await bench.settle()
    assert len({run["result"]["metrics"]["pid"] for run in await bench.runs()}) == 2


async def test_wrong_parameters_fail_the_run_without_a_retry(bench: Workbench):
    document = blocking(nonsense=1) | {"policies": {}, "plannedRevision": 1, "daemon": {"nextRun": MONDAY}}
    await start(bench, document)
    run = await ended(bench)
    assert (run["state"], run["error"]["type"]) == ("failed", "InvalidParameters")


async def test_a_template_that_cannot_be_loaded_in_a_worker_says_why(bench: Workbench):
    await start(bench, blocking(template="unimportable", act="nothing"))
    run = await ended(bench)
    assert (run["state"], run["error"]["type"]) == ("failed", "TemplateMissing")
    assert "RuntimeError: not here" in run["error"]["message"]


@pytest.mark.parametrize("act", ["wait", "hold_gil", "start_process", "clean_up"])
async def test_a_run_that_exceeds_its_time_out_is_killed_with_all_its_processes(
    bench: Workbench, tmp_path: Path, act: str
):
    path = tmp_path / "pid"
    await start(bench, blocking(act=act, path=str(path), timeout="500ms"))
    run = await ended(bench)
    assert (run["state"], run["error"]["type"]) == ("timed_out", "TimedOut")
    assert not any(map(is_alive, await pids_of(path)))
    assert path.with_suffix(".clean").exists() == (act == "clean_up")


async def test_a_cancelled_run_is_killed_before_its_slot_is_free(bench: Workbench, tmp_path: Path):
    path = tmp_path / "pid"
    await start(bench, blocking(act="hold_gil", path=str(path)))
    pids = await pids_of(path)
    (run,) = await bench.runs()
    await bench.db.commands.insert_one(command_document("cancel", runId=run["_id"]))
    await bench.tick()
    assert all(map(is_alive, pids))
    await bench.settle()
    assert await bench.states() == ["cancelled"]
    assert not any(map(is_alive, pids))


async def test_the_time_out_counts_from_when_a_worker_begins_the_run(open_bench: OpenBench, tmp_path: Path):
    bench = await open_bench(daemon_worker_processes=1)
    await bench.lead()
    path = tmp_path / "pid"
    await start(bench, blocking("first", act="wait", path=str(path)))
    await pids_of(path)
    await bench.db.dynamic_jobs.insert_one(
        job_document(
            "second", template="blocking", params={"act": "nothing"}, schedule=once(MONDAY + seconds(2)),
            policies={**NO_RETRY, "timeout": "100ms"},
        )
    )  # fmt: skip
    await bench.tick(1)
    await bench.until_running(2)
    assert bench.daemon.executor.running_of("blocking") == 2
    await asyncio.sleep(0.3)
    assert await bench.states() == ["running", "running"]
    path.unlink()
    await bench.settle()
    assert await bench.states() == ["succeeded", "succeeded"]
    assert bench.daemon.executor.running_of("blocking") == 0


async def test_a_template_that_holds_the_gil_leaves_the_other_jobs_alone(bench: Workbench, tmp_path: Path):
    path = tmp_path / "pid"
    await start(bench, blocking(act="hold_gil", path=str(path)))
    await pids_of(path)
    await bench.db.dynamic_jobs.insert_one(job_document("healthy", schedule=once(MONDAY + seconds(2))))
    await bench.tick(1)
    await bench.settle_all_of("noop")
    assert await bench.states(jobId="healthy") == ["succeeded"]
    assert await bench.states(jobId="job-1") == ["running"]


@pytest.mark.parametrize(("act", "state"), [("wait", "interrupted"), ("nothing", "pending")])
async def test_a_stop_repeats_what_no_worker_has_begun(open_bench: OpenBench, tmp_path: Path, act: str, state: str):
    bench = await open_bench(daemon_worker_processes=1)
    await bench.lead()
    path = tmp_path / "pid"
    await start(bench, blocking("first", template="unrepeatable", act="wait", path=str(path)))
    pids = await pids_of(path)
    if act == "nothing":
        await bench.db.dynamic_jobs.insert_one(
            job_document("second", template="unrepeatable", params={"act": act}, schedule=once(MONDAY + seconds(2)))
        )
        await bench.tick(1)
        await bench.until_running(2)
    assert await bench.daemon.executor.interrupt_all()
    await bench.daemon.recorder.wait_until_idle()
    assert not any(map(is_alive, pids))
    assert await bench.states(jobId="second" if act == "nothing" else "first") == [state]


async def test_workers_die_when_the_lease_is_not_extended(bench: Workbench, tmp_path: Path):
    path = tmp_path / "pid"
    await start(bench, blocking(act="start_process", path=str(path)))
    pids = await pids_of(path)
    bench.daemon.workers.arm(0.2)
    await eventually(lambda: not any(map(is_alive, pids)))
    run = await ended(bench)
    assert (run["state"], run["error"]["type"]) == ("failed", "WorkerDied")


async def test_a_worker_that_dies_while_it_is_idle_is_replaced(bench: Workbench):
    await start(bench, blocking(act="nothing"))
    run = await ended(bench)
    os.kill(run["result"]["metrics"]["pid"], signal.SIGKILL)
    await bench.db.dynamic_jobs.insert_one(
        job_document("job-2", template="blocking", params={"act": "nothing"}, schedule=once(MONDAY + seconds(2)))
    )
    await bench.tick(1)
    await bench.settle()
    assert await bench.states() == ["succeeded", "succeeded"]


async def test_a_worker_dies_with_its_guard(bench: Workbench, tmp_path: Path):
    path = tmp_path / "pid"
    await start(bench, blocking(act="hold_gil", path=str(path)))
    pids = await pids_of(path)
    (worker,) = bench.daemon.workers._workers
    os.kill(worker.pid, signal.SIGKILL)
    run = await ended(bench)
    assert (run["state"], run["error"]["type"]) == ("failed", "WorkerDied")
    assert not any(map(is_alive, pids))


async def test_a_guard_that_cannot_move_does_not_keep_the_worker_alive(bench: Workbench, tmp_path: Path):
    path = tmp_path / "pid"
    await start(bench, blocking(act="hold_gil", path=str(path), timeout="500ms"))
    pids = await pids_of(path)
    (worker,) = bench.daemon.workers._workers
    os.kill(worker.pid, signal.SIGSTOP)
    run = await ended(bench)
    assert run["state"] == "timed_out"
    assert not any(map(is_alive, pids))


async def test_a_worker_that_cannot_start_fails_the_run(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("scheduler_daemon.workers.process.sys.executable", "/bin/false")
    await start(bench, blocking(act="nothing"))
    run = await ended(bench)
    assert (run["state"], run["error"]["type"]) == ("failed", "WorkerDied")
    assert "3 worker processes ended before the template began" in run["error"]["message"]


async def test_a_run_is_given_to_another_worker_if_the_first_died_before_it_began(bench: Workbench):
    await start(bench, blocking(act="nothing"))
    run = await ended(bench)
    (worker,) = bench.daemon.workers._workers
    os.kill(run["result"]["metrics"]["pid"], signal.SIGSTOP)  # looks usable, and never takes the run
    document = job_document(
        "job-2", template="blocking", params={"act": "nothing"}, schedule=once(MONDAY + seconds(2)), policies=NO_RETRY
    )
    await bench.db.dynamic_jobs.insert_one(document)
    await bench.tick(1)
    await bench.until_running()
    os.kill(worker.pid, signal.SIGKILL)
    await bench.settle()
    assert await bench.states() == ["succeeded", "succeeded"]
