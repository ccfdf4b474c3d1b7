"""`/api/notifications/suppressions`: addresses that get no messages any more."""

from typing import Annotated

from flask import Response
from pydantic import Field

from api.answers.notifications import suppression_answer
from api.auth import needs
from api.context import actor, if_match, store
from api.contract.declarations import creates, deletes, lists, shows_document
from api.contract.people import Suppression
from api.paging import PageQuery, listing
from api.requests import Body, DocumentPath
from api.responses import created, document, no_content, ok
from api.routes.blueprint import NOTIFICATIONS, resource
from shared.models.access import Permission
from shared.models.notification_models import Channel
from shared.models.suppressions import SuppressionDefinition, SuppressionReason, folded
from shared.queries.suppressions import Subject

blueprint = resource("suppressions", NOTIFICATIONS, "Addresses that get no messages any more, and why")


class SuppressionBody(Body, SuppressionDefinition):
    """An address, and what it shall not get."""


class SuppressionQuery(PageQuery):
    """Which entries."""

    channel: Channel | None = None
    reason: SuppressionReason | None = None
    address: Annotated[str, Field(max_length=320, description="An e-mail address or a phone number.")] | None = None


@blueprint.get("/suppressions", summary="The suppression list, the newest first")
@needs(Permission.READ)
@lists(Suppression)
def list_suppressions(query: SuppressionQuery) -> Response:
    wanted = {
        "channel": query.channel.value if query.channel else None,
        "reason": query.reason.value if query.reason else None,
        "address": folded(query.address) if query.address else None,
    }
    equal = {name: value for name, value in wanted.items() if value is not None}
    page = store().suppressions.page_where(equal, query.limit, query.position)
    return ok(listing([suppression_answer(stored) for stored in page.documents], page.end))


@blueprint.post("/suppressions", summary="Put an address on the list; 200 if it is there already")
@needs(Permission.EDIT)
@creates(Suppression)
@shows_document(Suppression)
def create_suppression(body: SuppressionBody) -> Response:
    subject = Subject(body.channel, body.address, body.category)
    stored, is_new = store().suppressions.add(subject, body.reason, body.note, actor())
    answer = suppression_answer(stored)
    return created(answer) if is_new else document(answer)


@blueprint.get("/suppressions/<id>", summary="One entry")
@needs(Permission.READ)
@shows_document(Suppression)
def read_suppression(path: DocumentPath) -> Response:
    return document(suppression_answer(store().suppressions.find(path.id)))


@blueprint.delete("/suppressions/<id>", summary="Take an address off the list: it gets messages again")
@needs(Permission.EDIT)
@deletes
def delete_suppression(path: DocumentPath) -> Response:
    store().suppressions.delete(path.id, if_match(), actor())
    return no_content()
