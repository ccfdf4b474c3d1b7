"""`/api/notifications/groups`: named sets of people."""

from flask import Response

from api.answers.notifications import group_answer
from api.auth import needs
from api.checks.notifications import unknown_ids
from api.context import actor, identity, if_match, store
from api.contract.declarations import changes, creates, deletes, lists, shows_document
from api.contract.people import RecipientGroup
from api.paging import SearchQuery, listing
from api.requests import Body, DocumentPath
from api.responses import created, document, no_content, ok
from api.routes.blueprint import NOTIFICATIONS, resource
from shared.models.access import Permission
from shared.models.recipients import RecipientGroupDefinition

blueprint = resource("groups", NOTIFICATIONS, "Named sets of people")


class GroupBody(Body, RecipientGroupDefinition):
    """A group of people."""


def _check_members(body: GroupBody) -> None:
    missing = store().recipients.missing(body.members) if body.members else []
    if missing:
        raise unknown_ids("members", "person", missing)


@blueprint.get("/groups", summary="Groups, the newest first")
@needs(Permission.READ)
@lists(RecipientGroup)
def list_groups(query: SearchQuery) -> Response:
    page = store().groups.page(query.limit, query.position, query.q)
    return ok(listing([group_answer(stored) for stored in page.documents], page.end))


@blueprint.post("/groups", summary="Create a group")
@needs(Permission.EDIT)
@creates(RecipientGroup)
def create_group(body: GroupBody) -> Response:
    _check_members(body)
    document_id, request_hash = identity()
    stored = store().groups.insert(document_id, body.model_dump(by_alias=True), actor(), request_hash)
    return created(group_answer(stored))


@blueprint.get("/groups/<id>", summary="One group")
@needs(Permission.READ)
@shows_document(RecipientGroup)
def read_group(path: DocumentPath) -> Response:
    return document(group_answer(store().groups.find(path.id)))


@blueprint.put("/groups/<id>", summary="Replace a group")
@needs(Permission.EDIT)
@changes(RecipientGroup)
def replace_group(path: DocumentPath, body: GroupBody) -> Response:
    _check_members(body)
    changed = store().groups.replace(path.id, if_match(), body.model_dump(by_alias=True), actor())
    return document(group_answer(changed))


@blueprint.delete("/groups/<id>", summary="Delete a group; its people stay")
@needs(Permission.EDIT)
@deletes
def delete_group(path: DocumentPath) -> Response:
    store().groups.delete(path.id, if_match(), actor())
    return no_content()
