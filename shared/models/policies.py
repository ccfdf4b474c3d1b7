"""How a job's runs behave: overlap, misfire, time-out, retry. Defaults are what most jobs want."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from shared.durations import Duration
from shared.models.base import Value

LONGEST_TIMEOUT = timedelta(days=7)
OVERLAP_PATTERN = r"^(skip|queue_one|queue_all|cancel_running|allow:[1-9][0-9]{0,3})$"

Overlap = Annotated[str, StringConstraints(pattern=OVERLAP_PATTERN)]


class Misfire(Value):
    """What becomes of occurrences that are more than 60 s late."""

    policy: Literal["latest", "all", "skip"] = "latest"
    window: Duration = timedelta(hours=24)
    max: int = Field(100, ge=1, le=1000)


class Retry(Value):
    """How a failed attempt is repeated. maxAttempts counts the first one."""

    max_attempts: int = Field(3, ge=1, le=100)
    backoff: Duration = timedelta(seconds=10)
    max_backoff: Duration = timedelta(minutes=10)


class Policies(Value):
    """A job's policies."""

    overlap: Overlap = "skip"
    misfire: Misfire = Misfire()
    timeout: Duration = timedelta(minutes=10)
    retry: Retry = Retry()
    pause_after_failures: Annotated[int, Field(ge=1, le=1000)] | None = None
    priority: int = Field(0, ge=-100, le=100)

    @field_validator("timeout")
    @classmethod
    def _timeout_is_sane(cls, value: timedelta) -> timedelta:
        if not timedelta(milliseconds=100) <= value <= LONGEST_TIMEOUT:
            raise ValueError("a time-out is between 100ms and 7 days")
        return value
