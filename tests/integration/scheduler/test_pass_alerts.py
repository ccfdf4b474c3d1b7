"""What a pass has to tell: the messages of a job that pauses itself, and of occurrences that did not run."""

from datetime import timedelta
from typing import Any

import pytest

from scheduler_daemon.job_templates.noop_template import NoopTemplate
from scheduler_daemon.scheduling.job_reader import JobReader
from scheduler_daemon.scheduling.pass_alerts import PassAlerts
from scheduler_daemon.scheduling.planner import JobPlan, Planner
from scheduler_daemon.store.alerts import AlertStore, insert_notices
from scheduler_daemon.store.transactions import TransactionSession
from shared.models.queue import QueueItem
from shared.schedule.exclusions import NO_EXCLUSIONS
from shared.schedule.overlap import NO_LIVE_RUNS
from shared.secrets_vault import Vault
from tests.integration.scheduler.conftest import OpenBench
from tests.support.documents import MONDAY, job_document, once, seconds
from tests.support.workbench import Workbench

PLANNER = Planner(JobReader({"noop": NoopTemplate()}, Vault()), lambda _: NO_EXCLUSIONS, timedelta(days=7))
ADA = {"addresses": [{"email": "ada@example.com"}, {"phone": "+15550100"}]}
LATE = MONDAY + seconds(300)


def due_job(*events: str, **changes: Any) -> dict[str, Any]:
    """A job that is due since MONDAY + 60 s and misses all but the latest, unless it pauses itself first."""
    alerts = changes.pop("alerts", {"on": list(events), "recipients": ADA})
    policies = {"alerts": alerts, **changes.pop("policies", {})}
    progress = {"nextRun": MONDAY + seconds(60), "cursor": MONDAY, **changes.pop("daemon", {})}
    return job_document(policies=policies, plannedRevision=1, daemon=progress, **changes)


def planned(document: dict[str, Any]) -> JobPlan:
    plan = PLANNER.plan(document, NO_LIVE_RUNS, LATE)
    plan.document = document
    return plan


@pytest.fixture
def alerts(bench: Workbench) -> PassAlerts:
    return PassAlerts(AlertStore(bench.db), bench.daemon.notifications.alerts)


async def test_a_job_that_pauses_itself_says_so_and_how_to_resume_it(alerts: PassAlerts):
    plan = planned(
        due_job("auto_paused", policies={"pauseAfterFailures": 3}, daemon={"consecutiveFailures": 3}, name="Export")
    )
    (row,) = await alerts.of_plan(plan, LATE)
    item = QueueItem.from_document(row)
    assert (item.event, item.job_id, item.run_id, item.occurrence) == ("auto_paused", "job-1", None, LATE)
    assert item.subject == 'Job "Export" has paused itself'
    assert "3 runs failed one after another" in item.variables["text"]


async def test_occurrences_that_were_left_out_are_told_with_reason_range_and_count(alerts: PassAlerts):
    plan = planned(due_job("skipped", policies={"overlap": "allow:9"}))
    (row,) = await alerts.of_plan(plan, LATE)
    assert row["subject"] == 'Job "job-1" skipped 3 occurrences (misfire)'
    assert row["runId"] == plan.records[0]["_id"]
    assert row["recipient"]["address"] == "ada@example.com"


async def test_runs_that_missed_their_start_deadline_are_told_by_job(bench: Workbench, alerts: PassAlerts):
    await bench.db.dynamic_jobs.insert_many(
        [due_job("skipped"), {**due_job("failed"), "_id": "job-2"}, {**due_job(), "_id": "job-3"}]
    )
    late = [
        {"_id": f"{job}:{n}", "jobId": job, "scheduledFor": MONDAY + seconds(n), "alerts": True}
        for job in ("job-1", "job-2", "job-3", "gone")
        for n in (1, 2)
    ]
    rows = await alerts.of_late([*late, {"_id": "quiet", "jobId": "job-1", "scheduledFor": MONDAY}], LATE)
    assert [row["subject"] for row in rows] == ['Job "job-1" skipped 2 occurrences (deadline)']


@pytest.mark.parametrize(
    "document",
    [
        due_job("failed", "recovered"),
        due_job("auto_paused"),
        due_job(alerts=None),
        {**due_job("skipped"), "deletedAt": MONDAY},
        {**due_job("skipped"), "schedule": {"kind": "interval", "every": "1d"}},
    ],
)
async def test_what_nobody_wants_to_know_is_not_told(alerts: PassAlerts, document: dict[str, Any]):
    assert await alerts.of_plan(planned(document), LATE) == []


async def test_alerts_that_cannot_be_made_cost_the_job_no_plan(alerts: PassAlerts, capsys: pytest.CaptureFixture[str]):
    plan = planned(due_job("skipped"))
    plan.document = {**plan.document, "policies": {"alerts": "everybody"}}  # type: ignore[dict-item]
    assert await alerts.of_plan(plan, LATE) == []
    assert "alert_not_queued" in capsys.readouterr().out


async def test_a_pass_that_is_repeated_queues_nothing_again(bench: Workbench, alerts: PassAlerts):
    session = TransactionSession(bench.db.client)
    plan = planned(due_job("skipped", alerts={"on": ["skipped"], "recipients": ADA, "channels": ["email", "sms"]}))
    for number in range(2):
        rows = await alerts.of_plan(plan, LATE + seconds(number))
        await session.run(lambda transaction, rows=rows: insert_notices(bench.db.notification_queue, rows, transaction))
    await session.close()
    stored = await bench.db.notification_queue.find({}).to_list()
    assert sorted(row["channel"] for row in stored) == ["email", "sms"]
    assert {row["createdAt"] for row in stored} == {LATE}


async def queued(bench: Workbench) -> list[tuple[str, str]]:
    return [(row["event"], row["subject"]) for row in await bench.db.notification_queue.find().sort("_id", 1).to_list()]


async def test_the_pass_that_pauses_a_job_queues_what_it_tells(bench: Workbench):
    document = due_job("auto_paused", policies={"pauseAfterFailures": 1}, daemon={"consecutiveFailures": 1})
    await bench.db.dynamic_jobs.insert_one(document)
    await bench.tick(61)
    assert (await bench.job())["daemon"]["autoPaused"] is not None
    assert await queued(bench) == [("auto_paused", 'Job "job-1" has paused itself')]


async def test_the_pass_that_leaves_occurrences_out_queues_what_it_tells_once(bench: Workbench):
    await bench.db.dynamic_jobs.insert_one(due_job("skipped", policies={"overlap": "allow:9"}))
    await bench.tick(300)
    await bench.settle()
    await bench.tick(1)
    assert await queued(bench) == [("skipped", 'Job "job-1" skipped 3 occurrences (misfire)')]


async def test_a_missed_start_deadline_is_told(open_bench: OpenBench):
    bench = await open_bench(daemon_max_concurrent_runs=1)
    await bench.lead()
    held = job_document("busy", template="held", schedule=once(MONDAY + seconds(1)))
    alerts = {"on": ["skipped"], "recipients": ADA}
    urgent = job_document(schedule=once(MONDAY + seconds(2)), policies={"startDeadline": "30s", "alerts": alerts})
    await bench.db.dynamic_jobs.insert_many([held, urgent])
    await bench.tick(1)
    await bench.tick(12)
    bench.clock.advance(30)
    await bench.daemon.rescuer.run_once()
    await bench.daemon.rescuer.run_once()
    assert await queued(bench) == [("skipped", 'Job "job-1" skipped 1 occurrence (deadline)')]
