"""`/api/notifications/scheduled`: who gets which notification, when."""

from collections.abc import Sequence
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from api.answers.notifications import scheduled_notification_answer
from api.auth import needs
from api.context import actor, clock, identity, if_match, store
from api.definitions.calendars import calendars_of
from api.definitions.scheduled_notifications import (
    merged,
    new_scheduled_notification,
    paused,
    pinned,
    replaced,
    resumed,
)
from api.paging import PageQuery, listing
from api.requests import UNSET, Body, DocumentPath
from api.responses import created, document, no_content, ok
from api.routes.blueprint import NOTIFICATIONS, resource
from api.routes.pauses import EmptyBody, PauseBody, pause_from
from api.store.definitions import Change, Mutation
from api.store.ids import text_of
from shared.durations import Duration
from shared.models.access import Role
from shared.models.base import DocumentId, Name
from shared.models.notification_models import (
    Channels,
    Recipients,
    ScheduledNotificationCreate,
    ScheduledNotificationUpdate,
    Variables,
)
from shared.models.schedule import Schedule

blueprint = resource("scheduled notifications", NOTIFICATIONS, "Who gets which notification, when")


class ScheduledNotificationBody(Body, ScheduledNotificationCreate):
    """A whole scheduled notification."""


class ScheduledNotificationReplacement(Body, ScheduledNotificationUpdate):
    """A whole new definition."""


class ScheduledNotificationPatch(Body):
    """Fields to change; each is replaced whole."""

    name: Name = UNSET
    template_id: DocumentId = UNSET
    template_version: Annotated[int, Field(ge=1)] | None = None
    channels: Channels = UNSET
    recipients: Recipients = UNSET
    variables: Variables = UNSET
    schedule: Schedule = UNSET
    expires_after: Duration | None = None
    critical: bool = UNSET


def _answers(documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = store().scheduled_notifications.message_counts(documents) if documents else {}
    calendars = calendars_of(documents, store())
    now = clock().now()
    return [
        scheduled_notification_answer(stored, now, counts[text_of(stored["_id"])], calendars.exclusions_of)
        for stored in documents
    ]


def _changed(path: DocumentPath, mutation: Mutation, action: str) -> Response:
    changed = store().scheduled_notifications.change(path.id, if_match(), mutation, actor(), action)
    return document(_answers([changed])[0])


@blueprint.get("/scheduled", summary="Scheduled notifications, the newest first")
def list_scheduled(query: PageQuery) -> Response:
    page = store().scheduled_notifications.page({}, query.limit, query.position)
    return ok(listing(_answers(page.documents), page.end))


@blueprint.post("/scheduled", summary="Schedule a notification")
def create_scheduled(body: ScheduledNotificationBody) -> Response:
    document_id, request_hash = identity()
    notification = new_scheduled_notification(document_id, pinned(body, store()), actor(), clock().now())
    return created(_answers([store().scheduled_notifications.insert(notification, actor(), request_hash)])[0])


@blueprint.get("/scheduled/<id>", summary="One scheduled notification, with what became of its messages")
def read_scheduled(path: DocumentPath) -> Response:
    return document(_answers([store().scheduled_notifications.find(path.id)])[0])


@blueprint.put("/scheduled/<id>", summary="Replace a scheduled notification")
def replace_scheduled(path: DocumentPath, body: ScheduledNotificationReplacement) -> Response:
    store().scheduled_notifications.find(path.id)
    definition = pinned(body, store())
    return _changed(path, lambda stored: replaced(stored, definition, actor(), clock().now()), "update")


@blueprint.patch("/scheduled/<id>", summary="Change some fields of a scheduled notification")
def patch_scheduled(path: DocumentPath, body: ScheduledNotificationPatch) -> Response:
    def mutation(stored: dict[str, Any]) -> Change:
        definition = pinned(merged(stored, body.given()), store(), stored)
        return replaced(stored, definition, actor(), clock().now())

    return _changed(path, mutation, "update")


@blueprint.delete("/scheduled/<id>", summary="Delete a scheduled notification; messages that wait are cancelled")
def delete_scheduled(path: DocumentPath) -> Response:
    store().scheduled_notifications.delete(path.id, if_match(), actor())
    return no_content()


@blueprint.post("/scheduled/<id>/pause", summary="Let a scheduled notification rest")
@needs(Role.OPERATOR)
def pause_scheduled(path: DocumentPath, body: PauseBody) -> Response:
    now = clock().now()
    pause = pause_from(body, now)
    return _changed(path, lambda stored: paused(stored, pause, now), "pause")


@blueprint.post("/scheduled/<id>/resume", summary="Make it active from now on; what it missed is not caught up")
@needs(Role.OPERATOR)
def resume_scheduled(path: DocumentPath, body: EmptyBody) -> Response:  # noqa: ARG001 - declares: no fields
    return _changed(path, lambda stored: resumed(stored, clock().now()), "resume")
