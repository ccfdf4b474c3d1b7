"""One planted fault for every way in which a check can be broken, on top of the sound world."""

from datetime import timedelta
from typing import Any

from shared import collections as names
from shared.clock import to_milliseconds
from shared.models.queue import DeliveryState, QueueState
from shared.models.runs import RunState, run_id
from tests.integration.audit.sound_world import (
    EPOCH,
    KEPT,
    MINUTE,
    NOW,
    SINCE,
    alert,
    at,
    attempt,
    backfill,
    command,
    delivery,
    job,
    message,
    message_id,
    run,
    scheduled_notification,
)

JOBS, RUNS, LOGS, COMMANDS = names.DYNAMIC_JOBS, names.JOB_RUNS, names.JOB_RUN_LOGS, names.COMMANDS
SCHEDULED, QUEUE, DELIVERIES = names.SCHEDULED_NOTIFICATIONS, names.NOTIFICATION_QUEUE, names.DELIVERIES
STATE, CONTROLS, CALENDARS = names.SCHEDULER_STATE, names.CONTROLS, names.CALENDARS
LONG_AGO = NOW - 10 * MINUTE
BIG = "x" * 1_100_000


def changed(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What no model would accept."""
    return {**document, **changes}


def extra(state: RunState, minute: int = 20, **changes: Any) -> dict[str, Any]:
    """A run of a job that nobody else uses."""
    return run(minute, state, of="failing", trigger="manual", id="planted", **changes)


def attempts(*spans: tuple[int, int, int]) -> list[Any]:
    return [attempt(number, at(20) + timedelta(seconds=a), at(20) + timedelta(seconds=b)) for number, a, b in spans]


# check, collection, what is planted: a document to insert, or (filter, update)
FAULTS: list[tuple[str, str, Any]] = [
    ("run_state_unknown", RUNS, changed(extra(RunState.PENDING), state="sleeping")),
    ("run_running_unclaimed", RUNS, changed(extra(RunState.RUNNING), token=None)),
    ("run_running_unclaimed", RUNS, changed(extra(RunState.RUNNING), instance=None)),
    ("run_running_unclaimed", RUNS, changed(extra(RunState.RUNNING), startedAt=None)),
    ("run_running_unclaimed", RUNS, changed(extra(RunState.RUNNING), attempt=0)),
    ("run_idle_claimed", RUNS, changed(extra(RunState.PENDING, created_at=NOW), token="t")),
    ("run_idle_claimed", RUNS, changed(extra(RunState.RETRY_WAIT), epoch=EPOCH)),
    ("run_waiting_not_pending", RUNS, changed(extra(RunState.RUNNING), waiting=True)),
    ("run_ended_without_dates", RUNS, changed(extra(RunState.SUCCEEDED), expireAt=None)),
    ("run_ended_without_dates", RUNS, changed(extra(RunState.FAILED), finishedAt=None)),
    ("run_live_with_end", RUNS, changed(extra(RunState.RUNNING), expireAt=NOW + KEPT)),
    ("run_retry_date", RUNS, changed(extra(RunState.RETRY_WAIT), nextAttemptAt=None)),
    ("run_retry_date", RUNS, changed(extra(RunState.RUNNING), nextAttemptAt=NOW)),
    ("run_span_not_skipped", RUNS, changed(extra(RunState.SUCCEEDED), span={"from": SINCE, "to": SINCE})),
    ("run_skipped_without_reason", RUNS, changed(extra(RunState.SKIPPED), reason=None)),
    ("run_skipped_without_reason", RUNS, changed(extra(RunState.SKIPPED), reason="a whim")),
    ("run_slow_without_limit", RUNS, extra(RunState.SUCCEEDED, slow_at=NOW)),
    ("run_backfill_identity", RUNS, changed(backfill(2, of="job-5"), _id="planted")),
    ("run_backfill_identity", RUNS, changed(backfill(2, of="job-5"), scheduledFor=at(7))),
    ("run_too_many_attempts", RUNS, changed(extra(RunState.SUCCEEDED), attempt=5, interruptions=1)),
    ("run_occurrence_twice", RUNS, run(18, of="job-1", id="planted", started_at=at(18) + timedelta(seconds=25),
                                       finished_at=at(18) + timedelta(seconds=30))),
    ("run_attempts_overlap", RUNS, extra(RunState.RETRY_WAIT, attempt=2, attempts=attempts((1, 0, 20), (2, 10, 30)))),
    ("run_attempts_overlap", RUNS, extra(RunState.RETRY_WAIT, attempt=2, attempts=attempts((1, 0, 10), (1, 20, 30)))),
    ("run_attempts_overlap", RUNS, extra(RunState.RUNNING, attempt=2, attempts=attempts((1, 0, 20)))),
    ("runs_at_once", RUNS, run(18, id="planted", trigger="due", started_at=at(18) + timedelta(seconds=10))),
    ("runs_at_once", RUNS, run(20, RunState.RUNNING, of="job-3", id="planted", trigger="due")),
    ("runs_over_allowance", RUNS, run(20, RunState.RUNNING, of="job-5", id="planted", trigger="due")),
    ("runs_over_concurrency", RUNS, run(20, RunState.RUNNING, of="job-1", id="planted", trigger="manual")),
    ("run_of_dead_epoch", RUNS, changed(extra(RunState.RUNNING), epoch=EPOCH - 1, startedAt=at(1))),
    ("message_of_dead_epoch", QUEUE, ({"state": "sending"}, {"$set": {"epoch": EPOCH - 1}})),
    ("run_after_replacement", RUNS, extra(RunState.SUCCEEDED, epoch=EPOCH - 1, started_at=at(20))),
    ("run_of_unknown_epoch", RUNS, extra(RunState.SUCCEEDED, epoch=EPOCH + 1, started_at=NOW)),
    ("fence_over_lease", STATE, ({"_id": "fence"}, {"$set": {"epoch": EPOCH + 1}})),
    ("message_state_unknown", QUEUE, changed(message("planted@x.org"), state="flying")),
    ("message_sending_unclaimed", QUEUE, ({"state": "sending"}, {"$set": {"attempt": 0}})),
    ("message_waiting_claimed", QUEUE, ({"state": "pending"}, {"$set": {"token": "t"}})),
    ("message_ended_without_dates", QUEUE, ({"state": "dead"}, {"$unset": {"expireAt": 1}})),
    ("message_ended_without_dates", QUEUE, ({"state": "cancelled"}, {"$set": {"finishedAt": None}})),
    ("message_live_with_end", QUEUE, ({"state": "pending"}, {"$set": {"expireAt": NOW + KEPT}})),
    ("message_live_with_end", QUEUE, ({"state": "unknown"}, {"$set": {"finishedAt": NOW}})),
    ("message_sent_unproven", QUEUE, message("planted@x.org")),
    ("message_sent_unproven", QUEUE, ({"_id": message_id("resolved@x.org")}, {"$set": {"ambiguous": False}})),
    ("message_twice", QUEUE, changed(message("PENDING@x.org", QueueState.PENDING), _id="zz")),
    ("delivery_state_unknown", DELIVERIES, ({"state": "refused"}, {"$set": {"state": "lost"}})),
    ("delivery_ended_without_dates", DELIVERIES, ({"state": "refused"}, {"$set": {"expireAt": None}})),
    ("delivery_open_with_end", DELIVERIES, ({"state": "started"}, {"$set": {"finishedAt": NOW}})),
    ("delivery_left_open", DELIVERIES, changed(delivery("pending@x.org", DeliveryState.STARTED))),
    ("delivery_left_open", DELIVERIES, ({"state": "started"}, {"$set": {"token": "another"}})),
    ("command_half_answered", COMMANDS, changed(command("planted"), outcome=None)),
    ("command_half_answered", COMMANDS, changed(command("planted"), expireAt=None)),
    ("command_open_with_answer", COMMANDS, changed(command("planted", answered=False), expireAt=NOW)),
    ("command_backfill_without_range", COMMANDS, command("planted", kind="backfill", job_id="job-1")),
    ("command_backfill_without_range", COMMANDS, ({"kind": "backfill"}, {"$unset": {"jobId": 1}})),
    ("control_unknown", CONTROLS, {"_id": "panic", "active": True}),
    ("job_cursor_past_next_run", JOBS, ({"_id": "job-1"}, {"$set": {"daemon.nextRun": at(20)}})),
    ("job_quarantined_yet_due", JOBS, ({"_id": "broken"}, {"$set": {"daemon.nextRun": NOW + MINUTE}})),
    ("job_expiry", JOBS, ({"_id": "deleted"}, {"$set": {"expireAt": None}})),
    ("job_expiry", JOBS, ({"_id": "job-2"}, {"$set": {"expireAt": NOW + KEPT}})),
    ("scheduled_notification_cursor_past_next_run", SCHEDULED,
     ({"_id": "wave"}, {"$set": {"daemon.cursor": NOW + timedelta(hours=2)}})),
    ("scheduled_notification_queue_gap", SCHEDULED,
     ({"_id": "wave"}, {"$set": {"daemon.lastRun": {"scheduledFor": LONG_AGO, "queuedAt": NOW, "queued": 1}}})),
    ("scheduled_notification_expiry", SCHEDULED, ({"_id": "wave"}, {"$set": {"expireAt": NOW}})),
    ("run_without_job", RUNS, run(0, of="nobody", id="planted")),
    ("message_without_source", QUEUE, message("p@x.org", QueueState.DEAD, scheduled_notification_id="none")),
    ("alert_without_job", QUEUE, alert(id="planted", job_id="nobody")),
    ("run_without_notices", RUNS, extra(RunState.FAILED, alerts=True)),
    ("run_without_notices", RUNS, extra(RunState.SUCCEEDED, alerts=True)),
    ("run_notices_lost", RUNS, extra(RunState.FAILED, alerts=True, notices=1)),
    ("run_notices_lost", RUNS, ({"notices": 1}, {"$set": {"notices": 2}})),
    ("notice_before_end", QUEUE, alert(id="planted", run_id=run_id("job-1", to_milliseconds(at(20))))),
    ("delivery_without_message", DELIVERIES, delivery("nobody@x.org")),
    ("log_without_run", LOGS, {"_id": "planted", "runId": "none", "attempt": 1, "page": 0, "lines": []}),
    ("command_without_run", COMMANDS, command("planted", kind="run", job_id="job-1", run_id="job-1:m:none")),
    ("dynamic_jobs_dates", JOBS, changed(job("planted", daemon={}), updatedAt="2026-11-23T09:00:00Z")),
    ("job_runs_dates", RUNS, changed(extra(RunState.PENDING), createdAt=1_700_000_000_000)),
    ("job_runs_dates", RUNS, changed(extra(RunState.PENDING), createdAt=[NOW])),
    ("commands_dates", COMMANDS, changed(command("planted", answered=False), createdAt="now")),
    ("scheduled_notifications_dates", SCHEDULED, changed(scheduled_notification("planted"), updatedAt="now")),
    ("notification_queue_dates", QUEUE, ({"state": "pending"}, {"$set": {"sendAfter": "now"}})),
    ("deliveries_dates", DELIVERIES, ({"state": "refused"}, {"$set": {"startedAt": 5}})),
    ("scheduler_state_dates", STATE, ({"_id": "daemon:a"}, {"$set": {"beatAt": "now"}})),
    ("controls_dates", CONTROLS, ({}, {"$set": {"until": "tomorrow"}})),
    ("calendars_dates", CALENDARS, ({}, {"$set": {"updatedAt": 5}})),
    ("dynamic_jobs_size", JOBS, job("planted", params={"text": BIG}, daemon={})),
    ("job_runs_size", RUNS, extra(RunState.SUCCEEDED, params={"text": BIG})),
    ("run_overdue", RUNS, extra(RunState.PENDING, created_at=LONG_AGO)),
    ("run_overdue", RUNS, extra(RunState.PENDING, created_at=LONG_AGO, attempt=1, attempts=attempts((1, -700, -600)))),
    ("run_retry_overdue", RUNS, extra(RunState.RETRY_WAIT, next_attempt_at=LONG_AGO)),
    ("run_waits_for_nothing", RUNS, extra(RunState.PENDING, created_at=LONG_AGO, waiting=True)),
    ("run_waits_for_nothing", RUNS, run(20, RunState.PENDING, of="job-2", id="planted", trigger="manual", width=2,
                                        waiting=True, created_at=LONG_AGO)),
    ("run_past_deadline", RUNS, extra(RunState.PENDING, created_at=NOW, start_by=LONG_AGO)),
    ("job_overdue", JOBS, ({"_id": "job-2"}, {"$set": {"daemon.nextRun": LONG_AGO, "daemon.cursor": at(5)}})),
    ("job_unplanned", JOBS, ({"_id": "job-1"}, {"$set": {"plannedRevision": None}})),
    ("scheduled_notification_overdue", SCHEDULED, ({"_id": "wave"}, {"$set": {"daemon.nextRun": LONG_AGO}})),
    ("scheduled_notification_unplanned", SCHEDULED, ({"_id": "wave"}, {"$unset": {"plannedRevision": 1}})),
    ("message_overdue", QUEUE, ({"state": "retry_wait"}, {"$set": {"sendAfter": LONG_AGO}})),
    ("command_overdue", COMMANDS, command("planted", answered=False, created_at=LONG_AGO)),
    ("job_malformed", JOBS, changed(job("planted"), schedule={"kind": "cron", "expression": "never"}, daemon={})),
    ("scheduled_notification_malformed", SCHEDULED, ({"_id": "wave"}, {"$set": {"channels": []}})),
    ("run_malformed", RUNS, changed(extra(RunState.PENDING, created_at=NOW), params="text")),
    ("message_malformed", QUEUE, ({"state": "pending"}, {"$set": {"recipient": "ada"}})),
    ("command_malformed", COMMANDS, changed(command("planted", answered=False), kind="dance")),
    ("maintenance_malformed", CONTROLS, ({}, {"$set": {"active": "perhaps"}})),
    ("calendar_malformed", CALENDARS, ({}, {"$set": {"entries.0.first": "Monday"}})),
    ("occurrence_lost", RUNS, ({"jobId": "job-1", "scheduledFor": at(15)}, None)),
    ("occurrence_lost", RUNS, ({"jobId": "job-1", "scheduledFor": at(5)}, {"$set": {"span.from": at(6)}})),
]  # fmt: skip
