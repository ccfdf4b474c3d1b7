"""Maintenance mode: nothing starts anywhere, and every job keeps its own state. `controls`, one document."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from shared.models.base import Document, Moment, Text

MAINTENANCE_ID = "maintenance"


class Maintenance(Document):
    """Written by the API. While `active` (and before `until`) no run starts.

    What fell due meanwhile is late when it ends: the misfire policy of each job decides.
    """

    id: str = Field(MAINTENANCE_ID, alias="_id")
    revision: int = 1
    active: bool
    reason: Annotated[Text, Field(max_length=500)] = ""
    since: Moment
    until: Moment | None = None
    updated_at: Moment
    updated_by: str

    def in_force(self, now: datetime) -> bool:
        """Whether nothing starts at `now`: it ends by itself when `until` has come."""
        return self.active and (self.until is None or self.until > now)
