"""Definitions beyond their form."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.checks.params import check_params, find_template
from api.checks.schedules import PAST_ALLOWED, schedule_since
from api.problems import Problem
from shared.errors import InvalidDefinition, ScheduleError
from shared.models.catalogue import PublishedTemplate
from shared.models.schedule import IntervalSchedule, OnceSchedule

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def published(schema: dict[str, Any], **fields: Any) -> PublishedTemplate:
    return PublishedTemplate.model_validate(
        {
            "_id": "sample", "name": "Sample", "category": "tests", "description": "", "version": 1,
            "parametersSchema": schema, "publishedAt": NOW, **fields,
        }
    )  # fmt: skip


SCHEMA = {
    "type": "object",
    "required": ["url"],
    "additionalProperties": False,
    "properties": {
        "url": {"type": "string", "format": "uri"},
        "count": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "nested": {"$ref": "#/$defs/Nested"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
    },
    "$defs": {"Nested": {"type": "object", "required": ["deep"], "properties": {"deep": {"minimum": 3}}}},
}


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "params.url"),
        ({"url": 5}, "params.url"),
        ({"url": "no address"}, "params.url"),
        ({"url": "http://x", "count": "hunter2"}, "params.count"),
        ({"url": "http://x", "nested": {}}, "params.nested.deep"),
        ({"url": "http://x", "nested": {"deep": 1}}, "params.nested.deep"),
        ({"url": "http://x", "tags": ["a", 5]}, "params.tags.1"),
        ({"url": "http://x", "tags": ["a", "b", "c"]}, "params.tags"),
        ({"url": "http://x", "more": 1}, "params.more"),
    ],
)
def test_each_parameter_against_the_schema_is_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(Problem) as refused:
        check_params(params, published(SCHEMA))
    assert [fault.field for fault in refused.value.errors] == [field]
    assert "hunter2" not in str(refused.value.errors)


def test_good_parameters_pass() -> None:
    check_params({"url": "http://x/", "count": None, "nested": {"deep": 3}, "tags": []}, published(SCHEMA))


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:1/schema.json"},
        {"$ref": "#/$defs/nonesuch"},
        {"properties": {"url": {"pattern": "("}}},
        {"type": "nonesuch"},
        {"properties": 5},
        {"$ref": "#"},
    ],
)
def test_a_schema_that_cannot_be_used_blames_the_template_and_is_never_fetched(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        check_params({"url": "x"}, published(schema))
    assert refused.value.field == "template"


def test_only_available_templates_are_found() -> None:
    gone = published({}, available=False)
    with pytest.raises(InvalidDefinition, match="start the daemon"):
        find_template("sample", [gone])
    assert find_template("sample", [published({})]).type == "sample"


def once(at: datetime, **fields: Any) -> OnceSchedule:
    return OnceSchedule.model_validate({"kind": "once", "at": at.isoformat(), **fields})


def test_a_once_within_the_last_minute_counts_from_just_before_it() -> None:
    assert schedule_since(once(NOW + timedelta(hours=1)), NOW) == NOW
    assert schedule_since(once(NOW), NOW) == NOW - timedelta(milliseconds=1)
    edge = NOW - PAST_ALLOWED
    assert schedule_since(once(edge), NOW) == edge - timedelta(milliseconds=1)
    with pytest.raises(ScheduleError, match=r"in the past: it was at 2026-11-23T11:58:59\.000Z"):
        schedule_since(once(edge - timedelta(seconds=1)), NOW)


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        (once(NOW + timedelta(days=1), endAt=NOW + timedelta(hours=1)), "schedule.endAt"),
        (once(NOW + timedelta(days=1), startAt=NOW + timedelta(days=2)), "schedule.startAt"),
        (IntervalSchedule(kind="interval", every=timedelta(days=2), end_at=NOW + timedelta(days=1)), "schedule.endAt"),
        (once(datetime(1, 1, 1), timezone="Asia/Tokyo"), "schedule.at"),  # noqa: DTZ001 - wall clock
    ],
)
def test_a_schedule_that_never_fires_names_the_field_at_fault(schedule: Any, field: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        schedule_since(schedule, NOW)
    assert refused.value.field == field
