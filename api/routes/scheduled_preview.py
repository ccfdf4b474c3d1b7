"""`/api/notifications/scheduled/preview`: when a scheduled notification would go to whom. Nothing is stored."""

from flask import Response

from api.auth import needs
from api.checks.schedules import schedule_since
from api.context import clock, store
from api.contract.declarations import shows
from api.contract.notifications import ForeseenNotification
from api.definitions.audience import audience_of
from api.definitions.calendars import check_calendars
from api.definitions.scheduled_notifications import pinned
from api.responses import ok
from api.routes.blueprint import NOTIFICATIONS, resource
from api.routes.scheduled_notifications import ScheduledNotificationBody, approval_for
from api.routes.schedules import foreseen_answer
from shared.models.access import Permission
from shared.schedule.sending_times import last_schedule

blueprint = resource("preview of scheduled notifications", NOTIFICATIONS, "What would be sent, before it is saved")

COUNT = 5


@blueprint.post("/scheduled/preview", summary="When a scheduled notification would go to whom. Nothing is stored")
@needs(Permission.READ)
@shows(ForeseenNotification)
def preview_scheduled(body: ScheduledNotificationBody) -> Response:
    """Refuses what creating it would refuse. Opt-outs and suppressed addresses are not subtracted."""
    definition = pinned(body, store())
    now = clock().now()
    schedule_since(last_schedule(definition, definition.schedule), now)
    audience = audience_of(definition.recipients, definition.channels, store())
    return ok(
        {
            "recipients": audience.recipients,
            "byChannel": audience.reached,
            "atLeast": audience.at_least,
            "sample": audience.sample,
            "approvalNeeded": approval_for(definition) is not None,
            "timezone": definition.schedule.timezone,
            **foreseen_answer(definition.schedule, check_calendars(definition.schedule, store()), now, now, COUNT),
        }
    )
