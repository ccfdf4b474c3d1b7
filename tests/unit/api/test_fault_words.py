"""What is wrong with a field, in words for people."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from pydantic_core.core_schema import ErrorType

from api.fault_words import words_for
from api.requests import faults_of
from api.routes.scheduled_notifications import ScheduledNotificationBody
from shared.models.jobs import JobDefinition
from shared.models.recipients import RecipientDefinition
from tests.support.environment import ROOT

PYDANTIC = re.compile(
    r"Input should|String should|Value should|List should|Dictionary should|Unable to|Field required|_"
)
LIMITS: dict[str, Any] = {
    "min_length": 2, "max_length": 500, "actual_length": 3, "field_type": "List", "pattern": r"^\+[1-9][0-9]{6,14}$",
    "ge": 1, "gt": 0, "le": 200, "lt": 10, "multiple_of": 5, "expected": "'email' or 'sms'", "error": "why",
    "class_name": "Model", "method_name": "m", "tz_expected": 0, "tz_actual": 1, "discriminator": "kind",
    "tag": "hunter2",
    "expected_tags": "a", "max_digits": 1, "decimal_places": 1, "whole_digits": 1, "encoding": "utf-8",
    "encoding_error": "e", "class": "x", "expected_schemes": "https", "expected_version": 4, "mapping": {},
}  # fmt: skip


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        yield from schema.get("patternProperties", {})
        for inner in schema.values():
            yield from patterns(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from patterns(inner)


@pytest.mark.parametrize("code", get_args(ErrorType))
def test_no_error_of_pydantic_is_told_in_its_words(code: str) -> None:
    told = words_for({"type": code, "loc": (), "msg": "Input should be hunter2", "input": "hunter2", "ctx": LIMITS})
    assert told
    assert not PYDANTIC.search(told)
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("code", "limits", "words"),
    [
        ("missing", {}, "this field is required"),
        ("string_too_short", {"min_length": 1}, "this field is required"),
        ("string_too_short", {"min_length": 3}, "at least 3 characters"),
        ("string_too_long", {"max_length": 500}, "at most 500 characters"),
        ("too_short", {"min_length": 1}, "name at least one"),
        ("too_long", {"max_length": 500}, "at most 500 of them"),
        ("greater_than_equal", {"ge": 1}, "at least 1"),
        ("literal_error", {"expected": "'now', 'next_day' or 'skip'"}, "write now, next_day or skip"),
        ("enum", {"expected": "'email' or 'sms'"}, "write email or sms"),
        ("int_from_float", {}, "write a whole number"),
        ("bool_type", {}, "write true or false"),
        ("extra_forbidden", {}, "there is no such field"),
    ],
)
def test_a_rule_is_told_as_its_remedy(code: Any, limits: dict[str, Any], words: str) -> None:
    assert words_for({"type": code, "loc": (), "msg": "Input should", "input": None, "ctx": limits}) == words


def test_every_pattern_that_the_api_checks_has_words() -> None:
    document = json.loads((ROOT / "tests/unit/api/openapi.json").read_text(encoding="utf-8"))
    headers = {"^files; label=([A-Za-z0-9_.-]{1,63}); digest=([0-9a-f]{64})$"}
    error: Any = {"type": "string_pattern_mismatch", "loc": (), "msg": "", "input": ""}
    told = {each: words_for(error | {"ctx": {"pattern": each}}) for each in set(patterns(document)) - headers}
    vague = [pattern for pattern, words in told.items() if "this form" in words]
    assert vague == []


@pytest.mark.parametrize(
    ("model", "body", "field", "words"),
    [
        (ScheduledNotificationBody, {"recipients": {"addresses": [{"phone": "06 12"}]}}, "recipients.addresses.0.phone",
         "write the number with its country and without blanks, such as +33612345678"),
        (ScheduledNotificationBody, {"quietHours": {"from": "25:00", "to": "08:00"}}, "quietHours.from",
         "write a time of day such as 08:30"),
        (ScheduledNotificationBody, {"expiresAfter": "soon"}, "expiresAfter",
         'write a duration such as "90s", "5m", "1h30m" or ISO 8601 "PT5M"'),
        (ScheduledNotificationBody, {"channels": []}, "channels", "name at least one"),
        (ScheduledNotificationBody, {"allowedDays": ["MONDAY"]}, "allowedDays.0",
         "write MON, TUE, WED, THU, FRI, SAT or SUN"),
        (JobDefinition, {"name": ""}, "name", "this field is required"),
        (JobDefinition, {"labels": {"a b": "c"}}, "labels.a b",
         "a label has at most 63 letters, digits, _ . / and -; it begins and ends with a letter or digit"),
        (RecipientDefinition, {"locale": "french"}, "locale", "write a language such as fr or fr-FR"),
    ],
)  # fmt: skip
def test_a_body_is_refused_in_plain_words(model: Any, body: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(body)
    assert {each.field: each.detail for each in faults_of(refused.value)}[field] == words
