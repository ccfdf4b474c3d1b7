"""When the messages of a scheduled notification may leave, and who must agree before they do."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, StringConstraints, WithJsonSchema, field_validator, model_validator

from shared.durations import Duration
from shared.models.base import Model, Moment, Part, Value
from shared.models.schedule import Zone

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
NEWEST = "newest"

TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Wall clock, `08:30`."""
Weekday = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]


def _read_version(value: Any) -> int | str:
    if value == NEWEST or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value  # type: ignore[no-any-return]
    raise ValueError('write the number of a version (1, 2 ...), or "newest"')


TemplateVersion = Annotated[
    int | str,
    PlainValidator(_read_version),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": NEWEST}]}),
]
"""A version that never changes, or "newest": whichever is the newest when an occurrence is queued."""


class QuietHours(Value):
    """No message leaves from `from` to before `to`; over midnight if `to` is the earlier of the two.

    timezone: whose wall clock; None: each recipient's own.
    """

    begin: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    timezone: Zone | None = None

    @model_validator(mode="after")
    def _leaves_some_time(self) -> "QuietHours":
        if self.begin == self.end:
            raise ValueError("from and to must differ; to rest for whole days leave them out of allowedDays")
        return self


class Throttle(Value):
    """How many messages of one occurrence may leave in one minute."""

    per_minute: Annotated[int, Field(ge=1, le=1_000_000)]


class SendingRules(Model):
    """What turns the moment of an occurrence into the moment of a message, for each recipient.

    recipient_timezone: the schedule's wall clock is meant in each recipient's own zone; in timezone_fallback (None: the
    schedule's zone) for those whose zone is not known. already_passed: what becomes of recipients for whom that moment
    had passed before the rule was made.
    critical: neither quiet hours nor allowed days hold a message up.
    """

    recipient_timezone: bool = False
    timezone_fallback: Zone | None = None
    already_passed: Literal["now", "next_day", "skip"] = "next_day"
    quiet_hours: QuietHours | None = None
    allowed_days: Annotated[list[Weekday], Field(min_length=1, max_length=7)] | None = None
    expires_after: Duration | None = None
    """How late a message may still be sent; None: it never expires."""
    throttle: Throttle | None = None
    critical: bool = False

    @field_validator("expires_after")
    @classmethod
    def _not_at_once(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and value < timedelta(seconds=1):
            raise ValueError("expiresAfter is at least 1s")
        return value


class Approval(Part):
    """A definition with many recipients rests until somebody else than its author approves it.

    recipients: how many there were, people who are named twice counted twice. at None: not approved yet.
    """

    requested_by: str
    recipients: int
    by: str | None = None
    at: Moment | None = None

    @property
    def covers(self) -> int:
        """Up to how many recipients it holds: a tenth more than were approved of, since groups grow a little."""
        return self.recipients + self.recipients // 10 if self.at is not None else 0
