"""A cron expression in plain English, from the very values that it fires at: what is said is what happens."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import product

from cronsim import CronSim

from shared.schedule.cron import normalize

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_TIMES = 6
MOST_DATES = 4
_MINUTES = _SECONDS = 60
_HOURS = 24
_LONGEST_MONTH = 31
_LAST_DAYS = {CronSim.LAST: "the last day", CronSim.LAST_WEEKDAY: "the last weekday (Monday to Friday)"}


@lru_cache(maxsize=1024)
def explain(expression: str) -> str:
    """One phrase such as "At 09:00, Monday to Friday". ValueError if it cannot be cron."""
    rule = CronSim(normalize(expression), datetime(2024, 1, 1))  # noqa: DTZ001 - only its fields are read
    time, names_a_time = _time(sorted(rule.seconds), sorted(rule.minutes), sorted(rule.hours))
    date = _date(rule)
    if not date and names_a_time:
        date = "every day"
    return f"{time}, {date}" if date else time


def listed(parts: Sequence[str], word: str = "and") -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def _time(seconds: list[int], minutes: list[int], hours: list[int]) -> tuple[str, bool]:
    """When on a day, and whether it says times of day, as opposed to how often."""
    if len(seconds) * len(minutes) * len(hours) <= MOST_TIMES and len(hours) < _HOURS:
        with_seconds = seconds != [0]
        times = [
            f"{hour:02}:{minute:02}" + (f":{second:02}" if with_seconds else "")
            for hour, minute, second in product(hours, minutes, seconds)
        ]
        return f"At {listed(times)}", True
    if seconds == [0]:
        return _whole_minutes(minutes, hours)
    step = _step(seconds, _SECONDS)
    often = _every(step, "second") if step else f"At {_numbered('second', seconds)}"
    if len(minutes) == _MINUTES and len(hours) == _HOURS:
        return often if step else f"{often} of every minute", False
    return f"{often} of {_during(minutes)}{_hours(hours)}", False


def _whole_minutes(minutes: list[int], hours: list[int]) -> tuple[str, bool]:
    step, hour_step = _step(minutes, _MINUTES), _step(hours, _HOURS)
    if len(hours) == _HOURS:
        if step:
            return _every(step, "minute"), False
        if len(minutes) == 1:
            return ("Every hour, on the hour" if minutes == [0] else f"Every hour, at minute {minutes[0]}"), False
        return f"At {_numbered('minute', minutes)} of every hour", False
    if len(minutes) == 1:
        at = f"{minutes[0]:02}"
        if hour_step:
            return f"{_every(hour_step, 'hour')}, from 00:{at} on", False
        if _is_run(hours):
            return f"Every hour from {hours[0]:02}:{at} to {hours[-1]:02}:{at}", False
    elif step and _is_run(hours):
        return f"{_every(step, 'minute')} from {hours[0]:02}:00 to {hours[-1]:02}:{minutes[-1]:02}", False
    elif len(hours) == 1 and _is_run(minutes):
        return f"Every minute from {hours[0]:02}:{minutes[0]:02} to {hours[0]:02}:{minutes[-1]:02}", False
    often = _every(step, "minute") if step else f"At {_numbered('minute', minutes)}"
    return f"{often}{_hours(hours)}", False


def _during(minutes: list[int]) -> str:
    step = _step(minutes, _MINUTES)
    if step is None:
        return _numbered("minute", minutes)
    return "every minute" if step == 1 else f"every {_ordinal(step)} minute"


def _hours(hours: list[int]) -> str:
    step = _step(hours, _HOURS)
    if step:
        return " of every hour" if step == 1 else f" of every {_ordinal(step)} hour from 00:00 on"
    return ", in the hours from " + listed([f"{low:02}:00 to {high:02}:59" for low, high in _runs(hours)])


def _date(rule: CronSim) -> str:
    """On which days; empty if on every one."""
    months = sorted(rule.months)
    every_month = len(months) == len(MONTHS)
    of_month = not rule.days >= set(range(1, _LONGEST_MONTH + 1))
    plain = {(each - 1) % 7 for each in rule.weekdays if isinstance(each, int)}
    of_week = len(plain) < len(WEEKDAYS)
    either = not rule.day_and
    if (either and not (of_month and of_week)) or not (of_month or of_week):
        return "" if every_month else f"every day in {_months(months)}"
    few = min(rule.days) > 0 and len(rule.days) * len(months) <= MOST_DATES
    if few and of_month and not of_week and not every_month:
        return "on " + listed([f"{day} {MONTHS[month - 1]}" for month, day in product(months, sorted(rule.days))])
    weekdays = _weekdays(plain, rule.weekdays)
    if not of_month:
        return weekdays if every_month else f"{weekdays}, in {_months(months)}"
    days = f"{_days(rule.days)} of {'every month' if every_month else _months(months)}"
    if not of_week:
        return days
    if either:
        return f"{days}, and also {weekdays}" + ("" if every_month else f" in {_months(months)}")
    return f"{days}, but only {weekdays}"


def _days(values: set[int]) -> str:
    days = sorted(each for each in values if each > 0)
    last = [words for value, words in _LAST_DAYS.items() if value in values]
    step = _step([day - 1 for day in days], _LONGEST_MONTH) if days else None
    if step and not last:
        return f"on every {_ordinal(step)} day (from the 1st on)"
    ranges = [f"the {_ordinal(a)}" if a == b else f"the {_ordinal(a)} to the {_ordinal(b)}" for a, b in _runs(days)]
    return "on " + listed([*ranges, *last])


def _weekdays(plain: set[int], values: Iterable[object]) -> str:
    parts = [
        WEEKDAYS[low] if low == high else f"{WEEKDAYS[low]} to {WEEKDAYS[high]}" for low, high in _runs(sorted(plain))
    ]
    nth = sorted((each[1] < 0, each[1], (each[0] - 1) % 7) for each in values if isinstance(each, tuple))
    special = [f"the {'last' if last else _ordinal(n)} {WEEKDAYS[day]} of the month" for last, n, day in nth]
    return "on " + listed([*parts, *special])


def _months(months: list[int]) -> str:
    return listed(
        [MONTHS[low - 1] if low == high else f"{MONTHS[low - 1]} to {MONTHS[high - 1]}" for low, high in _runs(months)]
    )


def _every(step: int, unit: str) -> str:
    return f"Every {unit}" if step == 1 else f"Every {step} {unit}s"


def _numbered(unit: str, values: list[int]) -> str:
    """`minutes 5, 25 and 45`."""
    ranges = [str(low) if low == high else f"{low} to {high}" for low, high in _runs(values)]
    return f"{unit}{'s' if len(values) > 1 else ''} {listed(ranges)}"


def _step(values: list[int], size: int) -> int | None:
    """The distance between values that go evenly through 0 .. size-1; None if they do not. A month may end early."""
    if len(values) < 2:
        return None
    step = values[1] - values[0]
    even = size % step == 0 or size == _LONGEST_MONTH
    return step if even and values == list(range(0, size, step)) else None


def _is_run(values: list[int]) -> bool:
    return len(_runs(values)) == 1


def _runs(values: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of consecutive values; two neighbours stay apart."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return [part for low, high in runs for part in ([(low, high)] if high - low != 1 else [(low, low), (high, high)])]


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
