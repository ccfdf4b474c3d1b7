"""What providers tell later of messages they have taken: `provider_events`. The API inserts, the daemon handles."""

from enum import StrEnum

from pydantic import Field

from shared.models.base import Document, Moment


class Report(StrEnum):
    """What became of a message, in our words."""

    DELIVERED = "delivered"  # it arrived
    BOUNCED = "bounced"  # it did not


class ProviderEvent(Document):
    """One report. `_id` names provider, reference and report: a repeated one is the same.

    look_at: when the daemon looks at it (again): a report may come before the answer to the request is stored.
    handled_at, outcome: the daemon's; what came of it.
    """

    id: str = Field(alias="_id")
    provider: str
    item_id: str
    reference: str
    report: Report
    error_code: int | None = None
    received_at: Moment
    look_at: Moment
    handled_at: Moment | None = None
    outcome: str | None = None
    expire_at: Moment
