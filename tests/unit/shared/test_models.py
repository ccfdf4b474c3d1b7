"""What all stored documents and definitions share: names, moments, text, refusals that name the field."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.clock import SystemClock, cut_to_milliseconds, from_milliseconds, rfc3339, to_milliseconds
from shared.errors import InvalidDefinition
from shared.models.base import invalid_definition
from shared.models.jobs import Job, JobDefinition
from shared.models.notification_models import (
    Address,
    NotificationTemplateDefinition,
    Recipients,
    ScheduledNotificationCreate,
)
from shared.models.policies import Policies
from shared.models.queue import queue_item_id
from shared.models.recipients import RecipientDefinition
from shared.models.runs import Run, SkippedSpan, due_run_id, manual_run_id, run_id
from shared.models.schedule import Schedule

NOW = datetime(2026, 11, 23, 9, 0, 0, 123000, tzinfo=UTC)
JOB = {
    "name": "Clean", "template": "noop", "params": {"duration": "1s"}, "schedule": {"kind": "interval", "every": "5m"},
}  # fmt: skip
SCHEDULED = {
    "name": "Wave", "templateId": "t1", "channels": ["email"], "recipients": {"people": ["p1"]},
    "schedule": {"kind": "once", "at": "2026-12-01T09:00:00", "timezone": "Europe/Paris"},
}  # fmt: skip


def refusal(model, document) -> InvalidDefinition:
    with pytest.raises(ValidationError) as fault:
        TypeAdapter(model).validate_python(document)
    return invalid_definition(fault.value)


def stored_job(**changes):
    definition = JobDefinition.model_validate(JOB)
    return {
        "_id": "j1", **definition.model_dump(by_alias=True), "revision": 1, "scheduleSince": NOW, "createdAt": NOW,
        "createdBy": "ada", "updatedAt": NOW, "updatedBy": "ada", **changes,
    }  # fmt: skip


def test_documents_are_camel_case_with_dates_as_dates_and_durations_as_text():
    document = Job.from_document(stored_job()).to_document()
    assert document["scheduleSince"] == NOW
    assert document["plannedRevision"] is None
    assert document["policies"]["retry"] == {
        "maxAttempts": 3, "backoff": "10s", "maxBackoff": "10m", "on": ["failed", "timed_out"], "exceptErrors": [],
    }  # fmt: skip
    assert document["schedule"]["every"] == "5m"
    assert document["daemon"]["nextRun"] is None
    assert Job.from_document(document).to_document() == document


def test_a_definition_refuses_an_unknown_field_and_a_document_ignores_it():
    assert refusal(JobDefinition, {**JOB, "nmae": 1}).field == "nmae"
    assert refusal(JobDefinition, {**JOB, "policies": {"retry": {"attempts": 1}}}).field == "policies.retry.attempts"
    assert "later" not in Job.from_document(stored_job(later=1)).to_document()


def test_a_stored_document_that_is_wrong_names_its_field_and_never_its_value():
    with pytest.raises(InvalidDefinition) as refused:
        Job.from_document(stored_job(scheduleSince="secret-value"))
    assert refused.value.field == "scheduleSince"
    assert "secret-value" not in str(refused.value)
    with pytest.raises(InvalidDefinition, match="and 1 more"):
        Job.from_document(stored_job(name="", revision=0))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({**JOB, "name": "a\x00b"}, "name"),
        ({**JOB, "name": "\ud800"}, "name"),
        ({**JOB, "name": "   "}, "name"),
        ({**JOB, "name": "x" * 201}, "name"),
        ({**JOB, "labels": {"team": "a\x00b"}}, "labels.team"),
        ({**JOB, "labels": {"a\x00b": "x"}}, "labels.a\x00b.[key]"),
        ({**JOB, "template": "No Such"}, "template"),
        ({**JOB, "schedule": {"kind": "hourly"}}, "schedule"),
        ({**JOB, "schedule": {"kind": "interval", "every": "0.5s"}}, "schedule.interval.every"),
        ({**JOB, "schedule": {"kind": "interval", "every": 300}}, "schedule.interval.every"),
        ({**JOB, "schedule": {"kind": "cron", "expression": "0 0 30 2 *"}}, "schedule.cron.expression"),
        ({**JOB, "schedule": {"kind": "once", "at": "tomorrow"}}, "schedule.once.at"),
        ({**JOB, "policies": {"overlap": "allow:0"}}, "policies.overlap"),
        ({**JOB, "policies": {"timeout": "10ms"}}, "policies.timeout"),
        ({**JOB, "policies": {"misfire": {"max": 0}}}, "policies.misfire.max"),
    ],
)
def test_a_wrong_job_names_the_field(document, field):
    assert refusal(JobDefinition, document).field == field


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (
            {"kind": "cron", "expression": "@daily", "timezone": "Europe/Pariis"},
            "use an IANA name such as Europe/Paris",
        ),
        ({"kind": "cron", "expression": "@reboot"}, "unknown alias"),
        ({"kind": "interval", "every": "five"}, 'write a duration such as "90s"'),
        ({"kind": "interval", "every": "5m", "jitter": "25h"}, "at most one day"),
        ({"kind": "interval", "every": "5m", "excludeCalendars": ["x/y"]}, "String should match pattern"),
        ({"kind": "once", "at": "soon"}, 'write a date and time such as "2026-12-01T09:00:00"'),
        ({"kind": "interval", "every": "5m", "startAt": NOW, "endAt": NOW}, "endAt must be later than startAt"),
    ],
)
def test_a_wrong_schedule_is_refused_with_the_remedy(schedule, words):
    assert words in refusal(Schedule, schedule).detail


@pytest.mark.parametrize(
    ("model", "document", "words"),
    [
        (Address, {"name": "Ada"}, "give an email or a phone"),
        (Address, {"email": "ada"}, "not an e-mail address"),
        (Address, {"email": "ada@example.com\x00"}, "not an e-mail address"),
        (RecipientDefinition, {"phone": "0123"}, "pattern"),
        (RecipientDefinition, {}, "give an email or a phone"),
        (Recipients, {}, "at least one recipient"),
        (ScheduledNotificationCreate, {**SCHEDULED, "expiresAfter": "0s"}, "at least 1s"),
        (NotificationTemplateDefinition, {"name": "T", "channels": ["email"], "text": "x"}, "needs a subject"),
        (NotificationTemplateDefinition, {"name": "T", "channels": ["email"], "subject": "x"}, "a text or an html"),
        (NotificationTemplateDefinition, {"name": "T", "channels": ["sms"]}, "needs the field sms"),
        (
            NotificationTemplateDefinition,
            {"name": "T", "channels": ["sms"], "sms": "x", "variables": [{"name": "a"}, {"name": "a"}]},
            "declared once",
        ),
    ],
)
def test_what_people_write_about_notifications_is_refused_with_the_remedy(model, document, words):
    assert words in refusal(model, document).detail


def test_a_moment_is_utc_cut_to_milliseconds_and_rfc_3339_in_json():
    local = datetime(2026, 11, 23, 10, 0, 0, 123999, tzinfo=timezone(timedelta(hours=1)))
    job = Job.from_document(stored_job(scheduleSince=local))
    assert job.schedule_since == NOW
    assert job.model_dump(mode="json", by_alias=True)["scheduleSince"] == "2026-11-23T09:00:00.123Z"
    assert refusal(Job, stored_job(scheduleSince=NOW.replace(tzinfo=None))).field == "scheduleSince"


def test_moments_and_milliseconds_are_exact_both_ways():
    for moment in (NOW, datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)):
        assert from_milliseconds(to_milliseconds(moment)) == moment
    assert rfc3339(NOW) == "2026-11-23T09:00:00.123Z"
    assert SystemClock().now().microsecond % 1000 == 0
    assert cut_to_milliseconds(NOW.replace(microsecond=123999)) == NOW


def test_identities_are_deterministic_and_fold_the_address():
    assert run_id("j1", 5) == "j1:5"
    assert due_run_id("j1", 5) == "j1:d:5"
    assert manual_run_id("j1", "k") == "j1:m:k"
    assert queue_item_id("s", NOW, "email", "Ada@x.org") == queue_item_id("s", NOW, "email", "ada@X.org")
    assert queue_item_id("s", NOW, "email", "a") != queue_item_id("s", NOW, "sms", "a")


def test_a_skipped_span_is_stored_as_from_and_to():
    run = Run(
        id="j1:1", job_id="j1", job_revision=1, template="noop", trigger="schedule", scheduled_for=NOW, state="skipped",
        timeout_ms=1, backoff_ms=1, max_backoff_ms=1, params={}, created_at=NOW, created_by="daemon", reason="misfire",
        span=SkippedSpan(first=NOW, last=NOW, count=1, exact=True),
    )  # fmt: skip
    assert run.to_document()["span"] == {"from": NOW, "to": NOW, "count": 1, "exact": True, "name": ""}
    assert Run.from_document(run.to_document()) == run


def test_defaults_are_what_most_jobs_want_and_cannot_be_changed_for_all():
    assert Policies().overlap == "skip"
    assert Policies().misfire.policy == "latest"
    with pytest.raises(ValidationError, match="frozen"):
        JobDefinition.model_validate(JOB).policies.retry.max_attempts = 9
