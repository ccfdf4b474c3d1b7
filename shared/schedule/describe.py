"""A schedule in plain English."""

from shared.clock import rfc3339
from shared.durations import format_duration
from shared.models.schedule import CronSchedule, IntervalSchedule, OnceSchedule, Schedule
from shared.schedule import cron


def describe(schedule: Schedule) -> str:
    """One sentence for people, e.g. "Every 5m" or "At 09:00 every day, Europe/Paris time"."""
    match schedule:
        case CronSchedule():
            sentence = f"{cron.explain(schedule.expression)}, {schedule.timezone} time"
        case IntervalSchedule():
            sentence = f"Every {format_duration(schedule.every)}"
        case OnceSchedule():
            zone = "" if schedule.at.tzinfo else f", {schedule.timezone} time"
            sentence = f"Once, at {schedule.at.isoformat(sep=' ')}{zone}"
    if schedule.start_at:
        sentence += f", from {rfc3339(schedule.start_at)}"
    if schedule.end_at:
        sentence += f", until {rfc3339(schedule.end_at)}"
    if schedule.max_runs:
        sentence += f", at most {schedule.max_runs} runs"
    if schedule.jitter:
        sentence += f", spread over {format_duration(schedule.jitter)}"
    return sentence
