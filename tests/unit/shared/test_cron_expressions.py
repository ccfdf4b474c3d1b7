"""What is cron, what is refused and with which words, and that in UTC it is exactly cronsim's cron."""

from datetime import timedelta
from itertools import islice

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.models.schedule import CronSchedule
from shared.schedule.cron import ALIASES, check_expression, occurrences
from shared.schedule.cron_words import explain
from shared.schedule.zones import load_zone
from tests.unit.shared.schedule_builders import cron, fires, moment

FIRES = [
    ("@yearly", "2026-06-01", ["2027-01-01T00:00", "2028-01-01T00:00"]),
    ("@annually", "2026-06-01", ["2027-01-01T00:00"]),
    ("@monthly", "2026-06-01", ["2026-07-01T00:00"]),
    ("@weekly", "2026-11-23", ["2026-11-29T00:00"]),
    ("@daily", "2026-06-01", ["2026-06-02T00:00"]),
    ("@Midnight", "2026-06-01", ["2026-06-02T00:00"]),
    ("@hourly", "2026-06-01", ["2026-06-01T01:00"]),
    ("*/20 * * * * *", "2026-06-01", ["2026-06-01T00:00:20", "2026-06-01T00:00:40", "2026-06-01T00:01"]),
    ("30 0 9 * * *", "2026-06-01", ["2026-06-01T09:00:30", "2026-06-02T09:00:30"]),
    ("0 0 L * *", "2026-02-01", ["2026-02-28T00:00", "2026-03-31T00:00"]),
    ("0 0 LW * *", "2026-02-01", ["2026-02-27T00:00", "2026-03-31T00:00", "2026-04-30T00:00", "2026-05-29T00:00"]),
    ("0 0 * * 1#2", "2026-11-01", ["2026-11-09T00:00", "2026-12-14T00:00"]),
    ("0 0 * * FRI#5", "2026-11-01", ["2027-01-29T00:00"]),
    ("0 0 * * 5L", "2026-11-01", ["2026-11-27T00:00", "2026-12-25T00:00"]),
    ("0 9 * jan-mar mon,wed", "2026-12-01", ["2027-01-04T09:00", "2027-01-06T09:00"]),
    ("0 9 ? * MON-FRI", "2026-11-27T12:00", ["2026-11-30T09:00"]),
    ("0 0 9 1 * ?", "2026-11-27", ["2026-12-01T09:00"]),
    ("0 0 13 * 5", "2026-11-01", ["2026-11-06T00:00", "2026-11-13T00:00", "2026-11-20T00:00"]),
    ("0 0 * * 0", "2026-11-23", ["2026-11-29T00:00"]),
    ("0 0 * * 7", "2026-11-23", ["2026-11-29T00:00"]),
    ("0 0 29 2 *", "2026-01-01", ["2028-02-29T00:00", "2032-02-29T00:00"]),
    ("5/20 * * * *", "2026-06-01", ["2026-06-01T00:05", "2026-06-01T00:25", "2026-06-01T00:45"]),
]
REFUSED = [
    ("@reboot", "unknown alias '@reboot'; use one of @annually, @daily"),
    ("@fortnightly", "unknown alias"),
    ("", "write 5 fields"),
    ("* * * *", "write 5 fields"),
    ("* * * * * * *", "write 5 fields"),
    ("60 * * * *", "bad minute"),
    ("* 24 * * *", "bad hour"),
    ("* * 0 * *", "bad day-of-month"),
    ("* * 15W * *", "bad day-of-month"),
    ("* * * 13 *", "bad month"),
    ("* * * * 8", "bad day-of-week"),
    ("* * * * MON#6", "bad day-of-week"),
    ("? * * * *", "bad minute"),
    ("*/0 * * * *", "bad minute"),
    ("5-1 * * * *", "bad minute"),
    ("H * * * *", "bad minute"),
    ("0 0 30 2 *", "never fires"),
    ("0 0 31 4,6,9,11 *", "never fires"),
    ("0 0 29 2 MON#1", None),
    ("0 0 32 2 *", "bad day-of-month"),
    ("0 0 30 13 *", "bad month"),
]
CHARACTERS = "0123456789*/,-#?LWlw @MONFRIJAN"


@pytest.mark.parametrize(("expression", "after", "expected"), FIRES)
def test_an_expression_fires_when_debian_cron_would(expression, after, expected):
    assert fires(cron(expression), after, len(expected)) == expected


@pytest.mark.parametrize(("expression", "words"), REFUSED)
def test_what_is_no_cron_or_never_fires_is_refused_with_the_remedy(expression, words):
    if words is None:  # day of month OR day of week, as both are restricted: it does fire
        check_expression(expression)
        return
    with pytest.raises(ValueError, match=words):
        check_expression(expression)


@given(st.text(alphabet=CHARACTERS, max_size=30))
@settings(max_examples=500)
def test_any_text_is_either_explained_and_fires_or_is_a_value_error(text):
    try:
        check_expression(text)
    except ValueError:
        return
    assert explain(text)
    assert next(occurrences(text, load_zone("UTC"), moment("2026-01-01"), "next", "first"), None) is not None


field = st.one_of(
    st.just("*"),
    st.integers(1, 12).map(str),
    st.integers(2, 12).map("*/{}".format),
    st.tuples(st.integers(1, 6), st.integers(7, 12)).map(lambda pair: f"{pair[0]}-{pair[1]}"),
    st.lists(st.integers(1, 12), min_size=2, max_size=4, unique=True).map(lambda values: ",".join(map(str, values))),
)
weekday = st.sampled_from(["*", "MON", "1-5", "6,0", "5L", "2#3", "?"])
expressions = st.one_of(
    st.sampled_from(sorted(ALIASES)),
    st.tuples(field, field, st.one_of(field, st.sampled_from(["L", "LW"])), field, weekday).map(" ".join),
    st.tuples(field, field, field, field, field, weekday).map(" ".join),
)
offsets = st.integers(0, 366 * 86_400_000).map(lambda milliseconds: timedelta(milliseconds=milliseconds))


@given(expressions, offsets)
def test_in_utc_it_is_exactly_what_cronsim_says(expression, offset):
    after = moment("2027-06-01") + offset
    rule = ALIASES.get(expression, expression.replace("?", "*"))
    expected = list(islice(CronSim(rule, after), 20))
    found = list(islice(occurrences(expression, load_zone("UTC"), after, "next", "first"), 20))
    assert [each.at for each in found] == expected
    assert not any(each.adjusted for each in found)


def test_the_horizon_ends_quietly_at_the_end_of_the_calendar():
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        last = fires(CronSchedule(kind="cron", expression="@hourly", timezone=zone), "9999-12-31T12:00", 100)
        assert len(last) <= 12
    assert fires(cron("@daily", "Asia/Tokyo"), "9999-12-31T23:00", 1) == []
