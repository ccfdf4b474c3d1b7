"""The checker itself: a sound world passes, and every planted fault is found under its own name."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from shared.clock import to_milliseconds
from shared.models.jobs import Job
from shared.queries.run_documents import Claim, new_run, started
from tests.faults.checker import check
from tests.support.documents import command_document, job_document
from tests.support.http_objects import soon

EVERY = 10
LASTS = 4.0
BOOT = 1000.0
"""CLOCK_BOOTTIME at the first nominal time."""


class Past:
    """A job of three occurrences, the second of which was interrupted once, written by hand."""

    def __init__(self, db: Database[dict[str, Any]], journals: Path) -> None:
        self.db = db
        self.journals = journals
        self.since = soon(-50)
        self.until = soon(0)
        self.at = [self.since + timedelta(seconds=EVERY * number) for number in (1, 2, 3)]
        end = self.at[-1] + timedelta(seconds=1)
        schedule = {"kind": "interval", "every": f"{EVERY}s", "anchor": self.since, "endAt": end}
        policies = {"overlap": "queue_all", "misfire": {"policy": "all"}}
        self.job = job_document(
            "job", since=self.since, template="journal", schedule=schedule, policies=policies,
            labels={"checked": "yes"}, plannedRevision=1, daemon={"cursor": self.at[-1], "completed": True},
        )  # fmt: skip
        db.dynamic_jobs.insert_one(self.job)
        db.scheduler_state.insert_one({"_id": "leader", "epoch": 1, "seq": 0, "released": True})
        for number, at in enumerate(self.at):
            attempts = 2 if number == 1 else 1
            db.job_runs.insert_one(self.run(at, attempts))
            for attempt in range(1, attempts + 1):
                self.tell(at, attempt, after=2.0 * (attempt - 1), lasts=1.5, ended=attempt == attempts)

    def run(self, at: datetime, attempt: int = 1, **changes: Any) -> dict[str, Any]:
        claim = Claim("token", 1, "instance", at + timedelta(seconds=2.0 * (attempt - 1)))
        identity = f"job:{to_milliseconds(at)}"
        job = Job.from_document(self.job)
        run = new_run(job, identity=identity, trigger="schedule", scheduled_for=at, now=at)
        history = [
            {"number": number, "startedAt": at, "finishedAt": at + timedelta(seconds=1.6), "state": "interrupted"}
            for number in range(1, attempt)
        ]
        ended = {
            "state": "succeeded", "attempt": attempt, "attempts": history, "interruptions": attempt - 1,
            "finishedAt": claim.now + timedelta(seconds=1.5), "expireAt": self.until + timedelta(days=7),
            "durationMs": 1500, "result": {"summary": "written", "metrics": {}},
        }  # fmt: skip
        return {**started(run, claim), **ended, **changes}

    def tell(
        self, at: datetime, attempt: int = 1, *, after: float = 0, lasts: float = 1.5, ended: bool = True,
        run: str | None = None, process: str = "one",
    ) -> None:  # fmt: skip
        """Writes what a journal template would."""
        began = BOOT + (at - self.at[0]).total_seconds() + after
        ms = to_milliseconds(at)
        last = "end" if ended else "tick"
        with (self.journals / f"{process}.jsonl").open("a", encoding="utf-8") as file:
            for event, moment in (("start", began), ("tick", began + lasts / 2), (last, began + lasts)):
                line = [event, run or f"job:{ms}", "job", ms, attempt, moment, at.timestamp() + moment - began]
                file.write(json.dumps(line) + "\n")

    def fan_out(self, *reached: str) -> None:
        """A notification to ada and bob; `reached`: who has a message of it, as often as named."""
        self.db.recipient_groups.insert_one({"_id": "all", "members": ["ada", "bob"]})
        wave = {"_id": "wave", "recipients": {"groups": ["all"]}, "schedule": {"kind": "once"}}
        self.db.scheduled_notifications.insert_one(wave)
        for name in reached:
            message = {"scheduledNotificationId": "wave", "recipient": {"recipientId": name}}
            self.db.notification_queue.insert_one(message)

    def update(self, number: int, **fields: Any) -> None:
        self.db.job_runs.update_one({"_id": f"job:{to_milliseconds(self.at[number])}"}, {"$set": fields})

    def remove(self, number: int) -> None:
        self.db.job_runs.delete_one({"_id": f"job:{to_milliseconds(self.at[number])}"})


@pytest.fixture
def past(db: Database[dict[str, Any]], tmp_path: Path) -> Past:
    return Past(db, tmp_path)


def lost(past: Past) -> None:
    past.remove(0)


def two_runs_of_one_occurrence(past: Past) -> None:
    past.db.job_runs.insert_one(past.run(past.at[0], _id="another"))


def an_attempt_that_is_executed_twice(past: Past) -> None:
    past.tell(past.at[0], after=3, process="two")


def attempts_of_a_run_at_once(past: Past) -> None:
    past.update(0, attempt=2, attempts=[{"number": 1, "state": "interrupted", "finishedAt": past.at[0]}])
    past.tell(past.at[0], 2, after=1, process="two")


def runs_of_a_job_at_once(past: Past) -> None:
    past.tell(past.at[0], after=3, lasts=EVERY, ended=False, process="two")


def a_further_attempt_without_reason(past: Past) -> None:
    past.update(1, attempts=[])


def an_attempt_that_is_not_recorded(past: Past) -> None:
    past.tell(past.at[0], 2, after=3, process="two")


def a_run_that_never_ends(past: Past) -> None:
    past.update(2, state="running")


def a_success_that_never_was(past: Past) -> None:
    (past.journals / "one.jsonl").write_text("")


def an_execution_of_a_run_that_does_not_exist(past: Past) -> None:
    past.tell(past.at[2], after=3, run="job:m:ghost", process="two")


def a_run_that_fell_due_after_its_job_was_deleted(past: Past) -> None:
    past.db.dynamic_jobs.update_one({}, {"$set": {"deletedAt": past.at[1]}})


def an_accepted_command_without_a_run(past: Past) -> None:
    command = command_document("run", past.at[0], runId="job:m:key", outcome={"accepted": True, "detail": ""})
    past.db.commands.insert_one({**command, "handledAt": past.at[0], "expireAt": past.until})


def a_misfire_although_all_are_to_run(past: Past) -> None:
    span = {"from": past.at[0], "to": past.at[0], "count": 1, "exact": True}
    past.update(0, state="skipped", reason="misfire", span=span)


def a_broken_invariant(past: Past) -> None:
    past.update(0, finishedAt=None)


def a_recipient_without_a_message(past: Past) -> None:
    past.fan_out("ada")


def a_recipient_with_two_messages(past: Past) -> None:
    past.fan_out("ada", "bob", "bob")


def a_message_to_somebody_else(past: Past) -> None:
    past.fan_out("ada", "bob", "eve")


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (lost, "lost"),
        (two_runs_of_one_occurrence, "double"),
        (an_attempt_that_is_executed_twice, "double"),
        (attempts_of_a_run_at_once, "overlap"),
        (runs_of_a_job_at_once, "overlap"),
        (a_further_attempt_without_reason, "unexplained"),
        (an_attempt_that_is_not_recorded, "unexplained"),
        (a_run_that_never_ends, "unfinished"),
        (a_success_that_never_was, "unjournaled"),
        (an_execution_of_a_run_that_does_not_exist, "unknown"),
        (a_run_that_fell_due_after_its_job_was_deleted, "zombie"),
        (an_accepted_command_without_a_run, "lost"),
        (a_misfire_although_all_are_to_run, "skipped"),
        (a_broken_invariant, "audit"),
        (a_recipient_without_a_message, "lost"),
        (a_recipient_with_two_messages, "double"),
        (a_message_to_somebody_else, "double"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_planted_fault_is_found(past: Past, plant: Any, kind: str):
    plant(past)
    verdict = check(past.db, past.journals, past.until)
    assert kind in verdict.kinds, verdict.told()


def test_a_sound_past_passes_and_is_counted(past: Past):
    verdict = check(past.db, past.journals, past.until)
    assert not verdict.violations, verdict.told()
    assert (verdict.occurrences, verdict.attempts, verdict.interrupted) == (3, 4, 1)


def test_runs_that_were_asked_for_in_the_same_millisecond_may_be_alive_together(past: Past):
    for key in ("first", "second"):
        past.db.job_runs.insert_one(past.run(past.at[1], _id=f"job:m:{key}", trigger="manual", forced=True))
        past.tell(past.at[1], after=3, run=f"job:m:{key}", process=key)
    assert "overlap" not in check(past.db, past.journals, past.until).kinds


def test_a_whole_fan_out_is_counted_and_neither_lost_nor_double(past: Past):
    past.fan_out("ada", "bob")
    verdict = check(past.db, past.journals, past.until)
    assert not verdict.kinds & {"lost", "double"}
    assert verdict.occurrences == 3 + 2


def test_what_falls_due_later_is_not_asked_for(past: Past):
    past.remove(2)
    assert "lost" not in check(past.db, past.journals, past.at[1]).kinds
