"""What entries of the audit log are about, as it stands now: names, and whether it can still be read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from api.store.connection import Connection
from api.store.errors import translated
from api.store.ids import candidates, text_of
from shared.collections import (
    API_TOKENS,
    CALENDARS,
    COMMANDS,
    DYNAMIC_JOBS,
    NOTIFICATION_TEMPLATES,
    RECIPIENT_GROUPS,
    RECIPIENTS,
    SCHEDULED_NOTIFICATIONS,
)

_NAMED = (DYNAMIC_JOBS, SCHEDULED_NOTIFICATIONS, CALENDARS, RECIPIENTS, RECIPIENT_GROUPS, API_TOKENS)
_FIELDS = {"name": 1, "deletedAt": 1, "templateId": 1}


class Subject(NamedTuple):
    """A document: its collection, and the id by which the API shows it."""

    collection: str
    id: str


class Standing(NamedTuple):
    """How a subject stands now. name: None if it is not known."""

    name: str | None
    exists: bool


def subject_of(entry: Mapping[str, Any]) -> Subject | None:
    """What an entry is about; None if that has no name. Of a command that is its job, of a version its template."""
    collection, document_id, after = entry.get("collection"), entry.get("documentId"), entry.get("after")
    if collection == COMMANDS:
        job_id = after.get("jobId") if isinstance(after, Mapping) else None
        return Subject(DYNAMIC_JOBS, job_id) if isinstance(job_id, str) else None
    if not isinstance(document_id, str):
        return None
    if collection == NOTIFICATION_TEMPLATES:
        return Subject(collection, document_id.rsplit(":", 1)[0])
    return Subject(collection, document_id) if collection in _NAMED else None


class AuditSubjects:
    """Read-only: one short read for each collection that a page of entries is about."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def standing(self, subjects: Iterable[Subject | None]) -> dict[Subject, Standing]:
        """Of those that are found, deleted ones among them while their tombstone is kept."""
        wanted = defaultdict[str, set[str]](set)
        for subject in subjects:
            if subject is not None:
                wanted[subject.collection].add(subject.id)
        return {
            Subject(collection, text_of(document["templateId" if collection == NOTIFICATION_TEMPLATES else "_id"])): (
                Standing(_name(document), document.get("deletedAt") is None)
            )
            for collection, ids in wanted.items()
            for document in self._connection.collection(collection).find(_which(collection, ids), _FIELDS)
        }


def _which(collection: str, ids: set[str]) -> dict[str, Any]:
    if collection == NOTIFICATION_TEMPLATES:
        return {"templateId": {"$in": sorted(ids)}, "latest": True}
    return {"_id": {"$in": [each for document_id in sorted(ids) for each in candidates(document_id)]}}


def _name(document: Mapping[str, Any]) -> str | None:
    name = document.get("name")
    return name if isinstance(name, str) else None
