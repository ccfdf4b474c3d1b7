"""Every kind of rule in words that need no knowledge of cron."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from shared.models.schedule import DstPolicy
from shared.schedule.cron import check_expression
from shared.schedule.cron_words import MONTHS, WEEKDAYS, explain
from shared.schedule.describe import describe
from tests.support.environment import ROOT
from tests.unit.shared.schedule_builders import cron, interval, moment, once

EXPRESSIONS = [
    ("* * * * *", "Every minute"),
    ("*/5 * * * *", "Every 5 minutes"),
    ("5/20 * * * *", "At minutes 5, 25 and 45 of every hour"),
    ("*/7 * * * *", "At minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour"),
    ("0 * * * *", "Every hour, on the hour"),
    ("@hourly", "Every hour, on the hour"),
    ("30 * * * *", "Every hour, at minute 30"),
    ("10-20,40 * * * *", "At minutes 10 to 20 and 40 of every hour"),
    ("0 */2 * * *", "Every 2 hours, from 00:00 on"),
    ("15 */8 * * *", "At 00:15, 08:15 and 16:15, every day"),
    ("0 */5 * * *", "At 00:00, 05:00, 10:00, 15:00 and 20:00, every day"),
    ("*/10 9-17 * * 1-5", "Every 10 minutes from 09:00 to 17:50, on Monday to Friday"),
    ("* 9-17 * * *", "Every minute from 09:00 to 17:59"),
    ("0-10 11 * * *", "Every minute from 11:00 to 11:10"),
    ("0 9-17 * * *", "Every hour from 09:00 to 17:00"),
    ("*/20 */2 * * *", "Every 20 minutes of every 2nd hour from 00:00 on"),
    ("1,2,4 6-9,20 * * *", "At minutes 1, 2 and 4, in the hours from 06:00 to 09:59 and 20:00 to 20:59"),
    ("0 9 * * *", "At 09:00, every day"),
    ("@daily", "At 00:00, every day"),
    ("30 9,17 * * *", "At 09:30 and 17:30, every day"),
    ("0 9 * * MON-FRI", "At 09:00, on Monday to Friday"),
    ("0 9 ? * mon,wed", "At 09:00, on Monday and Wednesday"),
    ("0 12 * * 6,0", "At 12:00, on Saturday and Sunday"),
    ("0 12 * * 5-7", "At 12:00, on Friday to Sunday"),
    ("0 12 * * 7", "At 12:00, on Sunday"),
    ("@weekly", "At 00:00, on Sunday"),
    ("0 12 * * 0-6", "At 12:00, every day"),
    ("0 9 1 * *", "At 09:00, on the 1st of every month"),
    ("@monthly", "At 00:00, on the 1st of every month"),
    ("0 9 1,15,22 * *", "At 09:00, on the 1st, the 15th and the 22nd of every month"),
    ("0 9 11-13 * *", "At 09:00, on the 11th to the 13th of every month"),
    ("0 0 */3 * *", "At 00:00, on every 3rd day (from the 1st on) of every month"),
    ("0 0 L * *", "At 00:00, on the last day of every month"),
    ("0 0 LW * *", "At 00:00, on the last weekday (Monday to Friday) of every month"),
    ("0 0 L,15 6 *", "At 00:00, on the 15th and the last day of June"),
    ("0 0 * * 1#2", "At 00:00, on the 2nd Monday of the month"),
    ("0 0 * * 5L,SUN#1", "At 00:00, on the 1st Sunday of the month and the last Friday of the month"),
    ("@yearly", "At 00:00, on 1 January"),
    ("0 9 24,25 12 *", "At 09:00, on 24 December and 25 December"),
    ("0 9 1-5 1,2 *", "At 09:00, on the 1st to the 5th of January and February"),
    ("0 0 * */3 *", "At 00:00, every day in January, April, July and October"),
    ("*/5 * * jun-aug *", "Every 5 minutes, every day in June to August"),
    ("0 9 * jan-mar mon", "At 09:00, on Monday, in January to March"),
    ("0 0 13 * 5", "At 00:00, on the 13th of every month, and also on Friday"),
    ("0 0 13 1 5", "At 00:00, on the 13th of January, and also on Friday in January"),
    ("0 0 13 * 0-6", "At 00:00, every day"),
    ("0 0 */2 * MON", "At 00:00, on every 2nd day (from the 1st on) of every month, but only on Monday"),
    ("* * * * * *", "Every second"),
    ("*/20 * * * * *", "Every 20 seconds"),
    ("10,40 * * * * *", "At seconds 10 and 40 of every minute"),
    ("30 0 9 * * *", "At 09:00:30, every day"),
    ("0 0 9 * * *", "At 09:00, every day"),
    ("5 */30 * * * *", "At second 5 of every 30th minute of every hour"),
    ("*/15 */5 9 * * *", "Every 15 seconds of every 5th minute, in the hours from 09:00 to 09:59"),
]


@pytest.mark.parametrize(("expression", "words"), EXPRESSIONS)
def test_a_cron_expression_is_explained(expression, words):
    assert explain(expression) == words


def test_the_examples_of_the_documentation_are_explained_as_it_says():
    table = (
        (Path(ROOT) / "docs/schedules.md").read_text().partition("| rule | in plain words |")[2].partition("\n\n")[0]
    )
    examples = re.findall(r"^\| `(.+)` \| (.+) \|$", table, re.MULTILINE)
    assert len(examples) >= 5
    for expression, words in examples:
        assert explain(expression).lower() == words.lower()


SCHEDULES = [
    (cron("0 9 * * MON-FRI", "Europe/Paris"), "At 09:00, on Monday to Friday (Europe/Paris time)"),
    (cron("@daily"), "At 00:00, every day (UTC)"),
    (
        cron("30 2 * * *", "Europe/Paris", dst=DstPolicy(gap="skip", overlap="both")),
        "At 02:30, every day, left out where the clock is set forward over it, "
        "at both of two where the clock is set back (Europe/Paris time)",
    ),
    (
        cron("30 2 * * *", "Europe/Paris", dst=DstPolicy(overlap="last")),
        "At 02:30, every day, at the second of two where the clock is set back (Europe/Paris time)",
    ),
    (cron("30 2 * * *", dst=DstPolicy(gap="skip")), "At 02:30, every day (UTC)"),
    (interval("90s"), "Every 1 minute 30 seconds"),
    (interval("PT1H"), "Every hour"),
    (interval("2d"), "Every 2 days"),
    (interval("1500ms"), "Every 1 second 500 milliseconds"),
    (
        interval("1h", anchor="2026-01-01T00:05:00Z"),
        "Every hour, counted from 1 January 2026 at 00:05 (UTC)",
    ),
    (once("2026-12-01T09:00:00", "Europe/Paris"), "Once, on 1 December 2026 at 09:00 (Europe/Paris time)"),
    (once("2026-12-01T09:00:30+01:00", "Europe/Paris"), "Once, on 1 December 2026 at 09:00:30 UTC+01:00"),
    (once("2026-12-01T09:00:00Z", "Europe/Paris"), "Once, on 1 December 2026 at 09:00 UTC+00:00"),
    (
        interval("5m", timezone="Europe/Paris", start_at=moment("2026-06-01"), end_at=moment("2026-07-01T01:00"),
                 maxRuns=3, jitter="30s"),
        "Every 5 minutes, from 1 June 2026 at 02:00 on, until 1 July 2026 at 03:00, at most 3 times, "
        "each delayed by up to 30 seconds (Europe/Paris time)",
    ),
    (interval("5m", maxRuns=1), "Every 5 minutes, at most once"),
    (interval("5m", timezone="Asia/Tokyo", end_at=moment("9999-12-31T23:00")),
     "Every 5 minutes, until 31 December 9999 at 23:00 UTC+00:00 (Asia/Tokyo time)"),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "sentence"), SCHEDULES)
def test_a_schedule_is_described_with_its_zone_its_window_and_its_limits(schedule, sentence):
    assert describe(schedule) == sentence


def test_the_calendars_that_a_schedule_leaves_out_are_named():
    schedule = interval("5m")
    assert describe(schedule, ["Holidays"]) == 'Every 5 minutes, but not on the days of the calendar "Holidays"'
    assert describe(schedule, ["Holidays", "Freeze"]).endswith('of the calendars "Holidays" and "Freeze"')


numbers = st.lists(st.integers(0, 59), min_size=1, max_size=20, unique=True)


@given(
    numbers,
    st.lists(st.integers(0, 23), min_size=1, max_size=24, unique=True),
    st.lists(st.sampled_from([*range(1, 32), "L", "LW"]), max_size=32, unique=True),
    st.lists(st.integers(1, 12), max_size=12, unique=True),
    st.lists(st.sampled_from([*range(7), "5L", "1#2", "0#5"]), max_size=10, unique=True),
)
def test_any_combination_of_fields_names_every_restricted_day_and_month(minutes, hours, days, months, weekdays):
    fields = [",".join(map(str, each)) or "*" for each in (minutes, hours, days, months, weekdays)]
    try:
        check_expression(" ".join(fields))
    except ValueError:
        return
    words = explain(" ".join(fields))
    assert "  " not in words
    rule = CronSim(" ".join(fields), moment("2026-01-01"))
    every_day = set(range(1, 32)) <= rule.days or set(range(7)) <= {
        each % 7 for each in rule.weekdays if isinstance(each, int)
    }
    if months and len(months) < 12:
        assert MONTHS[min(months) - 1] in words
    if weekdays and not every_day:
        assert any(day in words for day in WEEKDAYS)


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=400)).map(lambda each: each - each % timedelta(seconds=1)))
def test_the_length_of_an_interval_can_be_read_back_from_its_words(length):
    words = describe(interval("1s").model_copy(update={"every": length})).removeprefix("Every ").split()
    if len(words) == 1:
        words.insert(0, "1")
    units = {"day": 86_400, "hour": 3600, "minute": 60, "second": 1}
    total = sum(int(count) * units[unit.removesuffix("s")] for count, unit in zip(words[::2], words[1::2], strict=True))
    assert timedelta(seconds=total) == length
