"""A database in which every promise holds: documents of every state, as the two programs write them."""

from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from shared import collections as names
from shared.clock import to_milliseconds
from shared.models.calendars import Calendar, CalendarEntry
from shared.models.commands import Command, CommandOutcome, PastRange
from shared.models.definitions import Quarantine
from shared.models.jobs import Job
from shared.models.maintenance import Maintenance
from shared.models.notification_models import ScheduledNotification
from shared.models.queue import Delivery, DeliveryState, QueueItem, QueueState, queue_item_id
from shared.models.run_logs import LogLine, RunLogPage
from shared.models.runs import TERMINAL, Attempt, Run, RunState, SkippedSpan, backfill_run_id, manual_run_id, run_id
from shared.models.scheduler_state import Heartbeat, Holder, Lease, RetentionSettings, RetentionState
from tests.support.documents import job_document

Document = dict[str, Any]

NOW = datetime.fromisoformat("2026-11-23T09:00:30+00:00")
MINUTE = timedelta(minutes=1)
KEPT = timedelta(days=7)
CREATED = NOW - timedelta(days=3)
SINCE = datetime.fromisoformat("2026-11-23T08:40:00+00:00")
EPOCH = 3
HOLDER = Holder(instance="a", host="h", pid=1, boot_id="b", version="1")
TAKEN_OVER_AT_MINUTE = 13


def at(minute: int) -> datetime:
    """The moment `minute` minutes after SINCE: a nominal time of job-1."""
    return SINCE + minute * MINUTE


def job(identity: str = "job-1", **changes: Any) -> Document:
    given = {
        **job_document(identity, since=SINCE),
        "schedule": {"kind": "interval", "every": "1m", "anchor": SINCE},
        "createdAt": CREATED,
        "plannedRevision": 1,
        "daemon": {"cursor": at(20), "nextRun": at(21), "runsStarted": 3},
        **changes,
    }
    return Job.from_document(given).to_document()


def run(minute: int, state: RunState | str = RunState.SUCCEEDED, *, of: str = "job-1", **changes: Any) -> Document:
    """The run of one occurrence: twenty seconds long if it was executed."""
    nominal = at(minute)
    held = {"token": "t", "epoch": EPOCH if minute >= TAKEN_OVER_AT_MINUTE else EPOCH - 1, "instance": "a"}
    fields: dict[str, Any] = {
        "id": run_id(of, to_milliseconds(nominal)), "job_id": of, "job_revision": 1, "template": "noop",
        "trigger": "schedule", "scheduled_for": nominal, "state": state, "max_attempts": 3, "timeout_ms": 1000,
        "backoff_ms": 10_000, "max_backoff_ms": 600_000, "params": {}, "created_at": nominal, "created_by": "scheduler",
    }  # fmt: skip
    if state in TERMINAL:
        ended = nominal + timedelta(seconds=20)
        fields |= {"finished_at": ended, "expire_at": ended + KEPT}
        if state == RunState.SKIPPED:
            fields |= {"reason": "overlap"}
        else:
            fields |= {**held, "attempt": 1, "started_at": nominal, "duration_ms": 20_000}
    elif state == RunState.RUNNING:
        fields |= {**held, "attempt": 1, "started_at": nominal}
    elif state == RunState.RETRY_WAIT:
        ended = nominal + timedelta(seconds=5)
        fields |= {"attempt": 1, "next_attempt_at": NOW + MINUTE, "attempts": [attempt(1, nominal, ended)]}
    return Run.model_validate({**fields, **changes}).to_document()


def backfill(minute: int, state: RunState = RunState.SUCCEEDED, *, of: str, **changes: Any) -> Document:
    """The run of a past occurrence that a person asked for at minute 19."""
    identity = backfill_run_id(of, "c4", to_milliseconds(at(minute)))
    later = {"started_at": at(19), "finished_at": at(19), "expire_at": at(19) + KEPT, "epoch": EPOCH}
    given = later if state in TERMINAL and state is not RunState.SKIPPED else {}
    return run(minute, state, of=of, id=identity, trigger="backfill", **given, **changes)


def attempt(number: int, began: datetime, ended: datetime, state: RunState = RunState.FAILED) -> Attempt:
    return Attempt(number=number, started_at=began, finished_at=ended, state=state)


def scheduled_notification(identity: str = "wave", **changes: Any) -> Document:
    given = {
        "_id": identity, "name": "Wave", "templateId": "welcome", "templateVersion": 1, "channels": ["email"],
        "recipients": {"addresses": [{"email": "ada@example.com"}]}, "schedule": {"kind": "interval", "every": "1h"},
        "revision": 1, "scheduleSince": SINCE, "createdAt": CREATED, "createdBy": "ada", "updatedAt": CREATED,
        "updatedBy": "ada", "plannedRevision": 1, "daemon": {"cursor": SINCE, "nextRun": SINCE + timedelta(hours=1)},
        **changes,
    }  # fmt: skip
    return ScheduledNotification.from_document(given).to_document()


