"""What the daemon publishes of its job templates at start. `job_templates`."""

from typing import Any

from pydantic import Field

from shared.models.base import Document, Moment


class PublishedTemplate(Document):
    """One job template: what the API and the UI know of it. `_id` is its type."""

    type: str = Field(alias="_id")
    name: str
    category: str
    description: str
    version: int
    parameters_schema: dict[str, Any]
    available: bool = True
    """False: no running daemon has this template any more."""
    published_at: Moment
