"""Answers say what the models say: the quick ways there, against validating and writing out one field after another."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any, TypeVar

import pytest
from bson import decode, encode
from bson.objectid import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from api.answers.definitions import reason_of
from api.answers.jobs import job_answer
from api.answers.messages import message_answer
from api.answers.notifications import recipient_answer, scheduled_notification_answer
from api.answers.runs import run_answer
from api.responses import ok
from api.store.catalogue import SecretMasks
from api.store.pages import NAIVE, make_aware
from shared.clock import cut_to_milliseconds, rfc3339
from shared.collections import CODEC_OPTIONS
from shared.durations import format_duration
from shared.errors import InvalidDefinition
from shared.jsonable import jsonable
from shared.logging import MASK
from shared.models.base import Document
from shared.models.jobs import Job
from shared.models.notification_models import ScheduledNotification
from shared.models.queue import QueueItem
from shared.models.recipients import Recipient
from shared.models.runs import Run
from shared.secret_params import ParamMask
from tests.support.documents import MONDAY, job_document
from tests.unit.api.test_answers import LEAVES, NOW, VALUES

Stored = dict[str, Any]
T = TypeVar("T", bound=Document)
MOMENTS = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001 - the zone is the next argument
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=3))]),
)
SCHEDULES = st.sampled_from(
    [
        {"kind": "interval", "every": "90m"},
        {"kind": "interval", "every": "PT5M", "anchor": MONDAY, "jitter": "1s"},
        {"kind": "cron", "expression": "0 9 * * MON-FRI", "timezone": "Europe/Paris", "dst": {"gap": "skip"}},
        {"kind": "cron", "expression": "@daily", "startAt": MONDAY, "endAt": MONDAY + timedelta(days=900)},
        {"kind": "once", "at": "2026-12-01T09:00:00", "strict": True},
        {"kind": "once", "at": "2026-12-01T09:00:00.250+02:00", "maxRuns": 1, "excludeCalendars": ["holidays"]},
        {"kind": "once", "at": datetime(2026, 12, 1, tzinfo=UTC)},
    ]
)
POLICIES = st.sampled_from(
    [
        {},
        {"timeout": "1h", "misfire": {"policy": "all", "window": "2d", "max": 3}, "retry": {"on": [], "backoff": "2s"}},
        {"softTimeout": "1m", "alerts": {"recipients": {"addresses": [{"email": "Ada@Example.com"}]}}},
    ]
)
PAUSES = st.none() | st.builds(lambda at, by: {"at": at, "by": by, "reason": "é"}, MOMENTS, st.text(max_size=3))
RECORD = {"revision": 3, "createdAt": MONDAY, "createdBy": "ada", "updatedAt": MONDAY, "updatedBy": "bob"}


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Stored]:
    """Documents with some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