def message(address: str, state: QueueState = QueueState.SENT, **changes: Any) -> Document:
    """A message of `wave`; its identity is that of its address."""
    fields: dict[str, Any] = {
        "id": message_id(address), "scheduled_notification_id": "wave", "occurrence": SINCE, "channel": "email",
        "recipient": {"address": address}, "template_id": "welcome", "template_version": 1, "state": state,
        "send_after": NOW, "message_id": f"<{address}>", "created_at": SINCE,
    }  # fmt: skip
    if state in (QueueState.SENT, QueueState.FAILED, QueueState.UNKNOWN):
        fields |= {"attempt": 1, "token": "t", "epoch": EPOCH, "handoff_at": SINCE}
    if state not in (QueueState.PENDING, QueueState.SENDING, QueueState.RETRY_WAIT, QueueState.UNKNOWN):
        fields |= {"finished_at": SINCE, "expire_at": SINCE + KEPT}
    if state is QueueState.SENDING:
        fields |= {"attempt": 1, "token": "t", "epoch": EPOCH}
    if state is QueueState.UNKNOWN:
        fields |= {"ambiguous": True}
    return QueueItem.model_validate({**fields, **changes}).to_document()


def alerted_run(**changes: Any) -> Document:
    """A failed run of `failing`, whose end one person is told of."""
    told = {"id": manual_run_id("failing", "told"), "trigger": "manual", "alerts": True, "notices": 1}
    return run(9, RunState.FAILED, of="failing", **{**told, **changes})


def alert(**changes: Any) -> Document:
    """The message that tells of alerted_run()."""
    told = {"job_id": "failing", "run_id": alerted_run()["_id"], "event": "failed", "scheduled_notification_id": None}
    return message("ops@x.org", QueueState.CANCELLED, **{**told, **changes})


def message_id(address: str) -> str:
    return queue_item_id("wave", SINCE, "email", address)


def delivery(address: str, state: DeliveryState = DeliveryState.SENT, **changes: Any) -> Document:
    """The first attempt at the message to `address`."""
    fields: dict[str, Any] = {
        "id": f"{message_id(address)}:1", "item_id": message_id(address), "attempt": 1, "channel": "email",
        "address": address, "message_id": f"<{address}>", "state": state, "token": "t", "started_at": SINCE,
    }  # fmt: skip
    if state is not DeliveryState.STARTED:
        fields |= {"finished_at": SINCE, "expire_at": SINCE + KEPT}
    return Delivery.model_validate({**fields, **changes}).to_document()


def command(identity: str, *, answered: bool = True, **changes: Any) -> Document:
    fields: dict[str, Any] = {"id": identity, "kind": "cancel", "created_at": NOW, "created_by": "ada"}
    if answered:
        fields |= {"handled_at": NOW, "outcome": CommandOutcome(accepted=True), "expire_at": NOW + KEPT}
    return Command.model_validate({**fields, **changes}).to_document()


def calendar(identity: str) -> Document:
    day = CalendarEntry(name="New Year", first="2027-01-01", last="2027-01-01")
    return Calendar(
        id=identity, name="Holidays", entries=[day], revision=1, created_at=CREATED, created_by="ada",
        updated_at=CREATED, updated_by="ada",
    ).to_document()  # fmt: skip


def runs() -> list[Document]:
    """Minutes 1 to 20 of job-1, and runs of every state of other jobs and triggers."""
    span = SkippedSpan(first=at(5), last=at(9), count=5, exact=True)
    first = [
        run(1), run(2, RunState.FAILED, error={"type": "E", "message": "m"}), run(3, RunState.TIMED_OUT),
        run(4, RunState.INTERRUPTED),
        run(5, RunState.SKIPPED, id=f"{run_id('job-1', to_milliseconds(at(5)))}:span", reason="misfire", span=span,
            finished_at=at(10), expire_at=at(10) + KEPT),
        run(10, RunState.CANCELLED), run(11, RunState.SKIPPED),
        run(12, attempt=3, interruptions=1, max_attempts=2, attempts=[
            attempt(1, at(12), at(12)), attempt(2, at(12), at(12) + timedelta(seconds=2), RunState.INTERRUPTED),
        ], started_at=at(12) + timedelta(seconds=3)),
    ]  # fmt: skip
    rest = [run(minute) for minute in range(13, 20)]
    live = [
        run(20, RunState.RUNNING),
        run(20, RunState.PENDING, of="job-2", created_at=NOW),
        run(20, RunState.RUNNING, of="job-3"),
        run(20, RunState.PENDING, of="job-3", id="job-3:m:k", trigger="manual", waiting=True),
        run(20, RunState.RETRY_WAIT, of="job-4"),
        run(19, RunState.RUNNING, of="job-5", started_at=at(19)),
        run(20, RunState.RUNNING, of="job-5"),
        run(20, RunState.RUNNING, id=manual_run_id("job-1", "forced"), trigger="manual"),
        backfill(3, of="job-5"),
        backfill(4, RunState.PENDING, of="job-5", waiting=True, width=2, created_at=at(5)),
        backfill(5, RunState.SKIPPED, of="job-5", reason="excluded"),
        run(9, of="job-5", id="job-5:m:slow", trigger="manual", soft_timeout_ms=5, slow_at=at(9), start_by=at(10)),
    ]
    return [*first, *rest, *live]


