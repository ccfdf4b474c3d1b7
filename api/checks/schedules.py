"""Whether a schedule ever fires from now on, and from which instant its rule counts."""

from datetime import datetime, timedelta

from shared.clock import MILLISECOND, rfc3339
from shared.errors import ScheduleError
from shared.models.schedule import OnceSchedule, Schedule
from shared.schedule.occurrences import next_occurrence, resolve_once

PAST_ALLOWED = timedelta(seconds=60)


def schedule_since(schedule: Schedule, now: datetime) -> datetime:
    """From when the rule is in force: now, or just before a `once` that is at most 60 s ago, so that it still runs.

    ScheduleError names the field if the schedule can never fire.
    """
    try:
        since = _since_of_once(schedule, now) if isinstance(schedule, OnceSchedule) else now
        found = next_occurrence(schedule, since, now)
    except OverflowError:
        raise ScheduleError(_field(schedule), "is out of the range of dates", "out_of_range") from None
    if found is None:
        raise _never(schedule, now)
    return since


def _since_of_once(schedule: OnceSchedule, now: datetime) -> datetime:
    at = resolve_once(schedule).at
    if at < now - PAST_ALLOWED:
        raise ScheduleError("schedule.at", f"is in the past: it was at {rfc3339(at)}", "in_the_past")
    return min(now, at - MILLISECOND)


def _never(schedule: Schedule, now: datetime) -> ScheduleError:
    if schedule.end_at is not None:
        if schedule.end_at <= now:
            return ScheduleError("schedule.endAt", "is in the past, so the schedule never fires", "never_fires")
        return ScheduleError("schedule.endAt", "lies before the first occurrence; it never fires", "never_fires")
    if schedule.kind == "once" and schedule.start_at is not None:
        return ScheduleError("schedule.startAt", "lies after the only occurrence; it never fires", "never_fires")
    return ScheduleError(_field(schedule), "never fires: no date matches it", "never_fires")


def _field(schedule: Schedule) -> str:
    return {"cron": "schedule.expression", "interval": "schedule.every", "once": "schedule.at"}[schedule.kind]
