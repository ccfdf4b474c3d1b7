"""A schedule in plain English, for people who read neither cron nor ISO 8601."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shared.models.schedule import CronSchedule, DstPolicy, IntervalSchedule, OnceSchedule, Schedule
from shared.schedule.cron_words import MONTHS, explain, listed

_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
    ("millisecond", timedelta(milliseconds=1)),
)
_GAP = {"next": "", "skip": "left out where the clock is set forward over it"}
_OVERLAP = {
    "first": "",
    "last": "at the second of two where the clock is set back",
    "both": "at both of two where the clock is set back",
}


def describe(schedule: Schedule, calendars: Sequence[str] = ()) -> str:
    """One sentence, e.g. "At 09:00, on Monday to Friday (Europe/Paris time)". calendars: the names of its calendars."""
    match schedule:
        case CronSchedule():
            parts = [explain(schedule.expression), *_of_clock_changes(schedule)]
        case IntervalSchedule():
            parts = [_every(schedule.every)]
            if schedule.anchor is not None:
                parts.append(f"counted from {_moment(schedule.anchor, schedule)}")
        case OnceSchedule():
            parts = [f"Once, on {_wall_clock(schedule.at)}"]
    if schedule.start_at is not None:
        parts.append(f"from {_moment(schedule.start_at, schedule)} on")
    if schedule.end_at is not None:
        parts.append(f"until {_moment(schedule.end_at, schedule)}")
    if schedule.max_runs is not None:
        parts.append("at most once" if schedule.max_runs == 1 else f"at most {schedule.max_runs} times")
    if schedule.jitter:
        parts.append(f"each delayed by up to {_length(schedule.jitter)}")
    if calendars:
        parts.append(f"but not on the days of {'the calendar' if len(calendars) == 1 else 'the calendars'} "
                     + listed([f'"{name}"' for name in calendars]))  # fmt: skip
    return ", ".join(parts) + _zone(schedule)


def _zone(schedule: Schedule) -> str:
    """Which clock the times in the sentence are read on; empty if there are none."""
    own_offset = schedule.kind == "once" and schedule.at.tzinfo is not None
    anchored = schedule.kind == "interval" and schedule.anchor is not None
    windowed = schedule.start_at is not None or schedule.end_at is not None
    if not (windowed or anchored or schedule.kind == "cron" or (schedule.kind == "once" and not own_offset)):
        return ""
    return " (UTC)" if schedule.timezone == "UTC" else f" ({schedule.timezone} time)"


def _of_clock_changes(schedule: CronSchedule) -> list[str]:
    """What differs from the default policy; in UTC no clock is changed."""
    if schedule.timezone == "UTC" or schedule.dst == DstPolicy():
        return []
    return [words for words in (_GAP[schedule.dst.gap], _OVERLAP[schedule.dst.overlap]) if words]


def _every(length: timedelta) -> str:
    for unit, one in _UNITS:
        if length == one:
            return f"Every {unit}"
    return f"Every {_length(length)}"


def _length(length: timedelta) -> str:
    """`1 hour 30 minutes`."""
    parts = []
    for unit, one in _UNITS:
        count, length = divmod(length, one)
        if count:
            parts.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return " ".join(parts)


def _moment(moment: datetime, schedule: Schedule) -> str:
    try:
        return _wall_clock(moment.astimezone(schedule.zone).replace(tzinfo=None))
    except OverflowError:  # at an end of the calendar
        return _wall_clock(moment.astimezone(UTC))


def _wall_clock(wall: datetime) -> str:
    """`1 December 2026 at 09:00`, with the offset if it has one."""
    precision = "milliseconds" if wall.microsecond else "seconds" if wall.second else "minutes"
    time = wall.time().isoformat(timespec=precision)
    offset = "" if wall.tzinfo is None else wall.isoformat()[len(wall.replace(tzinfo=None).isoformat()) :]
    return f"{wall.day} {MONTHS[wall.month - 1]} {wall.year} at {time}{f' UTC{offset}' if offset else ''}"
