"""How a job's runs behave: overlap, misfire, time-out, retry. Defaults are what most jobs want."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from shared.durations import Duration
from shared.models.base import Text, Value
from shared.models.notification_models import Channel, Channels, Recipients

LONGEST_TIMEOUT = timedelta(days=7)
LEAST_PRIORITY, GREATEST_PRIORITY = -100, 100
BACKFILL_PRIORITY = LEAST_PRIORITY - 1
"""A backfill yields to every other run."""
OVERLAP_PATTERN = r"^(skip|queue_one|queue_all|cancel_running|allow:[1-9][0-9]{0,3})$"

Overlap = Annotated[str, StringConstraints(pattern=OVERLAP_PATTERN)]
RetryOn = Literal["failed", "timed_out"]
ErrorType = Annotated[Text, Field(min_length=1, max_length=100)]
AlertEvent = Literal["failed", "every_failure", "recovered", "auto_paused", "skipped"]


class Misfire(Value):
    """What becomes of occurrences that are more than 60 s late."""

    policy: Literal["latest", "all", "skip"] = "latest"
    window: Duration = timedelta(hours=24)
    max: int = Field(100, ge=1, le=1000)


def _every_failure() -> list[RetryOn]:
    return ["failed", "timed_out"]


class Retry(Value):
    """How a failed attempt is repeated. maxAttempts counts the first one."""

    max_attempts: int = Field(3, ge=1, le=100)
    backoff: Duration = timedelta(seconds=10)
    max_backoff: Duration = timedelta(minutes=10)
    on: list[RetryOn] = Field(default_factory=_every_failure, max_length=2)
    """Endings that are repeated. An empty list: none."""
    except_errors: list[ErrorType] = Field(default_factory=list, max_length=20)
    """Types of errors, as a run shows them (`error.type`), that are never repeated."""


class Alerts(Value):
    """Who is told what. A notice is queued in the same commit as what it tells of.

    failed: the first failed run after a good one.  every_failure: each.  recovered: the first good one after a failure.
    auto_paused: pauseAfterFailures stepped in.  skipped: an occurrence did not run, for whatever reason.
    """

    on: Annotated[list[AlertEvent], Field(min_length=1, max_length=5)] = ["failed", "recovered", "auto_paused"]
    recipients: Recipients
    channels: Channels = [Channel.EMAIL]


class Policies(Value):
    """A job's policies."""

    overlap: Overlap = "skip"
    misfire: Misfire = Misfire()
    timeout: Duration = timedelta(minutes=10)
    soft_timeout: Duration | None = None
    """After this long a running attempt is reported as slow; it goes on."""
    start_deadline: Duration | None = None
    """A run that could not start within this time after its moment is skipped, with a record."""
    max_concurrent: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Most runs of this job at once, however they were asked for; more wait."""
    retry: Retry = Field(default_factory=Retry)  # it holds lists: a default value would be copied deeply
    pause_after_failures: Annotated[int, Field(ge=1, le=1000)] | None = None
    priority: int = Field(0, ge=LEAST_PRIORITY, le=GREATEST_PRIORITY)
    keep_last: int = Field(10, ge=0, le=1000)
    """The newest runs that are kept, however old they are, as long as the job has runs to come."""
    alerts: Alerts | None = None

    @field_validator("soft_timeout", "start_deadline")
    @classmethod
    def _longer_than_nothing(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and not timedelta(milliseconds=100) <= value <= LONGEST_TIMEOUT:
            raise ValueError("between 100ms and 7 days")
        return value

    @field_validator("timeout")
    @classmethod
    def _timeout_is_sane(cls, value: timedelta) -> timedelta:
        if not timedelta(milliseconds=100) <= value <= LONGEST_TIMEOUT:
            raise ValueError("a time-out is between 100ms and 7 days")
        return value
