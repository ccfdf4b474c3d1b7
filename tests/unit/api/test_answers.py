"""Answers never fail, whatever stands in a document; and the states they show."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson.datetime_ms import DatetimeMS
from bson.objectid import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from api.answers.definitions import is_resting
from api.answers.jobs import job_answer
from api.answers.messages import delivery_answer, message_answer, statistics
from api.answers.notifications import (
    group_answer,
    notification_template_answer,
    recipient_answer,
    scheduled_notification_answer,
)
from api.answers.runs import run_answer
from shared.jsonable import jsonable
from shared.models.definitions import Pause
from shared.models.jobs import Job
from shared.models.notification_models import ScheduledNotification
from shared.models.queue import Delivery, QueueItem, QueueState
from shared.models.runs import Run

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=20)
    | st.binary(max_size=5) | st.just(ObjectId("65a000000000000000000001")) | st.just(DatetimeMS(2**62))
    | st.datetimes(timezones=st.just(UTC))
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
NAMES = sorted(
    {
        field.alias or name
        for model in (Job, ScheduledNotification, Run, QueueItem, Delivery)
        for name, field in model.model_fields.items()
    }
    - {"_id"}
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES), LEAVES)
def test_every_answer_is_json_for_every_document(fields: dict[str, Any], document_id: Any) -> None:
    stored = {"_id": document_id, **fields}
    answers: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
        lambda each: job_answer(each, NOW),
        lambda each: scheduled_notification_answer(each, NOW, {}),
        lambda each: run_answer(each, {}),
        message_answer,
        delivery_answer,
        notification_template_answer,
        recipient_answer,
        group_answer,
    ]
    for answer in answers:
        shown = answer(stored)
        assert isinstance(shown["id"], str)
        json.dumps(shown, allow_nan=False, ensure_ascii=False).encode()


def test_what_json_has_no_word_for_is_described() -> None:
    assert jsonable(float("nan")) == "nan"
    assert jsonable(b"abc") == "(binary, 3 bytes)"
    assert "out of range" in jsonable(DatetimeMS(2**62))
    assert jsonable(timedelta(minutes=90)) == "1h30m"


@pytest.mark.parametrize(
    ("until", "resting"), [(None, True), (NOW + timedelta(seconds=1), True), (NOW, False), (NOW - timedelta(1), False)]
)
def test_a_pause_rests_until_its_end(until: datetime | None, resting: bool) -> None:
    assert is_resting(Pause(at=NOW - timedelta(days=2), until=until), NOW) is resting


def test_statistics_know_every_state_of_a_message() -> None:
    counts = {state.value: 1 for state in QueueState}
    assert sum(statistics(counts).values()) == len(QueueState) - 1, "all but cancelled"
