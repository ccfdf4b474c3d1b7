"""What the status of an answer says: whether it is good, and if not, whether the same call may succeed later."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated

from pydantic import Field

_PASSING = (408, 425, 429)
"""Time-out, too early, too many: the client is not at fault, or only in its haste."""
_MOST_DIGITS = 9

StatusRange = Annotated[str, Field(pattern=r"^[1-5][0-9]{2}(-[1-5][0-9]{2})?$")]
"""`204` or `200-299`."""


def is_good(status: int, ranges: Iterable[StatusRange]) -> bool:
    """Whether one of the ranges has it."""
    for each in ranges:
        first, _, last = each.partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False


def is_passing(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status in _PASSING or 500 <= status <= 599


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """How long a server asks to wait, by its Retry-After: seconds or a date (RFC 9110). None: it does not say."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:_MOST_DIGITS]))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(timedelta(0), moment - now)
