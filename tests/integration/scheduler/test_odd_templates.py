"""Templates of others: whatever they return, raise or do when cancelled, their run ends and nobody else suffers."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from scheduler_daemon.job_template import JobResult
from scheduler_daemon.scheduling.executor import Executor
from scheduler_daemon.scheduling.outcome import Outcome
from shared.errors import LeadershipLost
from shared.secrets_vault import Vault
from tests.support.documents import MONDAY, command_document, job_document, once, seconds
from tests.support.workbench import Workbench

ONCE = once(MONDAY + seconds(1))
NO_RETRY = {"retry": {"maxAttempts": 1}}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def fail_with(fault: BaseException) -> Callable[[], Any]:
    def ending() -> Any:
        raise fault

    return ending


async def run_beside_a_healthy_job(bench: Workbench, templates, ending: Callable[[], Any]) -> dict[str, Any]:
    templates["odd"].ending = ending
    await bench.db.dynamic_jobs.insert_many(
        [
            job_document("odd", template="odd", schedule=ONCE, policies=NO_RETRY),
            job_document("healthy", schedule=ONCE),
        ]
    )
    await bench.tick(1)
    await bench.settle()
    assert await bench.states(jobId="healthy") == ["succeeded"]
    assert bench.daemon.executor.running == 0
    (run,) = await bench.runs(jobId="odd")
    return run


@pytest.mark.parametrize(
    ("ending", "state", "kind"),
    [
        (lambda: None, "failed", "InvalidResult"),
        (lambda: "done", "failed", "InvalidResult"),
        (lambda: JobResult("success", None), "succeeded", None),  # type: ignore[arg-type]
        (lambda: JobResult.success("a \udcff name"), "succeeded", None),
        (lambda: JobResult.success("deep", nested(190)), "succeeded", None),
        (lambda: JobResult("success", "odd", metrics=7), "succeeded", None),  # type: ignore[arg-type]
        (fail_with(ValueError("a \udcff name")), "failed", "ValueError"),
        (fail_with(SystemExit(3)), "failed", "SystemExit"),
        (fail_with(asyncio.CancelledError()), "failed", "Cancelled"),
        (fail_with(LeadershipLost("gone")), "pending", None),
    ],
)
async def test_a_run_ends_whatever_its_template_does(
    bench: Workbench, templates, ending: Callable[[], Any], state: str, kind: str | None
):
    run = await run_beside_a_healthy_job(bench, templates, ending)
    assert run["state"] == state
    if state == "failed":
        assert run["error"]["type"] == kind


async def test_an_outcome_that_the_database_refuses_ends_that_run_only(
    bench: Workbench, templates, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("scheduler_daemon.scheduling.outcome.DEEPEST_RESULT", 10_000)
    run = await run_beside_a_healthy_job(bench, templates, lambda: JobResult.success("deep", nested(190)))
    assert (run["state"], run["error"]["type"]) == ("failed", "NotStorable")


async def clean_up_badly() -> JobResult:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise ConnectionError("closed twice") from None
    raise AssertionError("unreachable")


async def give_up() -> JobResult:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return JobResult.failure("was told to stop")
    raise AssertionError("unreachable")


@pytest.mark.parametrize("ending", [clean_up_badly, give_up])
async def test_a_cancelled_run_is_cancelled_whatever_its_clean_up_makes_of_it(
    bench: Workbench, templates, ending: Callable[[], Any]
):
    templates["odd"].ending = ending
    await bench.db.dynamic_jobs.insert_one(job_document("odd", template="odd", schedule=ONCE))
    await bench.tick(1)
    await bench.until_running()
    (run,) = await bench.runs()
    await asyncio.sleep(0)
    await bench.db.commands.insert_one(command_document("cancel", runId=run["_id"]))
    await bench.tick()
    await bench.settle()
    assert await bench.states() == ["cancelled"]


async def test_a_time_out_stays_a_time_out_whatever_the_clean_up_makes_of_it(bench: Workbench, templates):
    templates["odd"].ending = clean_up_badly
    policies = {**NO_RETRY, "timeout": "100ms"}
    await bench.db.dynamic_jobs.insert_one(job_document("odd", template="odd", schedule=ONCE, policies=policies))
    await bench.tick(1)
    await bench.settle()
    assert await bench.states() == ["timed_out"]


async def test_a_validator_that_breaks_costs_its_own_job_only(bench: Workbench, templates, monkeypatch):
    def broken(_params: Any) -> Any:
        raise KeyError("a plugin's fault")

    monkeypatch.setattr(templates["odd"].Parameters, "model_validate", broken)
    await bench.db.dynamic_jobs.insert_many(
        [job_document("odd", template="odd", schedule=ONCE), job_document("healthy", schedule=ONCE)]
    )
    await bench.tick(1)
    await bench.settle()
    assert await bench.states(jobId="healthy") == ["succeeded"]
    assert "KeyError" in (await bench.job("odd"))["daemon"]["quarantine"]["reason"]


async def test_a_retry_of_a_run_that_is_no_run_is_answered(bench: Workbench):
    await bench.db.job_runs.insert_one({"_id": "x", "state": "failed", "jobId": "job-1"})
    await bench.db.commands.insert_one(command_document("retry", retryOf="x", runId="job-1:m:again"))
    await bench.tick()
    command = await bench.db.commands.find_one({})
    assert command is not None
    assert command["outcome"]["accepted"] is False


async def test_the_late_record_of_an_attempt_does_not_free_the_attempt_after_it(bench: Workbench, templates):
    class Withholding:
        """A recorder whose answers come late."""

        def __init__(self) -> None:
            self.done: list[Callable[[], None]] = []

        def record(self, _run: dict[str, Any], _outcome: Outcome, done: Callable[[], None]) -> None:
            self.done.append(done)

    recorder = Withholding()
    parts = bench.daemon
    executor = Executor(
        templates, parts.notifications.services, parts.workers, parts.reports, recorder, bench.clock, 5, Vault(),
        lambda _kind, _job: None,
    )  # fmt: skip
    await bench.db.dynamic_jobs.insert_one(job_document(schedule=ONCE))
    await bench.tick(1)
    await bench.settle()
    (run,) = await bench.runs()
    executor.start(run)
    await executor.wait_until_idle()
    executor.start({**run, "template": "held", "attempt": 2})
    recorder.done[0]()
    assert executor.holds(run["_id"])
    await executor.interrupt_all()
