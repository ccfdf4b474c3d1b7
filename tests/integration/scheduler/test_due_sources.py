"""Due sources: a job also runs the moment something in its template's collection falls due."""

from typing import Any

import pytest
from bson import DatetimeMS

from tests.integration.scheduler.conftest import DrainTemplate
from tests.support.documents import MONDAY, job_document, seconds
from tests.support.workbench import Workbench

HOURLY = {"kind": "interval", "every": "1h"}


async def inbox(bench: Workbench, identity: str, due_in: float) -> None:
    await bench.db.inbox.insert_one({"_id": identity, "done": False, "dueAt": bench.clock.now() + seconds(due_in)})


async def test_a_job_runs_when_its_source_falls_due_although_its_own_time_is_far(bench: Workbench, templates):
    template: DrainTemplate = templates["drain"]
    await bench.db.dynamic_jobs.insert_one(job_document(template="drain", schedule=HOURLY))
    await inbox(bench, "letter", 5)
    await bench.tick()
    assert template.runs == []
    await bench.tick(5)
    await bench.settle()
    (context,) = template.runs
    assert context.scheduled_for == MONDAY + seconds(5)
    (run,) = await bench.runs()
    assert (run["trigger"], run["state"]) == ("due", "succeeded")
    assert (await bench.job())["daemon"]["nextRun"] == MONDAY + seconds(3600)


async def test_every_active_job_of_the_template_runs_and_no_other(bench: Workbench):
    await bench.db.dynamic_jobs.insert_many(
        [
            job_document("job-1", template="drain", schedule=HOURLY),
            job_document("job-2", template="drain", schedule=HOURLY),
            job_document("job-3", template="drain", schedule=HOURLY, enabled=False),
            job_document("job-4", template="drain", schedule=HOURLY, pause={"at": MONDAY}),
            job_document("job-5", template="drain", schedule="at noon"),
        ]
    )
    await bench.tick()
    await inbox(bench, "letter", 0)
    await bench.tick(1)
    await bench.settle()
    assert sorted(run["jobId"] for run in await bench.runs()) == ["job-1", "job-2"]


async def test_something_due_that_a_run_leaves_behind_is_asked_for_ever_more_slowly(bench: Workbench, templates):
    template: DrainTemplate = templates["drain"]
    await bench.db.dynamic_jobs.insert_one(job_document(template="drain", schedule=HOURLY))
    await bench.tick()
    await inbox(bench, "stuck", 0)
    for _ in range(60):
        await bench.tick(1)
        await bench.settle()
    assert 5 <= len(template.runs) <= 9


@pytest.mark.parametrize("odd", [[MONDAY], DatetimeMS(2**60)], ids=["list", "far"])
async def test_a_due_date_that_is_no_date_breaks_nothing(bench: Workbench, templates, odd: Any):
    template: DrainTemplate = templates["drain"]
    await bench.db.dynamic_jobs.insert_one(job_document(template="drain", schedule=HOURLY))
    await bench.db.inbox.insert_one({"_id": "odd", "done": False, "dueAt": odd})
    await bench.tick(1)
    await bench.settle()
    await bench.tick(1)
    await bench.settle()
    assert len(template.runs) == (1 if isinstance(odd, list) else 0)


async def test_a_source_that_rests_starts_no_run_and_keeps_no_pass_awake(bench: Workbench, templates):
    template: DrainTemplate = templates["drain"]
    template.rests_until = MONDAY + seconds(30)
    await bench.db.dynamic_jobs.insert_one(job_document(template="drain", schedule=HOURLY))
    await inbox(bench, "letter", 0)
    await bench.tick(1)
    assert template.runs == []
    assert bench.daemon.scheduler._look_at == MONDAY + seconds(30)
    await bench.tick(29)
    await bench.settle()
    assert len(template.runs) == 1


async def test_something_new_in_the_source_is_not_slowed_down_by_what_came_before(bench: Workbench, templates):
    template: DrainTemplate = templates["drain"]
    await bench.db.dynamic_jobs.insert_one(job_document(template="drain", schedule=HOURLY))
    await bench.tick()
    for number in range(4):
        await inbox(bench, f"letter-{number}", 0)
        await bench.tick(1)
        await bench.settle()
        await bench.db.inbox.update_one({"_id": f"letter-{number}"}, {"$set": {"done": True}})
        await bench.tick()
    assert len(template.runs) == 4


async def test_a_busy_job_is_started_again_when_its_run_has_ended(bench: Workbench, templates):
    template: DrainTemplate = templates["drain"]
    await bench.db.dynamic_jobs.insert_one(job_document(template="drain", schedule=HOURLY))
    await bench.tick()
    await bench.db.job_runs.insert_one(
        {"_id": "job-1:m:other", "jobId": "job-1", "state": "running", "token": "x", "epoch": 1, "waiting": False}
    )
    await inbox(bench, "letter", 0)
    await bench.tick(1)
    assert template.runs == []
    await bench.db.job_runs.update_one({"_id": "job-1:m:other"}, {"$set": {"state": "succeeded"}})
    bench.daemon.scheduler.run_ended("drain", "job-1")
    await bench.tick()
    await bench.settle()
    assert len(template.runs) == 1
