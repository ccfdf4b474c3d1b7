"""The answers for queue items and deliveries."""

from collections.abc import Mapping
from typing import Any

from api.answers.definitions import reason_of
from api.answers.fields import moment
from api.store.ids import text_of
from shared.errors import InvalidDefinition
from shared.jsonable import jsonable
from shared.message_content import attachment_name, email_content, sms_content
from shared.models.notification_models import Channel, NotificationTemplate, Statistics
from shared.models.queue import Delivery, QueueItem, QueueState
from shared.queries.holds import is_held
from shared.rendering import RenderedEmail
from shared.sms_segments import segments_of

_ITEM_FIELDS = (
    "scheduledNotificationId",
    "jobId",
    "runId",
    "event",
    "channel",
    "recipient",
    "templateId",
    "templateVersion",
    "category",
    "subject",
    "state",
    "attempt",
    "messageId",
    "providerReference",
    "lastError",
    "ambiguous",
)
_ITEM_MOMENTS = ("occurrence", "sendAfter", "expiresAt", "handoffAt", "createdAt", "finishedAt")
_DELIVERY_FIELDS = (
    "itemId",
    "attempt",
    "channel",
    "address",
    "messageId",
    "state",
    "providerReference",
    "error",
    "segments",
    "encoding",
    "report",
    "reportCode",
)
_DELIVERY_MOMENTS = ("startedAt", "finishedAt", "reportedAt")

_COUNTED_AS = {
    QueueState.PENDING: "queued",
    QueueState.SENDING: "queued",
    QueueState.RETRY_WAIT: "queued",
    QueueState.SENT: "sent",
    QueueState.DELIVERED: "delivered",
    QueueState.BOUNCED: "failed",
    QueueState.FAILED: "failed",
    QueueState.DEAD: "failed",
    QueueState.SUPPRESSED: "suppressed",
    QueueState.UNKNOWN: "unknown",
}


def message_answer(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Never fails: a malformed item keeps its stored state, and lastError says what is wrong with it."""
    answer = _shown(stored, _ITEM_FIELDS, _ITEM_MOMENTS)
    answer["held"] = is_held(stored)
    if answer["held"]:
        answer["sendAfter"] = moment(stored["heldFrom"])
    answer["problem"] = None
    try:
        QueueItem.from_document(stored)
    except InvalidDefinition as fault:
        answer["problem"] = reason_of(fault.field, fault.detail)
        if answer["lastError"] is None:
            answer["lastError"] = {"type": "InvalidDocument", "message": answer["problem"]}
    return answer


def delivery_answer(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Never fails: a malformed delivery says what is wrong with it."""
    answer = _shown(stored, _DELIVERY_FIELDS, _DELIVERY_MOMENTS)
    answer["problem"] = None
    try:
        Delivery.from_document(stored)
    except InvalidDefinition as fault:
        answer["problem"] = reason_of(fault.field, fault.detail)
    return answer


def texts_answer(email: RenderedEmail | None, sms: str | None) -> dict[str, Any]:
    """Texts as they are sent; None: the channel has none."""
    segments = None if sms is None else segments_of(sms)
    return {
        "subject": email and email.subject,
        "text": email and email.text,
        "html": email and email.html,
        "sms": sms,
        "smsSegments": segments and {"encoding": segments.encoding, "count": segments.count},
    }


def content_answer(item: QueueItem, template: NotificationTemplate, stand_in: str | None) -> dict[str, Any]:
    """What the sender makes of the item; InvalidDefinition if it can make nothing of it.

    stand_in: for the link to unsubscribe, which is its recipient's alone.
    """
    is_email = item.channel is Channel.EMAIL
    texts = (
        texts_answer(email_content(item, template, stand_in), None)
        if is_email
        else texts_answer(None, sms_content(item, template, stand_in))
    )
    return {
        **texts,
        "replyTo": template.reply_to if is_email else None,
        "attachments": [attachment_name(each) for each in template.attachments] if is_email else [],
        "unsubscribeStandIn": stand_in,
    }


def _shown(stored: Mapping[str, Any], fields: tuple[str, ...], moments: tuple[str, ...]) -> dict[str, Any]:
    return {
        "id": text_of(stored["_id"]),
        **{name: jsonable(stored.get(name)) for name in fields},
        **{name: moment(stored.get(name)) for name in moments},
    }


def statistics(counts: Mapping[str, int]) -> dict[str, int]:
    """From messages by stored state to the six numbers of an answer."""
    found = Statistics().model_dump()
    for state, name in _COUNTED_AS.items():
        found[name] += counts.get(state.value, 0)
    return found
