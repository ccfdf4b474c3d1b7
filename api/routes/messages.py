"""`/api/notifications/queue` and `/deliveries`: what is being sent, and each attempt at it."""

from typing import Annotated

from flask import Response
from pydantic import Field

from api.answers.messages import delivery_answer, message_answer
from api.auth import needs
from api.context import store
from api.contract.declarations import lists, shows
from api.contract.notifications import Delivery, Message
from api.contract.shapes import Malformed
from api.paging import PageQuery, listing
from api.requests import DocumentPath
from api.responses import ok
from api.routes.blueprint import NOTIFICATIONS, resource
from shared.models.access import Permission
from shared.models.notification_models import Channel
from shared.models.queue import QueueState

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
