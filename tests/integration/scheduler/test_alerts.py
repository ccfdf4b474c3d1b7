"""Failure alerts: queued in the same commit as the result, once, and never at the expense of the result."""

from typing import Any

import pytest
from pymongo.errors import OperationFailure

from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.notifications import alerts as alert_messages
from scheduler_daemon.scheduling import announcer
from scheduler_daemon.store import finishes as finish_store
from shared.clock import to_milliseconds
from shared.models.queue import QueueItem
from tests.integration.scheduler.conftest import OpenBench
from tests.support.documents import MONDAY, job_document, seconds
from tests.support.workbench import Workbench

ADA = {"addresses": [{"email": "ada@example.com", "name": "Ada"}]}
ONE_ATTEMPT = {"maxAttempts": 1}


def alerting(*events: str, identity: str = "job-1", recipients: Any = ADA, **changes: Any) -> dict[str, Any]:
    """A job every minute that ends as the test says, with one attempt for each run."""
    policies = {
        "retry": ONE_ATTEMPT, "alerts": {"on": list(events), "recipients": recipients, **changes.pop("alerts", {})},
        **changes.pop("policies", {}),
    }  # fmt: skip
    return job_document(identity, policies=policies, **changes)


async def ends(bench: Workbench, *outcomes: str, identity: str = "job-1") -> None:
    """One run of the job after another, each ending so."""
    for outcome in outcomes:
        await bench.db.dynamic_jobs.update_one({"_id": identity}, {"$set": {"params.outcome": outcome}})
        await bench.tick(60)
        await bench.settle()