STORABLE = st.recursive(
    LEAVES.filter(lambda value: not isinstance(value, str)) | st.sampled_from(["", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)
"""What can stand in BSON."""
LAST_RUNS = st.none() | st.builds(
    lambda at: {"runId": "a", "state": "failed", "scheduledFor": at, "finishedAt": at}, MOMENTS
)
JOBS = st.builds(
    lambda schedule, policies, more: {**job_document(schedule=schedule, policies=policies), **more},
    SCHEDULES,
    POLICIES,
    optional(
        name=st.sampled_from(["a", "  b ", "Größe"]),
        params=st.dictionaries(st.text(max_size=3), VALUES, max_size=2),
        enabled=st.sampled_from([True, False, 1, "no"]),
        labels=st.just({"team": "ops"}),
        pause=PAUSES,
        managedBy=st.just("files"),
        plannedRevision=st.sampled_from([None, 1]),
        createdAt=MOMENTS,
        daemon=optional(
            nextRun=MOMENTS, lastRun=LAST_RUNS, autoPaused=PAUSES, counters=st.just({"failed": 2}),
            consecutiveFailures=st.just(3.0), completed=st.booleans(),
            quarantine=st.just({"field": "params", "reason": "no", "at": MONDAY}),
        ),
    ),
)  # fmt: skip
NOTIFICATION = {
    "_id": "n", "name": "A wave", "templateId": "welcome", "templateVersion": 2, "channels": ["email", "sms"],
    "recipients": {"addresses": [{"email": "ada@example.com", "phone": "+33612345678"}], "groups": ["g"]},
    "schedule": {"kind": "interval", "every": "1h"}, "scheduleSince": MONDAY, **RECORD,
}  # fmt: skip
NOTIFICATIONS = st.builds(
    lambda schedule, more: {**NOTIFICATION, "schedule": schedule, **more},
    SCHEDULES,
    optional(
        variables=st.dictionaries(st.sampled_from("abc"), VALUES, max_size=2),
        recipients=st.dictionaries(st.sampled_from("abc"), VALUES, max_size=2).map(
            lambda variables: {"addresses": [{"email": "ada@example.com", "variables": variables}]}
        ),
        quietHours=st.just({"from": "22:00", "to": "07:00"}),
        allowedDays=st.just(["MON"]),
        expiresAfter=st.just("1d12h"),
        throttle=st.just({"perMinute": 5}),
        templateVersion=st.just("newest"),
        approval=st.builds(lambda at: {"requestedBy": "a", "recipients": 900, "by": "b", "at": at}, MOMENTS),
        pause=PAUSES,
        daemon=optional(lastRun=st.builds(lambda at: {"scheduledFor": at, "queuedAt": at, "queued": 3}, MOMENTS)),
    ),
)  # fmt: skip
RUNS = st.builds(
    lambda at, more: {
        "_id": "r", "jobId": "j", "jobRevision": 1, "template": "noop", "trigger": "schedule", "scheduledFor": at,
        "state": "succeeded", "timeoutMs": 1, "backoffMs": 1, "maxBackoffMs": 1, "params": {}, "createdAt": at,
        "createdBy": "schedule", "token": "secret", "epoch": 1, **more,
    },
    MOMENTS,
    optional(
        params=st.dictionaries(st.text(max_size=3), VALUES, max_size=2),
        result=st.dictionaries(st.text(max_size=3), VALUES, max_size=2).map(lambda m: {"summary": "s", "metrics": m}),
        error=st.just({"type": "E", "message": "m"}),
        progress=st.builds(lambda at: {"done": 0.5, "total": 7, "at": at}, MOMENTS),
        attempts=st.builds(lambda at: [{"number": "1", "finishedAt": at, "state": "failed"}], MOMENTS),
        span=st.builds(lambda at: {"from": at, "to": at, "count": 1, "exact": True}, MOMENTS),
        startedAt=MOMENTS, durationMs=st.just(20.0), retryOn=st.just(["failed"]), waiting=st.just(1),
    ),
)  # fmt: skip


def model_answer(document: BaseModel, without: tuple[str, ...] = ()) -> Stored:
    """What the fields of a valid model are in JSON, written out one by one, the dates as the standard library does."""
    return {
        field.alias or name: plain(getattr(document, name))
        for name, field in type(document).model_fields.items()
        if name not in without
    }


def plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return model_answer(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return jsonable(value)


def _quarantined(stored: Stored) -> bool:
    """Whether the daemon has said why already: its words go before."""
    daemon = stored.get("daemon")
    return isinstance(daemon, dict) and "quarantine" in daemon


def read(model: type[T], stored: Stored, answer: Stored) -> T | None:
    """The valid model; None if the document is refused, and then the answer has to say why."""
    try:
        return model.from_document(stored)
    except InvalidDefinition as fault:
        refused = reason_of(fault.field, fault.detail)
    assert answer["problem"] == refused or _quarantined(stored)
    return None


def damaged(documents: st.SearchStrategy[Stored]) -> st.SearchStrategy[Stored]:
    """Some as they are, some with one field that is something else, some with one field that is missing."""

    def damage(stored: Stored, place: int, value: Any, how: str) -> Stored:
        name = sorted(stored.keys() - {"_id"})[place % (len(stored) - 1)]
        if how == "without":
            return {each: inner for each, inner in stored.items() if each != name}
        return {**stored, name: value} if how == "changed" else stored

    hows = st.sampled_from(["whole", "whole", "changed", "without"])
    return st.builds(damage, documents, st.integers(0, 50), VALUES, hows)


def with_wall_clock_as_written(shown: Stored, schedule: Any) -> Stored:
    """The moment of a schedule that fires once is wall clock: its text is the model's own."""
    if schedule.kind == "once":
        shown["schedule"]["at"] = schedule.at.isoformat()
    return shown


@settings(max_examples=150, deadline=None)
@given(damaged(JOBS))
def test_a_job_is_shown_as_its_model_reads_it(stored: Stored) -> None:
    answer = job_answer(stored, NOW)
    job = read(Job, stored, answer)
    if job is None:
        assert answer["state"] == "quarantined"
        return
    shown = with_wall_clock_as_written(model_answer(job), job.schedule)
    fields = ("id", "name", "template", "params", "schedule", "enabled", "labels", "policies", "pause", *RECORD)
    assert {name: answer[name] for name in fields} == {name: shown.get(name, job.id) for name in fields}
    daemon = shown["daemon"]
    assert (answer["lastRun"], answer["autoPaused"]) == (daemon["lastRun"], daemon["autoPaused"])
    assert (answer["runs"], answer["skipped"]) == (daemon["counters"], daemon["skipped"])
    assert answer["consecutiveFailures"] == daemon["consecutiveFailures"]


@settings(max_examples=150, deadline=None)
@given(damaged(NOTIFICATIONS))
def test_a_scheduled_notification_is_shown_as_its_model_reads_it(stored: Stored) -> None:
    answer = scheduled_notification_answer(stored, NOW, {})
    notification = read(ScheduledNotification, stored, answer)
    if notification is None:
        assert answer["state"] == "quarantined"
        return
    shown = with_wall_clock_as_written(model_answer(notification), notification.schedule)
    left_out = {"id", "daemon", "scheduleSince", "deletedAt", "expireAt", "plannedRevision", "definedBy", "purpose"}
    names = {field.alias or name for name, field in ScheduledNotification.model_fields.items()} - left_out
    names -= {"_id", "messagesHeld"}
    assert {name: answer[name] for name in names} == {name: shown[name] for name in names}
    last = shown["daemon"]["lastRun"]
    expected = last and {name: last[name] for name in ("scheduledFor", "queuedAt", "queued")}
    assert answer["lastRun"] == expected


@settings(max_examples=150, deadline=None)
@given(damaged(RUNS))
def test_a_run_is_shown_as_its_model_reads_it(stored: Stored) -> None:
    answer = run_answer(stored, {"j": "A job"})
    run = read(Run, stored, answer)
    if run is None:
        assert answer["state"] == "quarantined"
        return
    shown = model_answer(run, ("id", "token", "epoch", "expire_at", "width"))
    assert answer == {"id": run.id, **shown, "problem": None, "jobName": "A job" if run.job_id == "j" else None}


@settings(max_examples=100, deadline=None)
@given(
    damaged(
        st.builds(
            lambda at, more: {
                "_id": "m", "occurrence": at, "channel": "email", "recipient": {"address": "a@b.example"},
                "templateId": "t", "templateVersion": 1, "state": "sent", "sendAfter": at, "messageId": "<1@x>",
                "createdAt": at, **more,
            },
            MOMENTS,
            optional(variables=st.just({"a": 1}), lastError=VALUES, expiresAt=MOMENTS, jobId=st.text(max_size=3)),
        )
    )
)  # fmt: skip
def test_a_message_is_shown_as_it_is_stored_and_its_model_says_whether_it_is_sound(stored: Stored) -> None:
    answer = message_answer(stored)
    assert (read(QueueItem, stored, answer) is None) == (answer["problem"] is not None)
    for name in ("channel", "recipient", "templateId", "state", "messageId", "jobId"):
        assert answer[name] == plain(stored.get(name))
    for name in ("occurrence", "sendAfter", "createdAt", "expiresAt"):
        at = stored.get(name)
        assert answer[name] == (plain(at) if isinstance(at, datetime) else None)


@settings(max_examples=100, deadline=None)
@given(
    damaged(
        optional(
            name=st.text(max_size=5), phone=st.sampled_from(["+33612345678", "12"]), timezone=st.just("Europe/Paris"),
            email=st.sampled_from(["ada@example.com", "ADA@EXAMPLE.com", "a b@c", "é@exämple.com", "a@b..c", "@"]),
            variables=st.dictionaries(st.sampled_from("abc"), VALUES, max_size=2), optOuts=st.just([]),
        ).map(lambda fields: {"_id": "p", **RECORD, **fields})
    )
)  # fmt: skip
def test_a_person_is_shown_as_stored_and_its_model_says_whether_it_is_sound(stored: Stored) -> None:
    answer = recipient_answer(stored)
    assert (read(Recipient, stored, answer) is None) == (answer["problem"] is not None)
    for name in ("name", "email", "phone", "timezone", "variables"):
        assert answer[name] == plain(stored.get(name))


@given(MOMENTS)
def test_a_moment_is_written_as_the_standard_library_writes_it(at: datetime) -> None:
    assert rfc3339(at) == plain(at)
    cut = cut_to_milliseconds(at)
    assert cut.tzinfo is UTC
    assert timedelta(0) <= at - cut < timedelta(milliseconds=1)
    assert cut.microsecond % 1000 == 0


@given(st.dictionaries(st.sampled_from("abc"), STORABLE, max_size=3))
def test_the_dates_of_a_page_have_their_zone(document: Stored) -> None:
    raw = encode(document)
    quick = decode(raw, codec_options=NAIVE)
    make_aware(quick)
    assert repr(plain(quick)) == repr(plain(decode(raw, codec_options=CODEC_OPTIONS)))
    assert quick == decode(raw, codec_options=CODEC_OPTIONS) or "nan" in repr(quick)


def test_dates_within_lists_of_lists_have_their_zone_too() -> None:
    document = decode(encode({"a": [[MONDAY, {"b": [MONDAY]}]], "c": MONDAY}), codec_options=NAIVE)
    make_aware(document)
    assert document == {"a": [[MONDAY, {"b": [MONDAY]}]], "c": MONDAY}
    assert document["a"][0][1]["b"][0].tzinfo is UTC


@given(VALUES.map(jsonable))
def test_the_body_of_an_answer_is_the_json_of_what_it_shows(body: Any) -> None:
    assert json.loads(ok({"all": body}).data) == {"all": body}


SECRETS = {
    "type": "object",
    "properties": {
        "password": {"type": "string", "format": "password"},
        "hooks": {"type": "array", "items": {"$ref": "#/$defs/hook"}},
    },
    "additionalProperties": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/hook"}]},
    "$defs": {"hook": {"properties": {"url": {"type": "string"}, "key": {"writeOnly": True}}}},
}
PARAMS = st.dictionaries(
    st.sampled_from(["password", "hooks", "url", "key", "other"]),
    LEAVES | st.lists(st.dictionaries(st.sampled_from(["url", "key"]), LEAVES, max_size=2), max_size=3)
    | st.dictionaries(st.sampled_from(["url", "key"]), LEAVES, max_size=2),
    max_size=4,
)  # fmt: skip


@given(st.lists(PARAMS, max_size=4))
def test_one_mask_for_many_documents_hides_what_a_new_one_for_each_hides(many: list[Stored]) -> None:
    masks = SecretMasks({"noop": SECRETS})
    for params in many:
        shown = masks.hidden({"template": "noop", "params": params})["params"]
        assert repr(shown) == repr(ParamMask(SECRETS).masked(params) if params else params)
        if params.get("password") is not None:
            assert shown["password"] == MASK
        for hook in shown["hooks"] if isinstance(params.get("hooks"), list) else ():
            assert hook.get("key") in (None, MASK)


@pytest.mark.parametrize(
    "answer",
    [
        lambda value: job_answer(job_document(params={"a": {"b": [value]}}), NOW),
        lambda value: scheduled_notification_answer(
            {
                **NOTIFICATION,
                "recipients": {"addresses": [{"email": "a@example.com", "variables": {"a": value}}]},
                "variables": {"a": value},
            },
            NOW,
            {},
        ),
    ],
)
@pytest.mark.parametrize("value", [ObjectId("65a000000000000000000001"), b"\xff", float("nan")])
def test_a_value_that_json_has_no_word_for_does_not_make_a_definition_unshowable(
    answer: Callable[[Any], Stored], value: Any
) -> None:
    shown = answer(value)
    assert shown["state"] == "active"
    assert jsonable(value) in json.dumps(shown, allow_nan=False, ensure_ascii=False)
