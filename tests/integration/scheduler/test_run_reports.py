"""Lines, progress and slowness of a run: stored while it runs, complete when it has ended, never in its way."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate
from scheduler_daemon.scheduling import run_reports
from shared.errors import DocumentRefused, StoreUnavailable
from shared.models.run_logs import RunLogPage
from shared.models.runs import Run
from shared.queries import run_logs as queries
from tests.support.blocking_templates import BlockingTemplate
from tests.support.documents import MONDAY, job_document, once, seconds
from tests.support.waiting import eventually
from tests.support.workbench import Workbench

ONCE = once(MONDAY + seconds(1))
Act = Callable[[JobExecutionContext], None]


class TalkingTemplate(JobTemplate):
    """Does `acts`, one before each release by the test."""

    type = "talking"
    name = "Talking"
    category = "tests"

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.release = asyncio.Semaphore(0)
        self.done = 0

    async def execute(self, context: JobExecutionContext) -> JobResult:
        for act in self.acts:
            act(context)
            self.done += 1
            await self.release.acquire()
        return JobResult.success("said")


@pytest.fixture
def talking(templates: dict[str, JobTemplate]) -> TalkingTemplate:
    made = TalkingTemplate()
    templates |= {"talking": made, "blocking": BlockingTemplate()}
    return made


async def start(bench: Workbench, talking: TalkingTemplate, *acts: Act, **policies: Any) -> None:
    talking.acts = list(acts)
    job = job_document(template="talking", schedule=ONCE, policies={"retry": {"maxAttempts": 1}, **policies})
    await bench.db.dynamic_jobs.insert_one(job)
    await bench.tick(1)
    await eventually(lambda: talking.done == 1)


async def end(bench: Workbench, talking: TalkingTemplate) -> dict[str, Any]:
    for _ in talking.acts:
        talking.release.release()
    await bench.settle()
    (run,) = await bench.runs()
    return run


async def pages(bench: Workbench) -> list[dict[str, Any]]:
    return await bench.db.job_run_logs.find({}).sort([("attempt", 1), ("page", 1)]).to_list()


async def events(bench: Workbench) -> list[str]:
    return [line["event"] for page in await pages(bench) for line in page["lines"]]


def say(event: str) -> Act:
    return lambda context: context.log.info(event, password="x")


async def test_lines_and_progress_are_stored_while_the_run_goes_on(talking: TalkingTemplate, bench: Workbench):
    await start(bench, talking, say("first"), say("second"), lambda context: context.progress(1, 2, "half"))
    await bench.daemon.reports.run_once()
    assert await events(bench) == ["first"]
    talking.release.release()
    talking.release.release()
    await eventually(lambda: talking.done == 3)
    await bench.daemon.reports.run_once()
    assert await events(bench) == ["first", "second"]
    (run,) = await bench.runs()
    assert (run["state"], run["progress"]) == (
        "running", {"done": 1.0, "total": 2.0, "message": "half", "at": bench.clock.now()},
    )  # fmt: skip
    (page,) = await pages(bench)
    assert page["lines"][0]["fields"] == {"password": "***"}
    assert RunLogPage.from_document(page).run_id == run["_id"]
    await end(bench, talking)


async def test_a_finished_run_shows_all_its_lines_and_its_last_progress(talking: TalkingTemplate, bench: Workbench):
    def much(context: JobExecutionContext) -> None:
        for number in range(250):
            context.log.info(f"line-{number}")
            context.progress(number)

    await start(bench, talking, much)
    run = await end(bench, talking)
    assert (run["state"], run["progress"]["done"]) == ("succeeded", 249.0)
    assert await events(bench) == [f"line-{number}" for number in range(250)]
    assert [len(page["lines"]) for page in await pages(bench)] == [100, 100, 50]
    Run.from_document(run)


async def test_a_run_that_says_nothing_writes_nothing(talking: TalkingTemplate, bench: Workbench, monkeypatch):
    async def no_write(*_changes: Any) -> None:
        raise AssertionError("a write")

    monkeypatch.setattr(bench.daemon.reports._store, "write", no_write)
    monkeypatch.setattr(bench.daemon.reports._store, "let_expire", no_write)
    await start(bench, talking, lambda _context: None)
    run = await end(bench, talking)
    await bench.daemon.reports.run_once()
    assert run["state"] == "succeeded"
    assert not {"progress", "slowAt"} & set(run)


async def test_pages_expire_with_their_run_and_not_before(talking: TalkingTemplate, bench: Workbench):
    await start(bench, talking, say("a"))
    await bench.daemon.reports.run_once()
    (page,) = await pages(bench)
    assert page["expireAt"] == bench.clock.now() + queries.KEPT_UNFINISHED
    run = await end(bench, talking)
    await bench.daemon.reports.run_once()
    (page,) = await pages(bench)
    assert page["expireAt"] == run["expireAt"]


async def test_what_a_crash_left_expires_too(bench: Workbench):
    expires = MONDAY + seconds(60)
    await bench.db.job_runs.insert_many(
        [{"_id": "ended", "state": "failed", "expireAt": expires}, {"_id": "alive", "state": "running"}]
    )
    for name in ("ended", "alive", "gone"):
        criteria, update = queries.page(name, 1, 0, [], MONDAY)
        await bench.db.job_run_logs.update_one(criteria, update, upsert=True)
    far = MONDAY + queries.KEPT_UNFINISHED
    await bench.db.job_run_logs.insert_one({"_id": "malformed", "runId": {"no": "text"}, "expireAt": far})
    await bench.daemon.reports.sweep()
    await bench.db.job_run_logs.delete_one({"_id": "malformed"})
    assert {page["runId"]: page["expireAt"] for page in await pages(bench)} == {
        "ended": expires, "alive": MONDAY + queries.KEPT_UNFINISHED, "gone": MONDAY,
    }  # fmt: skip


async def test_the_sweep_walks_its_index(bench: Workbench):
    for number in range(100):
        await bench.db.job_run_logs.insert_one({"_id": number, "expireAt": MONDAY})
    found = await bench.db.job_run_logs.find(queries.of_unfinished(MONDAY)).explain()
    assert "'indexName': 'expiry'" in str(found["queryPlanner"]["winningPlan"])
    assert found["executionStats"]["totalKeysExamined"] <= 1


async def test_logs_that_cannot_be_stored_fail_no_run_and_are_stored_later(
    talking: TalkingTemplate, bench: Workbench, monkeypatch
):
    store, broken = bench.daemon.reports._store, True
    write = store.write

    async def failing(*changes: Any) -> None:
        if broken:
            raise StoreUnavailable("away")
        await write(*changes)

    monkeypatch.setattr(store, "write", failing)
    await start(bench, talking, say("a"))
    await bench.daemon.reports.run_once()
    run = await end(bench, talking)
    assert run["state"] == "succeeded"
    assert await events(bench) == []
    broken = False
    await bench.daemon.reports.run_once()
    assert await events(bench) == ["a"]


async def test_logs_that_can_never_be_stored_are_given_up_loudly(
    talking: TalkingTemplate, bench: Workbench, monkeypatch, capsys
):
    async def refusing(*_changes: Any) -> None:
        raise DocumentRefused("never")

    monkeypatch.setattr(bench.daemon.reports._store, "write", refusing)
    monkeypatch.setattr(run_reports, "TRIES_AFTER_END", 2)
    await start(bench, talking, say("a"))
    assert (await end(bench, talking))["state"] == "succeeded"
    for _ in range(3):
        await bench.daemon.reports.run_once()
    assert "run_log_lost" in capsys.readouterr().out
    assert not bench.daemon.reports._unsaved


async def test_a_database_that_does_not_answer_delays_the_end_of_a_run_only_shortly(
    talking: TalkingTemplate, bench: Workbench, monkeypatch
):
    async def silent(*_changes: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(bench.daemon.reports._store, "write", silent)
    monkeypatch.setattr(run_reports, "LAST_FLUSH_SECONDS", 0.05)
    await start(bench, talking, say("a"))
    assert (await end(bench, talking))["state"] == "succeeded"


async def test_a_run_that_is_cancelled_while_its_last_lines_are_stored_keeps_its_outcome(
    talking: TalkingTemplate, bench: Workbench, monkeypatch
):
    reached = asyncio.Event()
    write = bench.daemon.reports._store.write

    async def slow(*changes: Any) -> None:
        reached.set()
        await asyncio.sleep(0.05)
        await write(*changes)

    monkeypatch.setattr(bench.daemon.reports._store, "write", slow)
    await start(bench, talking, say("a"))
    talking.release.release()
    await reached.wait()
    (run,) = await bench.runs()
    assert not bench.daemon.executor.cancel(run["_id"], "too late")
    assert await bench.daemon.executor.interrupt_all()
    assert (await end(bench, talking))["state"] == "succeeded"
    assert await events(bench) == ["a"]


async def test_a_slow_run_is_marked_and_goes_on(talking: TalkingTemplate, bench: Workbench, capsys):
    await start(bench, talking, say("a"), softTimeout="100ms")
    await eventually(lambda: "run_slow" in capsys.readouterr().out)
    await bench.daemon.reports.run_once()
    (run,) = await bench.runs()
    assert (run["state"], run["slowAt"]) == ("running", bench.clock.now())
    run = await end(bench, talking)
    assert (run["state"], run["slowAt"]) == ("succeeded", bench.clock.now())


async def test_a_run_that_is_in_time_is_not_marked(talking: TalkingTemplate, bench: Workbench):
    await start(bench, talking, say("a"), softTimeout="10s")
    assert "slowAt" not in await end(bench, talking)


async def test_marks_of_an_attempt_are_gone_when_it_is_given_up(talking: TalkingTemplate, bench: Workbench):
    await start(bench, talking, lambda context: context.progress(1))
    await bench.daemon.executor.interrupt_all()
    await bench.daemon.recorder.wait_until_idle()
    (run,) = await bench.runs()
    assert run["state"] == "pending"
    assert "progress" not in run


async def test_progress_is_not_written_to_a_run_that_another_holds(talking: TalkingTemplate, bench: Workbench):
    await start(bench, talking, lambda context: context.progress(1))
    await bench.db.job_runs.update_many({}, {"$set": {"token": "another"}})
    await bench.daemon.reports.run_once()
    assert "progress" not in (await bench.runs())[0]


async def run_blocking(bench: Workbench, **params: Any) -> dict[str, Any]:
    job = job_document(template="blocking", schedule=ONCE, params=params, policies={"retry": {"maxAttempts": 1}})
    await bench.db.dynamic_jobs.insert_one(job)
    await bench.tick(1)
    await bench.settle()
    (run,) = await bench.runs()
    return run


async def test_what_a_blocking_template_logs_and_prints_is_in_its_log(talking: TalkingTemplate, bench: Workbench):
    run = await run_blocking(bench, act="log")
    assert (run["state"], run["progress"]["done"], run["progress"]["message"]) == ("succeeded", 1.0, "half")
    lines = {line["event"]: line for page in await pages(bench) for line in page["lines"]}
    assert lines["half way"]["fields"] == {"step": 1, "password": "***", "odd": "<class 'object'>"}
    assert lines["printed"]["fields"] == {"source": "output"}
    assert "RuntimeError: caught" in lines["trouble"]["fields"]["exception"]


async def test_the_last_words_of_a_worker_that_dies_are_kept(talking: TalkingTemplate, bench: Workbench):
    run = await run_blocking(bench, act="die", number=3)
    assert run["error"]["message"] == "the worker process ended with exit code 3 before its template returned"
    assert await events(bench) == ["the last words"]


async def test_a_crash_leaves_the_place_where_it_happened(talking: TalkingTemplate, bench: Workbench):
    await run_blocking(bench, act="crash")
    assert any("in _crash" in event for event in await events(bench))


async def test_what_a_blocking_template_reports_is_stored_while_it_runs(
    talking: TalkingTemplate, bench: Workbench, tmp_path: Path
):
    path = tmp_path / "pid"
    params = {"act": "log_and_wait", "path": str(path)}
    await bench.db.dynamic_jobs.insert_one(job_document(template="blocking", schedule=ONCE, params=params))
    await bench.tick(1)
    await eventually(path.exists)
    await bench.daemon.reports.run_once()
    (run,) = await bench.runs()
    assert (run["state"], run["progress"]["done"]) == ("running", 3.0)
    assert await events(bench) == ["started"]
    path.unlink()
    await bench.settle()


async def test_a_flood_from_a_worker_is_cut_and_counted(talking: TalkingTemplate, bench: Workbench):
    run = await run_blocking(bench, act="flood", number=20_000)
    assert (run["state"], run["progress"]["done"]) == ("succeeded", 19_999.0)
    kept = [line for page in await pages(bench) for line in page["lines"]]
    assert [line["event"] for line in kept if line["level"] == "error"] == ["the end"]
    assert kept[-1]["event"] == "log_lines_left_out"
    assert len(kept) + kept[-1]["fields"]["lines"] == 40_001 + 2
