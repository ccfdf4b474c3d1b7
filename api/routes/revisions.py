"""The history of one job or scheduled notification, from the audit log: for everybody who may read the document.

Whose token and which request it was stays with the audit log.
"""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.answers.fields import moment
from api.auth import needs
from api.context import store
from api.contract.administration import DefinitionChange
from api.contract.declarations import lists
from api.paging import PageQuery, listing
from api.requests import DocumentPath
from api.responses import ok
from api.routes.blueprint import API, resource
from api.store.catalogue import SecretMasks
from api.store.definitions import DefinitionStore
from api.store.ids import text_of
from shared.jsonable import jsonable
from shared.models.access import Permission

blueprint = resource("revisions", API, "Who changed a definition, and how it was before")

_TOLD = ("revision", "createdAt", "createdBy", "updatedAt", "updatedBy", "scheduleSince", "deletedAt", "expireAt")
"""Fields that nobody wrote: the entry says the same, or they are the scheduler's own."""


@blueprint.get("/admin/scheduler/jobs/<id>/revisions", summary="Changes of a job, the newest first")
@needs(Permission.READ)
@lists(DefinitionChange, damaged=False)
def list_job_revisions(path: DocumentPath, query: PageQuery) -> Response:
    return _page(store().jobs, path.id, query)


@blueprint.get("/notifications/scheduled/<id>/revisions", summary="Changes of a scheduled notification, newest first")
@needs(Permission.READ)
@lists(DefinitionChange, damaged=False)
def list_scheduled_revisions(path: DocumentPath, query: PageQuery) -> Response:
    return _page(store().scheduled_notifications, path.id, query)


def _page(definitions: DefinitionStore, document_id: str, query: PageQuery) -> Response:
    stored = definitions.find(document_id)
    page = store().audit_log.of_document(definitions.collection, text_of(stored["_id"]), query.limit, query.position)
    parts = [part for entry in page.documents for part in (entry.get("before"), entry.get("after"))]
    template = stored.get("template")
    masks = store().catalogue.masks([_named(part, template) for part in parts if isinstance(part, Mapping)])
    return ok(listing([_answer(entry, template, masks) for entry in page.documents], page.end))


def _answer(entry: Mapping[str, Any], template: Any, masks: SecretMasks) -> dict[str, Any]:
    before, after = entry.get("before"), entry.get("after")
    return {
        "id": text_of(entry["_id"]),
        "at": moment(entry.get("at")),
        "by": jsonable(entry.get("by")),
        "action": jsonable(entry.get("action")),
        "revision": jsonable(after.get("revision")) if isinstance(after, Mapping) else None,
        "before": _shown(before, template, masks),
        "after": _shown(after, template, masks),
    }


def _shown(fields: Any, template: Any, masks: SecretMasks) -> dict[str, Any] | None:
    """The secrets were masked when it was written, and are again by what the template says now."""
    if not isinstance(fields, Mapping):
        return None
    hidden = masks.hidden(_named(fields, template))
    return {name: jsonable(hidden[name]) for name in fields if name not in _TOLD}


def _named(fields: Mapping[str, Any], template: Any) -> dict[str, Any]:
    """With the template whose parameters they are: the job's own, unless it was changed with them."""
    return {"template": template, **fields}
