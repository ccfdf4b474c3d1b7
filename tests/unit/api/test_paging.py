"""Cursors: opaque, safe in a URL, and exact for every BSON type."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128, Int64, MaxKey
from bson.datetime_ms import DatetimeMS
from bson.objectid import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from api.paging import decode_cursor, encode_cursor
from api.problems import Problem
from shared.queries.keyset import Position


@pytest.mark.parametrize(
    "value",
    [None, True, 5, Int64(2**60), 1.5, "text ü", ObjectId(), Decimal128("1.5"), MaxKey(), {"a": [1]},
     datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), DatetimeMS(2**60)],
)  # fmt: skip
def test_a_position_survives_the_way_through_a_cursor(value: Any) -> None:
    cursor = encode_cursor(Position(value, value, True))
    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)
    assert decode_cursor(cursor) == Position(value, value, True)


@given(st.text(max_size=200))
def test_any_other_text_is_refused_and_never_crashes(text: str) -> None:
    with pytest.raises(Problem) as refused:
        decode_cursor(text)
    assert refused.value.status == 400
