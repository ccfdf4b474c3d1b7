"""How often something happened within a window of time: requests of a token, failed logins. `rate_counts`."""

from pydantic import Field

from shared.models.base import Document, Moment


class RateCount(Document):
    """Written by the library `limits` as it likes; described here for the index and for readers."""

    id: str = Field(alias="_id")
    count: int
    expire_at: Moment
