"""What a template logged while it ran, in pages. `job_run_logs`."""

from typing import Any

from pydantic import Field

from shared.models.base import Document, Moment, Part


class LogLine(Part):
    """One event."""

    at: Moment
    level: str
    event: str
    fields: dict[str, Any] = {}


class RunLogPage(Document):
    """A page of one attempt's log. `_id` is `<runId>:<attempt>:<page>`."""

    id: str = Field(alias="_id")
    run_id: str
    attempt: int
    page: int
    lines: list[LogLine]
    expire_at: Moment | None = None
