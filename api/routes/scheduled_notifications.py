"""`/api/notifications/scheduled`: who gets which notification, when."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field

from api.answers.notifications import scheduled_notification_answer
from api.auth import needs
from api.context import actor, clock, exact_if_match, identity, if_match, settings, store
from api.contract.declarations import accepts, approves, changes, creates, deletes, lists, shows_document
from api.contract.jobs import Switches
from api.contract.notifications import RetriedMessages, ScheduledNotification
from api.definitions.approvals import approval_of, approved
from api.definitions.calendars import calendars_of
from api.definitions.scheduled_notifications import (
    merged,
    new_scheduled_notification,
    paused,
    pinned,
    replaced,
    resumed,
)
from api.paging import listing
from api.requests import UNSET, Body, DocumentPath
from api.responses import accepted, created, document, no_content, ok
from api.routes.blueprint import NOTIFICATIONS, resource
from api.routes.message_decisions import AGAIN_FROM, MOST_RETRIES, RetryFailedBody, retry_command
from api.routes.pauses import EmptyBody, PauseBody, pause_from, switched
from api.routes.selections import OrderedQuery, Selection
from api.store.definitions import Change, Mutation
from api.store.ids import text_of
from api.store.scheduled_notification_filter import ListedState, ScheduledNotificationFilter, ScheduledState
from shared.durations import Duration
from shared.models.access import Permission
from shared.models.base import DocumentId, Name
from shared.models.notification_models import (
    Channels,
    Recipients,
    ScheduledNotificationCreate,
    ScheduledNotificationUpdate,
    Variables,
)
from shared.models.schedule import Schedule, Zone
from shared.models.sending_rules import Approval, QuietHours, TemplateVersion, Throttle, Weekday
from shared.queries.host_users import selected

blueprint = resource("scheduled notifications", NOTIFICATIONS, "Who gets which notification, when")


class ScheduledFilters(Selection):
    """The filters of the list: cancelled ones, too."""

    template_id: Annotated[DocumentId, Field(description="Only those of this template.")] | None = None
    state: (
        Annotated[ListedState, Field(description="`cancelled`: those that were deleted in the last 30 days.")] | None
    ) = None

    def which(self) -> ScheduledNotificationFilter:
        """As the store takes them."""
        return ScheduledNotificationFilter(self.q, self.template_id, self.state)


class ScheduledSelection(ScheduledFilters):
    """Which scheduled notifications."""

    state: ScheduledState | None = None


class ScheduledQuery(OrderedQuery, ScheduledFilters):
    """Which scheduled notifications, in which order."""


class ScheduledNotificationBody(Body, ScheduledNotificationCreate):
    """A whole scheduled notification."""


class ScheduledNotificationReplacement(Body, ScheduledNotificationUpdate):
    """A whole new definition."""


class ScheduledNotificationPatch(Body):
    """Fields to change; each is replaced whole."""

    name: Name = UNSET
    template_id: DocumentId = UNSET
    template_version: TemplateVersion | None = None
    channels: Channels = UNSET
    recipients: Recipients = UNSET
    variables: Variables = UNSET
    schedule: Schedule = UNSET
    expires_after: Duration | None = None
    quiet_hours: QuietHours | None = None
    allowed_days: list[Weekday] | None = None
    recipient_timezone: bool = UNSET
    timezone_fallback: Zone | None = None
    already_passed: Literal["now", "next_day", "skip"] = UNSET
    throttle: Throttle | None = None
    critical: bool = UNSET


def _answers(documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = store().scheduled_notifications.message_counts(documents) if documents else {}
    calendars = calendars_of(documents, store())
    now = clock().now()
    return [
        scheduled_notification_answer(
            stored, now, counts[text_of(stored["_id"])], calendars.exclusions_of, calendars.names_of
        )
        for stored in documents
    ]


def approval_for(definition: ScheduledNotificationCreate) -> Approval | None:
    """What a definition that is written now waits for; None: nothing."""
    if definition.recipients.users is not None:
        selected(settings().host_users, definition.recipients.users)  # refuses what HOST_USERS does not know
    return approval_of(definition.recipients, store(), settings().notification_approval_above, actor())


def _changed(path: DocumentPath, mutation: Mutation, action: str) -> dict[str, Any]:
    changed = store().scheduled_notifications.change(path.id, if_match(), mutation, actor(), action)
    return _answers([changed])[0]


@blueprint.get("/scheduled", summary="Scheduled notifications")
@needs(Permission.READ)
@lists(ScheduledNotification)
def list_scheduled(query: ScheduledQuery) -> Response:
    page = store().scheduled_notifications.search(query.which(), query.sort, query.limit, query.position)
    return ok(listing(_answers(page.documents), page.end))


@blueprint.post("/scheduled", summary="Schedule a notification")
@needs(Permission.EDIT)
@creates(ScheduledNotification)
def create_scheduled(body: ScheduledNotificationBody) -> Response:
    document_id, request_hash = identity()
    definition = pinned(body, store())
    notification = new_scheduled_notification(document_id, definition, actor(), clock().now(), approval_for(definition))
    return created(_answers([store().scheduled_notifications.insert(notification, actor(), request_hash)])[0])


@blueprint.get("/scheduled/<id>", summary="One scheduled notification, with what became of its messages")
@needs(Permission.READ)
@shows_document(ScheduledNotification)
def read_scheduled(path: DocumentPath) -> Response:
    return document(_answers([store().scheduled_notifications.find(path.id)])[0])


@blueprint.put("/scheduled/<id>", summary="Replace a scheduled notification")
@needs(Permission.EDIT)
@changes(ScheduledNotification)
def replace_scheduled(path: DocumentPath, body: ScheduledNotificationReplacement) -> Response:
    store().scheduled_notifications.find(path.id)
    definition = pinned(body, store())
    approval = approval_for(definition)
    changed = _changed(path, lambda stored: replaced(stored, definition, actor(), clock().now(), approval), "update")
    return document(changed)


@blueprint.patch("/scheduled/<id>", summary="Change some fields of a scheduled notification")
@needs(Permission.EDIT)
@changes(ScheduledNotification)
def patch_scheduled(path: DocumentPath, body: ScheduledNotificationPatch) -> Response:
    def mutation(stored: dict[str, Any]) -> Change:
        definition = pinned(merged(stored, body.given()), store(), stored)
        return replaced(stored, definition, actor(), clock().now(), approval_for(definition))

    return document(_changed(path, mutation, "update"))


@blueprint.delete("/scheduled/<id>", summary="Delete a scheduled notification; messages that wait are cancelled")
@needs(Permission.EDIT)
@deletes
def delete_scheduled(path: DocumentPath) -> Response:
    store().scheduled_notifications.delete(path.id, if_match(), actor())
    return no_content()


@blueprint.post("/scheduled/<id>/pause", summary="Let a scheduled notification rest")
@needs(Permission.SWITCH)
@changes(ScheduledNotification, Switches)
def pause_scheduled(path: DocumentPath, body: PauseBody) -> Response:
    now = clock().now()
    pause = pause_from(body, now)
    return switched(_changed(path, lambda stored: paused(stored, pause, now), "pause"))


@blueprint.post("/scheduled/<id>/resume", summary="Make it active from now on; what it missed is not caught up")
@needs(Permission.SWITCH)
@changes(ScheduledNotification, Switches)
def resume_scheduled(path: DocumentPath, body: EmptyBody) -> Response:  # noqa: ARG001 - declares: no fields
    return switched(_changed(path, lambda stored: resumed(stored, clock().now()), "resume"))


@blueprint.post("/scheduled/<id>/approve", summary="Approve one with many recipients that somebody else wrote")
@needs(Permission.EDIT)
@approves(ScheduledNotification)
def approve_scheduled(path: DocumentPath, body: EmptyBody) -> Response:  # noqa: ARG001 - declares: no fields
    """What is approved is what was seen: `*` does not do as If-Match."""
    changed = store().scheduled_notifications.change(
        path.id, exact_if_match(), lambda stored: approved(stored, actor(), clock().now()), actor(), "approve"
    )
    return document(_answers([changed])[0])


@blueprint.post("/scheduled/<id>/retry-failed", summary="Send the messages that failed again")
@needs(Permission.OPERATE)
@accepts(RetriedMessages)
def retry_failed(path: DocumentPath, body: RetryFailedBody) -> Response:
    source = text_of(store().scheduled_notifications.find(path.id)["_id"])
    states = [state for state in AGAIN_FROM if state in body.states]
    found = store().messages.failed_of(source, states, MOST_RETRIES + 1, expired_too=body.expired_too)
    now = clock().now()
    commands = [retry_command(item, actor(), now) for item in found[:MOST_RETRIES]]
    asked = store().commands.insert_all(commands, actor(), "retry_failed", source)
    return accepted({"messages": len(commands), "asked": asked, "more": len(found) > MOST_RETRIES})
