"""Commands that were asked for at once."""

from typing import Any

import pytest

from scheduler_daemon.scheduling import command_handler
from scheduler_daemon.store.passes import HandledCommand
from tests.support.documents import MONDAY, command_document, job_document, seconds
from tests.support.workbench import Workbench


async def ask(bench: Workbench, *commands: dict[str, Any]) -> None:
    """Handled in the order in which they are given."""
    ordered = [{**command, "createdAt": MONDAY + seconds(place / 1000)} for place, command in enumerate(commands)]
    await bench.db.commands.insert_many(ordered)
    await bench.tick(1)


def run_now(number: int, job: str, **fields: Any) -> dict[str, Any]:
    return command_document("run", identity=f"c{number}", jobId=job, runId=f"{job}:m:{number}", **fields)


async def outcome(bench: Workbench, number: int) -> dict[str, Any]:
    command = await bench.db.commands.find_one({"_id": f"c{number}"})
    assert command is not None
    return dict(command["outcome"])


@pytest.fixture
def commits(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many commands each commit answered."""
    passes = bench.daemon.scheduler._parts.commands._passes
    answer_commands, sizes = passes.answer_commands, []

    async def counted(answers: list[HandledCommand]) -> None:
        await answer_commands(answers)
        sizes.append(len(answers))

    monkeypatch.setattr(passes, "answer_commands", counted)
    return sizes


async def test_run_nows_of_many_jobs_are_one_commit(bench: Workbench, commits: list[int]):
    await bench.db.dynamic_jobs.insert_many([job_document(f"job-{number}") for number in range(30)])
    await ask(bench, *(run_now(number, f"job-{number}") for number in range(30)))
    await bench.settle()
    assert commits == [30]
    assert await bench.states() == ["succeeded"] * 30


async def test_run_nows_with_large_parameters_are_several_commits(
    bench: Workbench, commits: list[int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(command_handler, "MOST_BYTES", 50_000)
    await bench.db.dynamic_jobs.insert_many([job_document(f"job-{number}") for number in range(5)])
    params = {"text": "x" * 20_000}
    await ask(bench, *(run_now(number, f"job-{number}", params=params) for number in range(5)))
    await bench.settle()
    assert commits == [3, 2]
    assert len(await bench.states()) == 5


async def test_a_second_run_now_of_a_job_knows_of_the_first(bench: Workbench, commits: list[int]):
    await bench.db.dynamic_jobs.insert_one(job_document(template="held"))
    await ask(bench, run_now(1, "job-1"), run_now(2, "job-1"))
    await bench.until_running()
    assert commits == [1, 1]
    assert "recorded as skipped" in (await outcome(bench, 2))["detail"]
    assert (await bench.run("job-1:m:2"))["reason"] == "overlap"


async def test_a_cancel_finds_the_run_that_was_asked_for_just_before(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document())
    await ask(bench, run_now(1, "job-1"), command_document("cancel", identity="c2", runId="job-1:m:1"))
    assert (await outcome(bench, 2))["detail"] == "cancelled before it started"
    assert await bench.states() == ["cancelled"]


async def test_a_run_that_cannot_be_stored_does_not_stop_those_beside_it(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    new_run = command_handler.new_run

    def with_unstorable_parameters(job: Any, **fields: Any) -> dict[str, Any]:
        run = new_run(job, **fields)
        return {**run, "params": {"number": 2**70}} if job.id == "huge" else run

    monkeypatch.setattr(command_handler, "new_run", with_unstorable_parameters)
    await bench.db.dynamic_jobs.insert_many([job_document(job) for job in ("first", "huge", "last")])
    await ask(bench, run_now(1, "first"), run_now(2, "huge"), run_now(3, "last"))
    await bench.settle()
    assert await outcome(bench, 2) == {"accepted": False, "detail": "the run cannot be stored"}
    assert await bench.states() == ["succeeded", "succeeded"]
