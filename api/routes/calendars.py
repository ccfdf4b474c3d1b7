"""`/api/admin/scheduler/calendars`: days that many schedules leave out."""

from flask import Response

from api.answers.calendars import calendar_answer
from api.auth import needs
from api.context import actor, identity, if_match, store
from api.contract.declarations import changes, creates, deletes, lists, shows_document
from api.contract.jobs import Calendar
from api.paging import SearchQuery, listing
from api.requests import Body, DocumentPath
from api.responses import created, document, no_content, ok
from api.routes.blueprint import SCHEDULER, resource
from shared.models.access import Permission
from shared.models.calendars import CalendarDefinition

blueprint = resource("calendars", SCHEDULER, "Days that many schedules leave out: holidays, freeze windows")


class CalendarBody(Body, CalendarDefinition):
    """A whole calendar."""


@blueprint.get("/calendars", summary="Calendars, the newest first")
@needs(Permission.READ)
@lists(Calendar)
def list_calendars(query: SearchQuery) -> Response:
    page = store().calendars.page(query.limit, query.position, query.q)
    return ok(listing([calendar_answer(stored) for stored in page.documents], page.end))


@blueprint.post("/calendars", summary="Create a calendar")
@needs(Permission.EDIT)
@creates(Calendar)
def create_calendar(body: CalendarBody) -> Response:
    store().calendars.check_room()
    document_id, request_hash = identity()
    stored = store().calendars.insert(document_id, body.model_dump(by_alias=True), actor(), request_hash)
    return created(calendar_answer(stored))


@blueprint.get("/calendars/<id>", summary="One calendar")
@needs(Permission.READ)
@shows_document(Calendar)
def read_calendar(path: DocumentPath) -> Response:
    return document(calendar_answer(store().calendars.find(path.id)))


@blueprint.put("/calendars/<id>", summary="Replace a calendar; it holds at once, for everything that names it")
@needs(Permission.EDIT)
@changes(Calendar)
def replace_calendar(path: DocumentPath, body: CalendarBody) -> Response:
    changed = store().calendars.replace(path.id, if_match(), body.model_dump(by_alias=True), actor())
    return document(calendar_answer(changed))


@blueprint.delete("/calendars/<id>", summary="Delete a calendar that nothing uses")
@needs(Permission.EDIT)
@deletes
def delete_calendar(path: DocumentPath) -> Response:
    store().calendars.delete(path.id, if_match(), actor())
    return no_content()