def plant(db: Database[Document]) -> None:
    """Writes the whole sound world."""
    progress = {"cursor": at(20), "nextRun": at(21)}
    quarantine = Quarantine(reason="bad", field="template", at=NOW).model_dump(by_alias=True)
    db[names.DYNAMIC_JOBS].insert_many(
        [
            job(policies={"maxConcurrent": 2}),
            *(job(f"job-{number}", scheduleSince=at(19), daemon=progress) for number in (2, 3, 4)),
            job("job-5", scheduleSince=at(18), daemon=progress, policies={"overlap": "allow:2"}),
            job("resting", pause={"at": CREATED, "until": NOW + MINUTE},
                daemon={"cursor": NOW + MINUTE, "nextRun": NOW + MINUTE}),
            job("deleted", deletedAt=CREATED, expireAt=NOW + KEPT, daemon={"cursor": CREATED, "completed": True}),
            job("once", schedule={"kind": "once", "at": "2026-11-23T08:30:00"}, scheduleSince=NOW - KEPT,
                daemon={"cursor": at(-10), "completed": True}),
            job("spent", schedule={"kind": "interval", "every": "1m", "anchor": SINCE, "maxRuns": 1},
                daemon={"cursor": at(9), "completed": True}),
            job("failing", daemon={"cursor": at(9), "autoPaused": {"at": at(9), "by": "scheduler"}}),
            {**job("broken"), "createdAt": "yesterday", "daemon": {"nextRun": None, "quarantine": quarantine}},
        ]
    )  # fmt: skip
    once_run = run(-10, of="once")
    db[names.JOB_RUNS].insert_many([*runs(), once_run, run(1, of="spent"), run(1, RunState.FAILED, of="failing")])
    db[names.JOB_RUNS].insert_one(
        {**run(0, RunState.FAILED, of="deleted", trigger="due"), "error": {"type": "Malformed", "message": "m"},
         "createdAt": "yesterday"}
    )  # fmt: skip
    db[names.JOB_RUN_LOGS].insert_one(
        RunLogPage(id="l1", run_id=once_run["_id"], attempt=1, page=0, lines=[LogLine(at=NOW, level="info", event="e")],
                   expire_at=NOW + KEPT).to_document()
    )  # fmt: skip
    db[names.SCHEDULED_NOTIFICATIONS].insert_many(
        [scheduled_notification(), scheduled_notification("gone", deletedAt=CREATED, expireAt=NOW + KEPT)]
    )
    db[names.NOTIFICATION_QUEUE].insert_many([message(f"{state.value}@x.org", state) for state in QueueState])
    db[names.NOTIFICATION_QUEUE].insert_one(message("resolved@x.org", ambiguous=True))
    db[names.JOB_RUNS].insert_one(alerted_run())
    db[names.NOTIFICATION_QUEUE].insert_one(alert())
    db[names.DELIVERIES].insert_many(
        [
            delivery("sent@x.org"), delivery("sending@x.org", DeliveryState.STARTED),
            delivery("unknown@x.org", DeliveryState.UNKNOWN), delivery("resolved@x.org", DeliveryState.UNKNOWN),
            delivery("retry_wait@x.org", DeliveryState.REFUSED), delivery("failed@x.org", DeliveryState.REFUSED),
            delivery("expired@x.org", expire_at=NOW - MINUTE),
        ]
    )  # fmt: skip
    db[names.COMMANDS].insert_many(
        [
            command("c1"), command("c2", answered=False),
            command("c4", kind="backfill", job_id="job-5", range=PastRange(first=at(3), last=at(5))),
            command("c3", kind="run", job_id="job-1", run_id=manual_run_id("job-1", "forced")),
        ]
    )  # fmt: skip
    db[names.CONTROLS].insert_one(
        Maintenance(active=False, since=CREATED, updated_at=CREATED, updated_by="ada").to_document()
    )
    db[names.CALENDARS].insert_one(calendar("holidays"))
    lease = Lease(epoch=EPOCH, seq=7, holder=HOLDER, released=False, renewed_at=NOW).to_document()
    heartbeat = Heartbeat(
        id="daemon:a", holder=HOLDER, role="leader", started_at=CREATED, beat_at=NOW, expire_at=NOW + KEPT
    )
    kept = RetentionSettings(success=KEPT, failure=KEPT, messages=KEPT)
    retention = RetentionState(settings=kept, reviewed_until=NOW).to_document()
    db[names.SCHEDULER_STATE].insert_many(
        [lease, {"_id": "fence", "epoch": EPOCH, "n": 5}, heartbeat.to_document(), retention]
    )
