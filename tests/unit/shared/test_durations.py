"""Lengths of time as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.durations import LONGEST, format_duration, parse_duration

READ = {
    "90s": timedelta(seconds=90),
    "5m": timedelta(minutes=5),
    "1h30m": timedelta(hours=1, minutes=30),
    "1h 30m": timedelta(hours=1, minutes=30),
    "1.5h": timedelta(hours=1, minutes=30),
    "2d": timedelta(days=2),
    "1w": timedelta(weeks=1),
    "250ms": timedelta(milliseconds=250),
    "1m500ms": timedelta(minutes=1, milliseconds=500),
    " 5M ": timedelta(minutes=5),
    "0s": timedelta(0),
    "PT5M": timedelta(minutes=5),
    "pt1h30m": timedelta(hours=1, minutes=30),
    "P1DT12H": timedelta(hours=36),
    "P1DT12M": timedelta(days=1, minutes=12),
    "P2W": timedelta(weeks=2),
    "PT1.0009S": timedelta(seconds=1),
    "36500d": LONGEST,
}
REFUSED = [
    "", " ", "5", "5 ", "m", "-5m", "+5m", "5x", "5m!", "5m,3s", "1 0s", "1. 5s", ".5s", "5.s", "1e3s", "٣m", "5m\x00",
    "P", "PT", "P-1D", "-PT5M", "PT5", "36501d", "P101Y", "9" * 39 + "s", "1" * 41, "P99999999999D", "1:30", "inf",
    "P1M", "p1y", "P1M2D", "P1YT5M",
]  # fmt: skip


@pytest.mark.parametrize(("text", "length"), READ.items())
def test_a_duration_is_read_as_written(text, length):
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_duration_is_refused_with_the_remedy(text):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.integers(0, LONGEST // timedelta(milliseconds=1)))
def test_what_is_formatted_reads_back_as_the_same(milliseconds):
    length = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(length)) == length


@given(st.text(alphabet="0123456789.smhdwPTYDHMS -+e", max_size=45))
def test_any_text_is_either_a_whole_number_of_milliseconds_or_a_value_error(text):
    try:
        length = parse_duration(text)
    except ValueError:
        return
    assert timedelta(0) <= length <= LONGEST
    assert length % timedelta(milliseconds=1) == timedelta(0)


@pytest.mark.parametrize(
    ("length", "text"),
    [(timedelta(0), "0s"), (timedelta(minutes=90), "1h30m"), (timedelta(days=8, milliseconds=1), "8d1ms")],
)
def test_the_text_form_is_short(length, text):
    assert format_duration(length) == text
