"""How many runs ended in an hour, by the state in which they ended. `run_statistics`."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import Field

from shared.clock import rfc3339
from shared.models.base import Document, Moment

KEPT = timedelta(days=35)


class RunHour(Document):
    """One hour. Added to by daemons every few seconds; a daemon that is killed takes its last seconds with it."""

    id: str = Field(alias="_id")
    at: Moment
    """When the hour began, UTC."""
    counts: Mapping[str, int] = Field(default_factory=dict)
    expire_at: Moment


def hour_of(moment: datetime) -> datetime:
    """When its hour began."""
    return moment.replace(minute=0, second=0, microsecond=0)


def hour_id(hour: datetime) -> str:
    """The identity of its document."""
    return rfc3339(hour)
