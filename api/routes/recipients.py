"""`/api/notifications/recipients`: people who can be notified."""

from flask import Response

from api.answers.notifications import recipient_answer
from api.context import actor, identity, if_match, store
from api.paging import PageQuery, listing
from api.requests import Body, DocumentPath
from api.responses import created, document, no_content, ok
from api.routes.blueprint import NOTIFICATIONS, resource
from shared.models.recipients import RecipientDefinition

blueprint = resource("recipients", NOTIFICATIONS, "People who can be notified")


class RecipientBody(Body, RecipientDefinition):
    """A person."""


@blueprint.get("/recipients", summary="People, the newest first")
def list_recipients(query: PageQuery) -> Response:
    page = store().recipients.page(query.limit, query.position)
    return ok(listing([recipient_answer(stored) for stored in page.documents], page.end))


@blueprint.post("/recipients", summary="Add a person")
def create_recipient(body: RecipientBody) -> Response:
    document_id, request_hash = identity()
    stored = store().recipients.insert(document_id, body.model_dump(by_alias=True), actor(), request_hash)
    return created(recipient_answer(stored))


@blueprint.get("/recipients/<id>", summary="One person")
def read_recipient(path: DocumentPath) -> Response:
    return document(recipient_answer(store().recipients.find(path.id)))


@blueprint.put("/recipients/<id>", summary="Replace what is known of a person")
def replace_recipient(path: DocumentPath, body: RecipientBody) -> Response:
    changed = store().recipients.replace(path.id, if_match(), body.model_dump(by_alias=True), actor())
    return document(recipient_answer(changed))


@blueprint.delete("/recipients/<id>", summary="Remove a person")
def delete_recipient(path: DocumentPath) -> Response:
    store().recipients.delete(path.id, if_match(), actor())
    return no_content()