async def told(bench: Workbench) -> list[tuple[str, int]]:
    """Event and minute of the occurrence of every queued alert, in the order of their occurrences."""
    found = await bench.db.notification_queue.find({}).sort([("occurrence", 1), ("_id", 1)]).to_list()
    return [(each["event"], int((each["occurrence"] - MONDAY).total_seconds()) // 60) for each in found]


async def plant(bench: Workbench, *documents: dict[str, Any]) -> None:
    await bench.db.dynamic_jobs.insert_many(list(documents))
    await bench.tick()


async def test_trouble_is_told_when_it_begins_and_when_it_ends(bench: Workbench):
    await plant(bench, alerting("failed", "recovered"))
    await ends(bench, "success", "failure", "failure", "success", "success", "failure")
    assert await told(bench) == [("failed", 2), ("recovered", 4), ("failed", 6)]
    assert [run.get("notices") for run in await bench.runs()] == [0, 1, 0, 1, 0, 1]
    daemon = (await bench.job())["daemon"]
    assert daemon["trouble"] == {"since": MONDAY + seconds(360), "failures": 1}
    assert daemon["counters"] == {"succeeded": 3, "failed": 3}


async def test_an_alert_is_a_message_like_any_other(bench: Workbench):
    await plant(bench, alerting("every_failure", name="Export"))
    await ends(bench, "error")
    (run,) = await bench.runs()
    (row,) = await bench.db.notification_queue.find({}).to_list()
    item = QueueItem.from_document(row)
    assert (item.job_id, item.run_id, item.event) == ("job-1", run["_id"], "every_failure")
    assert (item.state, item.attempt, item.send_after) == ("pending", 0, bench.clock.now())
    assert item.expires_at is not None
    assert item.recipient.model_dump() == {"address": "ada@example.com", "name": "Ada", "recipient_id": None}
    assert item.subject == 'Job "Export" failed'
    assert "RuntimeError: an exception, as the parameters ask" in item.variables["text"]
    assert "scheduledNotificationId" not in row


async def test_only_the_last_attempt_is_the_end_of_a_run(bench: Workbench):
    await plant(bench, alerting("failed", policies={"retry": {"maxAttempts": 2, "backoff": "1s"}}))
    await ends(bench, "failure")
    assert await told(bench) == []
    await bench.tick(5)
    await bench.settle()
    assert await told(bench) == [("failed", 1)]
    (row,) = await bench.db.notification_queue.find({}).to_list()
    assert "Attempt: 2 of 2" in row["variables"]["text"]


async def test_people_groups_and_addresses_are_told_once_each_on_every_channel_that_reaches_them(bench: Workbench):
    await bench.db.recipients.insert_many(
        [
            {"_id": "bob", "name": "Bob", "email": "bob@example.com", "phone": "+15550100"},
            {"_id": "ada", "name": "Ada", "email": "ADA@example.com"},
        ]
    )
    await bench.db.recipient_groups.insert_one({"_id": "ops", "members": ["bob", "ada", "nobody"]})
    recipients = {**ADA, "people": ["bob", "gone"], "groups": ["ops", "no-group"]}
    await plant(bench, alerting("failed", recipients=recipients, alerts={"channels": ["email", "sms"]}))
    await ends(bench, "failure")
    rows = await bench.db.notification_queue.find({}).to_list()
    found = sorted((row["channel"], row["recipient"]["address"]) for row in rows)
    assert found == [("email", "ada@example.com"), ("email", "bob@example.com"), ("sms", "+15550100")]
    assert (await bench.runs())[0]["notices"] == 3


async def test_a_recovery_is_told_after_an_edit_that_began_the_count_anew(bench: Workbench):
    await plant(bench, alerting("failed", "recovered"))
    await ends(bench, "failure", "failure")
    edited = {"$set": {"revision": 2, "updatedAt": bench.clock.now()}, "$unset": {"plannedRevision": 1}}
    await bench.db.dynamic_jobs.update_one({"_id": "job-1"}, edited)
    await bench.tick()
    assert (await bench.job())["daemon"]["consecutiveFailures"] == 0
    await ends(bench, "failure", "success")
    assert await told(bench) == [("failed", 1), ("recovered", 4)]
    (row,) = await bench.db.notification_queue.find({"event": "recovered"}).to_list()
    assert row["subject"] == 'Job "job-1" has recovered after 3 failed runs'


async def test_runs_of_one_job_that_end_together_are_told_in_their_order(
    bench: Workbench, templates: dict[str, JobTemplate]
):
    policies = {"overlap": "allow:9", "timeout": "200ms"}
    await plant(
        bench,
        alerting("failed", "every_failure", template="held", policies=policies),
        job_document("job-2", template="held", policies={"overlap": "allow:9"}),
    )
    for _ in range(3):
        await bench.tick(60)
    await bench.until_running(3)  # those of job-1 have timed out
    templates["held"].release.set()  # type: ignore[attr-defined]
    await bench.settle()
    runs = await bench.runs(jobId="job-1")
    assert [run["state"] for run in runs] == ["timed_out"] * 3
    assert sorted(event for event, _ in await told(bench)) == ["every_failure", "every_failure", "failed"]
    assert (await bench.job())["daemon"]["trouble"]["failures"] == 3
    assert set(await bench.states(jobId="job-2")) == {"succeeded"}


async def test_the_loop_is_woken_so_that_the_message_leaves_at_once(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    woken: list[int] = []
    outcomes: Any = bench.daemon.recorder._store
    monkeypatch.setattr(outcomes, "_wake", lambda: woken.append(1))
    await plant(bench, alerting("failed"))
    await ends(bench, "success")
    assert woken == []
    await ends(bench, "failure", "failure")
    assert woken == [1]


MALFORMED: list[dict[str, Any]] = [
    {"policies.alerts": "everybody"},
    {"policies.alerts": {"on": ["never"], "recipients": ADA}},
    {"policies.alerts": {"recipients": {"addresses": [{"email": "nobody"}]}}},
    {"policies.alerts": {}},
    {"schedule.timezone": "Mars/Base"},
    {"daemon.trouble": "much"},
    {"daemon.trouble": {"since": 5, "failures": "some"}},
]


@pytest.mark.parametrize("spoilt", MALFORMED, ids=str)
async def test_alerts_that_cannot_be_made_cost_the_job_no_result(
    bench: Workbench, templates: dict[str, JobTemplate], spoilt: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    await plant(bench, alerting("failed", template="held"), alerting("failed", identity="job-2", template="held"))
    await bench.tick(60)
    await bench.until_running(2)
    await bench.db.dynamic_jobs.update_one({"_id": "job-1"}, {"$set": spoilt})
    for run in await bench.runs():
        bench.daemon.executor.cancel(run["_id"], "the test")
    await bench.settle()
    assert await bench.states() == ["cancelled", "cancelled"]
    assert {run["jobId"]: run.get("notices") for run in await bench.runs()} == {"job-1": None, "job-2": 0}
    assert (await bench.job())["daemon"]["counters"] == {"cancelled": 1}
    assert "alert_not_queued" in capsys.readouterr().out


async def test_a_job_that_has_no_alerts_any_more_or_is_gone_tells_nothing(bench: Workbench):
    await plant(bench, alerting("failed", template="held"), alerting("failed", identity="job-2", template="held"))
    await bench.tick(60)
    await bench.until_running(2)
    await bench.db.dynamic_jobs.update_one({"_id": "job-1"}, {"$unset": {"policies.alerts": 1}})
    await bench.db.dynamic_jobs.delete_one({"_id": "job-2"})
    for run in await bench.runs():
        bench.daemon.executor.cancel(run["_id"], "the test")
    await bench.settle()
    assert [run["notices"] for run in await bench.runs()] == [0, 0]


async def test_a_message_that_cannot_be_stored_costs_the_job_no_result(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The commit with the messages is refused whole; the result is then stored without them."""
    monkeypatch.setattr(alert_messages, "SENT_WITHIN", seconds(1))
    original = alert_messages.new_message
    monkeypatch.setattr(
        alert_messages, "new_message", lambda *given, **named: {**original(*given, **named), "state": object()}
    )
    await plant(bench, alerting("failed"))
    await ends(bench, "failure")
    (run,) = await bench.runs()
    assert (run["state"], run["error"]["type"]) == ("failed", "JobFailure")
    assert "notices" not in run
    assert (await bench.job())["daemon"]["consecutiveFailures"] == 1
    assert "alert_not_queued" in capsys.readouterr().out
    assert await told(bench) == []


async def test_result_and_message_are_one_commit(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    """The server refuses the message at first: then there is no result either, until both are there."""
    original, seen = finish_store.insert_notices, []

    async def refuse_once(queue: Any, rows: Any, session: Any) -> None:
        await original(queue, rows, session)
        seen.append((await bench.states(), await told(bench)))
        if len(seen) == 1:
            raise OperationFailure("no", 251, {"errorLabels": ["TransientTransactionError"]})

    monkeypatch.setattr(finish_store, "insert_notices", refuse_once)
    await plant(bench, alerting("failed"))
    await ends(bench, "failure")
    assert seen == [(["running"], []), (["running"], [])]
    assert await bench.states() == ["failed"]
    assert await told(bench) == [("failed", 1)]


async def test_a_decision_that_another_run_has_overtaken_is_made_again(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    """Between the decision and the commit another run of the job fails: only that one begins the trouble."""
    outcomes: Any = bench.daemon.recorder._store
    original, calls = outcomes._notices, []

    async def overtaken(finishes: Any) -> Any:
        notices = await original(finishes)
        if not calls:
            other = {"runId": "other", "state": "failed", "scheduledFor": MONDAY, "finishedAt": MONDAY}
            trouble = {"since": MONDAY, "failures": 1}
            await bench.db.dynamic_jobs.update_one(
                {"_id": "job-1"}, {"$set": {"daemon.lastRun": other, "daemon.trouble": trouble}}
            )
        calls.append(len(notices.rows))
        return notices

    monkeypatch.setattr(outcomes, "_notices", overtaken)
    await plant(bench, alerting("failed"))
    await ends(bench, "failure")
    assert calls == [1, 0]
    assert await told(bench) == []
    assert (await bench.job())["daemon"]["trouble"] == {"since": MONDAY, "failures": 2}


async def test_a_finish_that_is_written_again_queues_nothing_again(bench: Workbench):
    await plant(bench, alerting("every_failure"))
    await ends(bench, "failure")
    (run,) = await bench.runs()
    (row,) = await bench.db.notification_queue.find({}).to_list()
    await bench.db.notification_queue.update_one({"_id": row["_id"]}, {"$set": {"state": "sent"}})
    held = {"state": "running", "token": run["token"]}
    await bench.db.job_runs.update_one({"_id": run["_id"]}, {"$set": held, "$unset": {"expireAt": 1}})
    claimed = await bench.run(run["_id"])
    from scheduler_daemon.scheduling.outcome import Failed

    bench.daemon.recorder.record(claimed, Failed("JobFailure", "again"), lambda: None)
    await bench.settle()
    (again,) = await bench.db.notification_queue.find({}).to_list()
    assert (again["_id"], again["state"]) == (row["_id"], "sent")
    assert (await bench.runs())[0]["state"] == "failed"


async def test_too_many_messages_for_one_transaction_go_in_several(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(announcer, "MOST_MESSAGES", 3)
    addresses = {"addresses": [{"email": f"p{n}@example.com"} for n in range(2)]}
    jobs = [
        alerting("failed", identity=f"job-{n}", recipients=addresses, params={"outcome": "failure"}) for n in range(8)
    ]
    await plant(bench, *jobs)
    sizes: list[int] = []
    outcomes: Any = bench.daemon.recorder._store
    original = outcomes._store.write

    async def measured(session: Any, group: Any, notices: Any = None) -> None:
        sizes.append(len(notices.rows) if notices else 0)
        await original(session, group, notices)

    monkeypatch.setattr(outcomes._store, "write", measured)
    await bench.tick(60)
    await bench.settle()
    assert len(await told(bench)) == 16
    assert max(sizes) <= 3
    assert {run["notices"] for run in await bench.runs()} == {2}


async def test_a_crowd_of_recipients_is_cut(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(alert_messages, "MOST_MESSAGES", 3)
    crowd = {"addresses": [{"email": f"p{n}@example.com"} for n in range(10)]}
    await plant(bench, alerting("failed", recipients=crowd))
    await ends(bench, "failure")
    assert len(await told(bench)) == 3


async def test_jobs_without_alerts_pay_nothing(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    outcomes: Any = bench.daemon.recorder._store

    async def never(finishes: Any) -> Any:
        raise AssertionError(f"decided on {finishes}")

    monkeypatch.setattr(outcomes, "_notices", never)
    await plant(bench, job_document(params={"outcome": "failure"}, policies={"retry": ONE_ATTEMPT}))
    await bench.tick(60)
    await bench.settle()
    (run,) = await bench.runs()
    assert run["state"] == "failed"
    assert "notices" not in run
    assert "trouble" not in (await bench.job())["daemon"]


async def test_a_failing_job_sends_one_mail_and_one_more_when_it_recovers(
    open_bench: OpenBench, templates: dict[str, JobTemplate], smtp_server: Any
):
    from scheduler_daemon.job_templates.email_notifier_template import EmailNotifierTemplate

    templates["email_notifier"] = EmailNotifierTemplate()
    given = {name.lower(): value for name, value in smtp_server.environment.items()}
    bench = await open_bench(**given)
    await bench.lead()
    hourly = {"kind": "interval", "every": "1h"}
    await plant(
        bench,
        alerting("failed", "recovered", name="Export"),
        job_document("mailer", template="email_notifier", schedule=hourly),
    )
    subjects: list[list[str]] = []
    for outcome in ("failure", "failure", "success", "success"):
        await ends(bench, outcome)
        await bench.tick(0.3)
        await bench.settle()
        subjects.append([str(message.parsed["Subject"]) for message in smtp_server.messages])
    failed, recovered = 'Job "Export" failed', 'Job "Export" has recovered after 2 failed runs'
    assert subjects == [[failed], [failed], [failed, recovered], [failed, recovered]]
    body = smtp_server.messages[0].parsed.get_content()
    assert f"Run: job-1:{to_milliseconds(MONDAY + seconds(60))}" in body
    assert {row["state"] for row in await bench.db.notification_queue.find({}).to_list()} == {"sent"}


async def test_a_job_that_pauses_itself_is_told_once_and_its_recovery_comes_with_the_first_good_run(bench: Workbench):
    await plant(bench, alerting("failed", "recovered", "auto_paused", policies={"pauseAfterFailures": 2}))
    await ends(bench, "failure", "failure", "failure", "failure")
    assert await told(bench) == [("failed", 1), ("auto_paused", 3)]
    resumed = {"updatedAt": bench.clock.now(), "scheduleSince": bench.clock.now(), "revision": 2}
    await bench.db.dynamic_jobs.update_one({"_id": "job-1"}, {"$set": resumed, "$unset": {"plannedRevision": 1}})
    await ends(bench, "success", "success")
    assert [event for event, _ in await told(bench)] == ["failed", "auto_paused", "recovered"]
    (row,) = await bench.db.notification_queue.find({"event": "recovered"}).to_list()
    assert row["subject"] == 'Job "job-1" has recovered after 2 failed runs'


async def test_occurrences_that_are_skipped_are_told_in_the_commit_of_the_pass(
    bench: Workbench, templates: dict[str, JobTemplate]
):
    await plant(bench, alerting("skipped", template="held"))
    await bench.tick(60)
    assert await told(bench) == []
    await bench.tick(60)
    assert await bench.states() == ["running", "skipped"]
    assert await told(bench) == [("skipped", 2)]
    templates["held"].release.set()  # type: ignore[attr-defined]
    await bench.settle()


async def test_a_run_whose_scheduler_died_and_that_must_not_be_repeated_is_told(open_bench: OpenBench):
    first = await open_bench()
    await first.lead()
    await plant(first, alerting("failed", template="final"))
    await first.tick(60)
    await first.until_running()
    await first.daemon.leadership.release()
    second = await open_bench(clock=first.clock)
    await second.lead()
    (run,) = await second.runs()
    assert (run["state"], run["notices"]) == ("interrupted", 1)
    assert await told(second) == [("failed", 1)]
    assert (await second.job())["daemon"]["counters"] == {"interrupted": 1}
