"""`/api/notifications/queue` and `/deliveries`: what is being sent, and each attempt at it."""

from http import HTTPStatus
from typing import Annotated

from flask import Response
from pydantic import Field

from api.answers.messages import content_answer, delivery_answer, message_answer
from api.auth import needs
from api.context import settings, store
from api.contract.declarations import lists, refuses, shows
from api.contract.notifications import Delivery, Message, MessageContent
from api.contract.shapes import Malformed
from api.paging import PageQuery, listing
from api.problems import FieldFault, Problem, ProblemCode
from api.requests import DocumentPath
from api.responses import ok
from api.routes.blueprint import NOTIFICATIONS, resource
from api.store.errors import NoSuchDocument
from shared.errors import InvalidDefinition
from shared.models.access import Permission
from shared.models.notification_models import Channel, NotificationTemplate
from shared.models.queue import QueueItem, QueueState
from shared.template_versions import built_in_version, stored_version
from shared.unsubscribe import UnsubscribeLinks

blueprint = resource("messages", NOTIFICATIONS, "Messages in the queue, and attempts to deliver them")

Id = Annotated[str, Field(max_length=1024)]


class QueueQuery(PageQuery):
    """Which messages."""

    scheduled_notification_id: Id | None = None
    job_id: Id | None = None
    run_id: Id | None = None
    state: QueueState | None = None
    channel: Channel | None = None


class DeliveryQuery(PageQuery):
    """Which deliveries."""

    item_id: Id | None = None


@blueprint.get("/queue", summary="Messages, the newest first")
@needs(Permission.READ)
@lists(Message)
def list_messages(query: QueueQuery) -> Response:
    page = store().messages.page(
        {
            "scheduledNotificationId": query.scheduled_notification_id,
            "jobId": query.job_id,
            "runId": query.run_id,
            "state": query.state.value if query.state else None,
            "channel": query.channel.value if query.channel else None,
        },
        query.limit,
        query.position,
    )
    return ok(listing([message_answer(stored) for stored in page.documents], page.end))


@blueprint.get("/queue/<id>", summary="One message")
@needs(Permission.READ)
@shows(Message, Malformed)
def read_message(path: DocumentPath) -> Response:
    return ok(message_answer(store().messages.find(path.id)))


@blueprint.get("/queue/<id>/content", summary="What one message says")
@needs(Permission.READ)
@refuses(HTTPStatus.CONFLICT)
@shows(MessageContent)
def read_content(path: DocumentPath) -> Response:
    """Made again, as the sender makes it: of the version that is pinned and the values that are stored."""
    stored = store().messages.find(path.id)
    links = UnsubscribeLinks.from_settings(settings())
    try:
        item = QueueItem.from_document(stored)
        stand_in = None if links is None else links.stand_in(item)
        return ok(content_answer(item, _version(item.template_id, item.template_version), stand_in))
    except InvalidDefinition as fault:
        raise Problem(
            HTTPStatus.CONFLICT,
            ProblemCode.UNRENDERABLE,
            f"No message can be made of what is stored: {fault}",
            [FieldFault(fault.field, fault.code, fault.detail)],
        ) from None


def _version(template_id: str, version: int) -> NotificationTemplate:
    built_in = built_in_version(template_id, version)
    if built_in is not None:
        return built_in
    try:
        document = store().notification_templates.find(template_id, version, deleted_too=True)
    except NoSuchDocument:
        document = None
    return stored_version(template_id, version, document)


@blueprint.get("/deliveries", summary="Attempts to deliver, the latest first")
@needs(Permission.READ)
@lists(Delivery)
def list_deliveries(query: DeliveryQuery) -> Response:
    page = store().messages.deliveries({"itemId": query.item_id}, query.limit, query.position)
    return ok(listing([delivery_answer(stored) for stored in page.documents], page.end))


@blueprint.get("/deliveries/<id>", summary="One attempt")
@needs(Permission.READ)
@shows(Delivery, Malformed)
def read_delivery(path: DocumentPath) -> Response:
    return ok(delivery_answer(store().messages.find_delivery(path.id)))
