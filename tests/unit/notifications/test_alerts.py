"""Which ends of runs are told, and what is said."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler_daemon.notifications.alert_rules import RunNotice, notices_of
from scheduler_daemon.notifications.alert_texts import (
    LONGEST_SMS,
    MOST_SKIPS_SHOWN,
    auto_pause_text,
    run_text,
    skips_text,
)
from scheduler_daemon.store.finishes import Finish
from shared.models.definitions import Pause
from shared.models.jobs import JobProgress, Trouble
from shared.models.runs import RunState
from shared.rendering import render_email, render_sms, rendering_context
from shared.template_versions import ALERT_TEMPLATE
from tests.support.documents import MONDAY, seconds

PARIS, UTC = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
STATES = {"F": RunState.FAILED, "T": RunState.TIMED_OUT, "I": RunState.INTERRUPTED, "S": RunState.SUCCEEDED,
          "C": RunState.CANCELLED, "R": RunState.RETRY_WAIT}  # fmt: skip
SHORT = {"failed": "f", "every_failure": "e", "recovered": "r"}
ALL = {"failed", "every_failure", "recovered"}


def finish(letter: str, number: int = 1, **run: Any) -> Finish:
    """A run that ends so, `number` seconds after MONDAY."""
    state, at = STATES[letter], MONDAY + seconds(number)
    document = {
        "_id": f"job-1:{number}", "jobId": "job-1", "alerts": True, "attempt": 3, "maxAttempts": 3,
        "scheduledFor": MONDAY, "params": {"password": "hunter2"}, **run,
    }  # fmt: skip
    error = {"type": "ValueError", "message": "line 1\nline 2"} if letter in "FTI" else None
    last_run = None if letter == "R" else {"runId": document["_id"], "state": state.value, "finishedAt": at}
    return Finish(document, state, {"$set": {"state": state.value, "finishedAt": at, "error": error}}, last_run)


def progress(last: str = "", failures: int = 0, trouble: int = 0) -> JobProgress:
    stored: dict[str, Any] = {"consecutiveFailures": failures}
    if last:
        stored["lastRun"] = {"runId": "r", "state": STATES[last], "scheduledFor": MONDAY, "finishedAt": MONDAY}
    if trouble:
        stored["trouble"] = {"since": MONDAY, "failures": trouble}
    return JobProgress.model_validate(stored)


def told(before: JobProgress, letters: str, wanted: set[str]) -> tuple[str, int]:
    """What is told of each of these ends ("." nothing), and the number of failures in the trouble afterwards."""
    finishes = [finish(letter, number) for number, letter in enumerate(letters)]
    notices, trouble = notices_of(before, finishes, wanted)
    found = {notice.finish.run["_id"]: SHORT[notice.event] for notice in notices}
    assert len(found) == len(notices)
    return "".join(found.get(each.run["_id"], ".") for each in finishes), trouble.failures if trouble else 0


@pytest.mark.parametrize(
    ("before", "letters", "wanted", "expected"),
    [
        (progress(), "S", ALL, (".", 0)),
        (progress(), "F", {"failed"}, ("f", 1)),
        (progress(), "FFF", {"failed"}, ("f..", 3)),
        (progress(), "FTI", {"every_failure"}, ("eee", 3)),
        (progress(), "FFS", ALL, ("fer", 0)),
        (progress(), "FFSS", {"recovered"}, ("..r.", 0)),
        (progress(), "FSF", {"failed", "recovered"}, ("frf", 1)),
        (progress(), "FFS", {"auto_paused", "skipped"}, ("...", 0)),
        (progress(), "FCF", {"failed"}, ("f..", 2)),
        (progress(), "FCS", {"recovered"}, ("..r", 0)),
        (progress(), "RF", {"failed"}, (".f", 1)),
        (progress("F", 2, trouble=2), "F", {"failed", "recovered"}, (".", 3)),
        (progress("F", 2, trouble=2), "S", {"failed", "recovered"}, ("r", 0)),
        # an edit or a resume has begun the count anew that pauses the job
        (progress("F", 0, trouble=5), "S", {"recovered"}, ("r", 0)),
        (progress("F", 0, trouble=5), "F", {"failed"}, (".", 6)),
        # a good run without alerts has ended the trouble
        (progress("S", 0, trouble=5), "S", {"recovered"}, (".", 0)),
        (progress("S", 0, trouble=5), "F", {"failed"}, ("f", 1)),
        # nobody was told of the failures before the job had alerts
        (progress("F", 4), "F", {"failed"}, ("f", 5)),
        (progress("F", 4), "S", {"recovered"}, (".", 0)),
    ],
)
def test_each_end_of_a_run_is_told_once_or_not_at_all(
    before: JobProgress, letters: str, wanted: set[str], expected: tuple[str, int]
):
    assert told(before, letters, wanted) == expected


def test_an_end_that_nobody_wants_to_know_of_counts_but_is_not_told():
    quiet = [finish("F", 1, alerts=False), finish("F", 2)]
    notices, trouble = notices_of(progress(), quiet, {"every_failure"})
    assert [notice.finish.run["_id"] for notice in notices] == ["job-1:2"]
    assert trouble == Trouble(since=MONDAY + seconds(1), failures=2)


def rendered(text: Any) -> tuple[str, str, str]:
    """Subject, text and SMS as the notifiers render them."""
    context = rendering_context(ALERT_TEMPLATE, text.variables())
    email = render_email(ALERT_TEMPLATE, context)
    assert email.html is None
    return email.subject, str(email.text), render_sms(ALERT_TEMPLATE, context)


def test_a_failure_names_job_run_error_attempt_and_moments_in_both_zones():
    notice = RunNotice("failed", finish("F", 5), Trouble(since=MONDAY + seconds(5), failures=1))
    subject, text, sms = rendered(run_text("job-1", "Export {{ x }} & co", PARIS, notice))
    assert subject == 'Job "Export {{ x }} & co" failed'
    assert text.startswith(f"{subject}.\n\n")
    for line in (
        "Job: Export {{ x }} & co (job-1)",
        "Run: job-1:5",
        "State: failed",
        "Error: ValueError: line 1 line 2",
        "Attempt: 3 of 3",
        "Scheduled for: 2026-11-23 10:00:00 Europe/Paris (2026-11-23T09:00:00.000Z)",
        "Finished at: 2026-11-23 10:00:05 Europe/Paris (2026-11-23T09:00:05.000Z)",
    ):
        assert line in text.splitlines()
    assert sms == "Job Export {{ x }} & co failed: ValueError: line 1 line 2"
    assert "hunter2" not in subject + text + sms


@pytest.mark.parametrize(
    ("letter", "failures", "subject"),
    [
        ("T", 1, 'Job "Export" timed out'),
        ("I", 1, 'Job "Export" was interrupted'),
        ("F", 4, 'Job "Export" failed, 4 failed runs in a row'),
    ],
)
def test_the_subject_says_how_it_ended_and_for_how_long_it_goes_on(letter: str, failures: int, subject: str):
    notice = RunNotice("every_failure", finish(letter), Trouble(since=MONDAY, failures=failures))
    text = run_text("job-1", "Export", UTC, notice)
    assert text.subject == subject
    assert ("In trouble since: 2026-11-23T09:00:00.000Z" in text.text) is (failures > 1)


def test_a_recovery_says_how_many_runs_had_failed_and_since_when():
    notice = RunNotice("recovered", finish("S", 60), Trouble(since=MONDAY, failures=3))
    subject, text, sms = rendered(run_text("job-1", "Export", UTC, notice))
    assert subject == 'Job "Export" has recovered after 3 failed runs'
    assert "In trouble since: 2026-11-23T09:00:00.000Z" in text
    assert "Error" not in text
    assert sms == "Job Export has recovered after 3 failed runs"


def test_an_auto_pause_says_why_and_how_to_resume():
    pause = Pause(reason="5 runs failed one after another", by="scheduler", at=MONDAY)
    subject, text, sms = rendered(auto_pause_text("job-1", "Export", UTC, pause))
    assert subject == 'Job "Export" has paused itself'
    assert "5 runs failed one after another" in text
    assert "POST /api/admin/scheduler/jobs/job-1/resume" in text
    assert sms == "Job Export has paused itself: 5 runs failed one after another"


def test_skips_say_reason_range_and_count():
    record = {"_id": "r", "scheduledFor": MONDAY, "reason": "overlap"}
    span = {"from": MONDAY, "to": MONDAY + timedelta(hours=1), "count": 60, "exact": False}
    subject, text, _ = rendered(
        skips_text("job-1", "Export", UTC, [record, {**record, "reason": "misfire", "span": span}])
    )
    assert subject == 'Job "Export" skipped at least 61 occurrences (misfire, overlap)'
    assert "2026-11-23T09:00:00.000Z: overlap" in text
    assert "2026-11-23T09:00:00.000Z to 2026-11-23T10:00:00.000Z: misfire, at least 60" in text


def test_a_notice_stays_small_however_much_there_is_to_say():
    records = [{"_id": "r", "scheduledFor": MONDAY, "reason": "overlap"}] * 500
    text = skips_text("job-1", "N" * 200, UTC, records)
    assert len(text.text.splitlines()) < MOST_SKIPS_SHOWN + 10
    assert "and 480 more records" in text.text
    assert len(text.sms) == LONGEST_SMS
