"""The rule that says when: cron, interval or once. Jobs and scheduled notifications use the same."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, field_validator, model_validator

from shared.durations import Duration
from shared.models.base import DocumentId, Moment, Value
from shared.schedule.cron import check_expression
from shared.schedule.zones import load_zone

SHORTEST_INTERVAL = timedelta(seconds=1)
LONGEST_JITTER = timedelta(days=1)
MOST_CALENDARS = 20


def _known_zone(name: str) -> str:
    load_zone(name)
    return name


Zone = Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]
"""An IANA zone name, e.g. `Europe/Paris`."""


def _read_wall_clock(value: object) -> object:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise ValueError('write a date and time such as "2026-12-01T09:00:00"') from None
    return value


WallClock = Annotated[datetime, BeforeValidator(_read_wall_clock), PlainSerializer(datetime.isoformat, return_type=str)]
"""A date and time as written: without an offset it is wall clock in the schedule's zone. Stored as text."""


class DstPolicy(Value):
    """What a wall-clock rule means in the hour that is missing (gap) or repeated (overlap)."""

    gap: Literal["next", "skip"] = "next"
    overlap: Literal["first", "last", "both"] = "first"


class ScheduleBase(Value):
    """What every kind of schedule has."""

    timezone: Zone = "UTC"
    dst: DstPolicy = DstPolicy()
    start_at: Moment | None = None
    end_at: Moment | None = None
    max_runs: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    jitter: Duration = timedelta(0)
    exclude_calendars: list[DocumentId] = Field(default_factory=list, max_length=MOST_CALENDARS)

    @property
    def zone(self) -> ZoneInfo:
        return load_zone(self.timezone)

    @field_validator("jitter")
    @classmethod
    def _jitter_is_small(cls, value: timedelta) -> timedelta:
        if value > LONGEST_JITTER:
            raise ValueError("jitter is at most one day")
        return value

    @model_validator(mode="after")
    def _window_is_open(self) -> "ScheduleBase":
        if self.start_at and self.end_at and self.end_at <= self.start_at:
            raise ValueError("endAt must be later than startAt")
        return self


class CronSchedule(ScheduleBase):
    """Wall-clock rule in the schedule's zone: 5 fields, 6 with seconds first, or an alias such as @daily."""

    kind: Literal["cron"]
    expression: Annotated[str, Field(min_length=1, max_length=200)]

    @field_validator("expression")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        check_expression(value)
        return value


class IntervalSchedule(ScheduleBase):
    """anchor + k x every, in elapsed time. Without an anchor the definition's creation is the anchor."""

    kind: Literal["interval"]
    every: Duration
    anchor: Moment | None = None

    @field_validator("every")
    @classmethod
    def _not_too_short(cls, value: timedelta) -> timedelta:
        if value < SHORTEST_INTERVAL:
            raise ValueError("an interval is at least 1s")
        return value


class OnceSchedule(ScheduleBase):
    """One moment. `strict` refuses a wall-clock time that the zone skips or repeats."""

    kind: Literal["once"]
    at: WallClock
    strict: bool = False


Schedule = Annotated[CronSchedule | IntervalSchedule | OnceSchedule, Field(discriminator="kind")]
