"""Maintenance mode and excluded days, as passes obey them."""

from typing import Any

from scheduler_daemon.job_template import JobTemplate
from tests.support.documents import (
    MONDAY,
    calendar_document,
    command_document,
    job_document,
    maintenance_document,
    once,
    seconds,
)
from tests.support.workbench import Workbench


async def maintenance(bench: Workbench, **changes: Any) -> None:
    """Switches it on, as the API does, and lets the daemon hear of it."""
    document = maintenance_document(**changes)
    await bench.db.controls.update_one({"_id": "maintenance"}, {"$set": document}, upsert=True)
    bench.daemon.scheduler._parts.rules.mark_stale()


async def test_in_maintenance_nothing_starts_and_afterwards_everything_is_as_it_was(bench: Workbench):
    await bench.db.dynamic_jobs.insert_many([job_document(), job_document("job-2", schedule=once(MONDAY))])
    await bench.tick(60)
    await bench.settle()
    before = await bench.job()
    await maintenance(bench)
    await bench.db.commands.insert_one(command_document("run", jobId="job-2", runId="asked"))
    for _ in range(5):
        await bench.tick(60)
    assert bench.daemon.executor.running == 0
    assert (await bench.run("asked"))["state"] == "pending"
    assert await bench.job() == before
    await maintenance(bench, active=False)
    await bench.tick(1)
    await bench.settle()
    assert (await bench.run("asked"))["state"] == "succeeded"
    (missed,) = await bench.runs(reason="misfire")
    (caught_up,) = await bench.runs(scheduledFor=MONDAY + seconds(360))
    assert (missed["span"]["count"], caught_up["state"]) == (4, "succeeded")


async def test_a_running_run_goes_on_in_maintenance(bench: Workbench, templates: dict[str, JobTemplate]):
    await bench.db.dynamic_jobs.insert_one(job_document(template="held"))
    await bench.tick(60)
    await maintenance(bench)
    await bench.tick(1)
    templates["held"].release.set()
    await bench.settle()
    assert await bench.states() == ["succeeded"]


async def test_maintenance_ends_by_itself(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(job_document())
    await bench.tick(1)
    await maintenance(bench, until=MONDAY + seconds(90))
    await bench.tick(60)
    assert await bench.runs() == []
    await bench.tick(30)
    await bench.settle()
    assert await bench.states() == ["succeeded"]


async def test_an_excluded_occurrence_is_a_record_with_the_name_of_the_day(bench: Workbench):
    entry = {"name": "Company day", "first": "2026-11-23", "last": "2026-11-23"}
    await bench.db.calendars.insert_one(calendar_document("days", entries=[entry]))
    schedule = {"kind": "interval", "every": "1m", "excludeCalendars": ["days"]}
    await bench.db.dynamic_jobs.insert_one(job_document(schedule=schedule))
    await bench.tick(60)
    await bench.tick(60)
    first, second = await bench.runs()
    assert {first["state"], second["state"]} == {"skipped"}
    assert (first["reason"], first["span"]["name"]) == ("excluded", "Company day")
    job = await bench.job()
    assert job["daemon"]["skipped"] == {"excluded": 2}
    assert job["daemon"]["nextRun"] == MONDAY + seconds(180)
