"""`/api/admin/audit`: who changed what, and how it was before. Nothing changes or deletes an entry."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from api.answers.fields import moment
from api.auth import needs
from api.context import store
from api.contract.administration import AuditEntry, AuditWords
from api.contract.declarations import lists, shows
from api.paging import AskedMoment, PageQuery, listing
from api.requests import DocumentPath
from api.responses import ok
from api.routes.blueprint import ADMIN, resource
from api.store.audit_subjects import Standing, Subject, subject_of
from api.store.ids import text_of
from shared.jsonable import jsonable
from shared.models.access import Permission
from shared.models.base import Text
from shared.queries.audit_log import entries

blueprint = resource("audit log", ADMIN, "Who changed what")

_SHOWN = ("by", "byId", "action", "documentId", "requestId", "before", "after")
_Id = Annotated[Text, Field(min_length=1, max_length=1024)]
_Word = Annotated[Text, Field(min_length=1, max_length=200)]


class AuditQuery(PageQuery):
    """Which entries."""

    q: Annotated[_Id, Field(description="Id of a document or of a request.")] | None = None
    actor: Annotated[_Word, Field(description="Name of a token, or `cli:<user>`.")] | None = None
    action: Annotated[_Word, Field(description="Such as `job.update`.")] | None = None
    resource: Annotated[_Word, Field(description="The collection, such as `dynamic_jobs`.")] | None = None
    start: Annotated[AskedMoment | None, Field(alias="from", description="The earliest moment.")] = None
    end: Annotated[AskedMoment | None, Field(alias="to", description="The latest moment.")] = None

    def conditions(self) -> dict[str, Any]:
        wanted = {"by": self.actor, "action": self.action, "collection": self.resource}
        equal = {name: value for name, value in wanted.items() if value is not None}
        return entries(equal, self.q, self.start, self.end)


@blueprint.get("/audit", summary="Changes, the newest first")
@needs(Permission.ADMINISTER)
@lists(AuditEntry, damaged=False)
def list_audit(query: AuditQuery) -> Response:
    page = store().audit_log.page(query.conditions(), query.limit, query.position)
    return ok(listing(_answers(page.documents), page.end))


@blueprint.get("/audit/words", summary="Who made changes, and which kinds there are")
@needs(Permission.ADMINISTER)
@shows(AuditWords)
def list_words() -> Response:
    return ok({"actors": store().audit_log.words("by"), "actions": store().audit_log.words("action")})


@blueprint.get("/audit/<id>", summary="One change")
@needs(Permission.ADMINISTER)
@shows(AuditEntry)
def read_audit(path: DocumentPath) -> Response:
    return ok(_answers([store().audit_log.find(path.id)])[0])


def _answers(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    standing = store().audit_subjects.standing(subject_of(entry) for entry in entries)
    return [_answer(entry, standing) for entry in entries]


def _answer(stored: Mapping[str, Any], standing: Mapping[Subject, Standing]) -> dict[str, Any]:
    """The secrets were masked when it was written."""
    return {
        "id": text_of(stored["_id"]),
        "at": moment(stored.get("at")),
        "resource": jsonable(stored.get("collection")),
        **{name: jsonable(stored.get(name)) for name in _SHOWN},
        "subject": _subject(subject_of(stored), standing),
    }


def _subject(subject: Subject | None, standing: Mapping[Subject, Standing]) -> dict[str, Any] | None:
    if subject is None:
        return None
    now = standing.get(subject, Standing(name=None, exists=False))
    return {"resource": subject.collection, "id": subject.id, "name": jsonable(now.name), "exists": now.exists}
