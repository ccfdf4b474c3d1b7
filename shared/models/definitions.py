"""What all definitions that people write have in common: who made them, which revision, when they rest."""

from typing import Annotated

from pydantic import Field

from shared.models.base import Document, DocumentId, Moment, Part, Text
from shared.models.schedule import Schedule


class Pause(Part):
    """Why, by whom and until when something rests. Without `until` it rests until someone resumes it."""

    reason: Annotated[Text, Field(max_length=500)] = ""
    by: str = ""
    at: Moment
    until: Moment | None = None


class Quarantine(Part):
    """Why a document is left alone until someone mends it."""

    reason: str
    field: str = ""
    at: Moment


class Definition(Document):
    """A document that people write: every change is a new revision."""

    id: DocumentId = Field(alias="_id")
    revision: Annotated[int, Field(ge=1)]
    created_at: Moment
    created_by: str
    updated_at: Moment
    updated_by: str


class ScheduledDefinition(Definition):
    """One that has a schedule. The API writes it; the daemon writes its sub-document `daemon` and nothing else.

    schedule_since: since when the present rule is in force; nothing earlier is caught up.
    planned_revision: the hand-over. The API unsets it with every change, the daemon sets it to the revision that it
    has planned, by compare-and-set.
    deleted_at: a tombstone, which expires at expire_at.
    """

    schedule: Schedule
    schedule_since: Moment
    pause: Pause | None = None
    deleted_at: Moment | None = None
    expire_at: Moment | None = None
    planned_revision: int | None = None
