"""Bodies and the paths of wrong fields."""

import pytest
from pydantic import ValidationError

from api.problems import Problem
from api.requests import MOST_NESTING, Body, check_json, faults_of, field_path
from shared.models.jobs import JobDefinition


def nested(levels: int) -> bytes:
    """An object of that many levels in all."""
    return b'{"a": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def test_nesting_is_allowed_up_to_its_bound() -> None:
    assert check_json(nested(MOST_NESTING))
    with pytest.raises(Problem) as refused:
        check_json(nested(MOST_NESTING + 1))
    assert refused.value.code == "body_too_deep"


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_whole_numbers_that_bson_cannot_hold_are_refused(number: int) -> None:
    assert check_json(f'{{"a": {number - 1 if number > 0 else number + 1}}}'.encode())
    with pytest.raises(Problem):
        check_json(f'{{"a": {number}}}'.encode())


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("schedule", "cron", "expression"), "schedule.expression"),
        (("schedule", "once", "dst", "gap"), "schedule.dst.gap"),
        (("params", "cron", "once"), "params.cron.once"),
        (("labels", "a b", "[key]"), "labels.a b"),
        (("recipients", "addresses", 3, "email"), "recipients.addresses.3.email"),
        (("_id",), "id"),
    ],
)
def test_field_paths_are_what_the_client_wrote(path: tuple[str | int, ...], shown: str) -> None:
    assert field_path(path) == shown


def test_faults_never_hold_the_value() -> None:
    with pytest.raises(ValidationError) as refused:
        JobDefinition.model_validate({"name": ["hunter2"], "template": "hunter2!", "schedule": {"kind": "hunter2"}})
    assert "hunter2" not in str(faults_of(refused.value))


def test_a_body_takes_json_types_as_they_are() -> None:
    class Sample(Body):
        number: int = 0
        flag: bool = False

    assert Sample.model_validate_json('{"number": 5, "flag": true}').number == 5
    for wrong in ('{"number": "5"}', '{"flag": "yes"}', '{"flag": 1}'):
        with pytest.raises(ValidationError):
            Sample.model_validate_json(wrong)
