"""`/api/notifications/scheduled/preview`: when a scheduled notification would go to whom. Nothing is stored."""

from datetime import datetime
from typing import Any

from flask import Response

from api.auth import needs
from api.checks.schedules import schedule_since
from api.context import actor, clock, store
from api.contract.declarations import shows
from api.contract.notifications import ForeseenNotification, ForeseenSends
from api.definitions.audience import audience_of
from api.definitions.calendars import KnownCalendars, calendars_of, check_calendars
from api.definitions.scheduled_notifications import new_scheduled_notification, pinned, readable
from api.requests import DocumentPath
from api.responses import ok
from api.routes.blueprint import NOTIFICATIONS, resource
from api.routes.scheduled_notifications import ScheduledNotificationBody, approval_for
from api.routes.schedules import foreseen_answer
from shared.clock import rfc3339
from shared.models.access import Permission
from shared.models.notification_models import ScheduledNotification
from shared.schedule.coming_sends import departure, leaving
from shared.schedule.sending_times import last_schedule

blueprint = resource("preview of scheduled notifications", NOTIFICATIONS, "What would be sent, before it is saved")

COUNT = 5
COUNT_OF_STORED = 10


@blueprint.post("/scheduled/preview", summary="When a scheduled notification would go to whom. Nothing is stored")
@needs(Permission.READ)
@shows(ForeseenNotification)
def preview_scheduled(body: ScheduledNotificationBody) -> Response:
    """Refuses what creating it would refuse. Opt-outs and suppressed addresses are not subtracted."""
    definition = pinned(body, store())
    now = clock().now()
    schedule_since(last_schedule(definition, definition.schedule), now)
    approval = approval_for(definition)
    notification = new_scheduled_notification("preview", definition, actor(), now, approval)
    audience = audience_of(definition.recipients, definition.channels, store())
    foreseen = _foreseen(notification, check_calendars(definition.schedule, store()), now, now, COUNT)
    return ok(
        {
            "recipients": audience.recipients,
            "byChannel": audience.reached,
            "atLeast": audience.at_least,
            "sample": audience.sample,
            "approvalNeeded": approval is not None,
            **foreseen,
            **_of_next(notification, foreseen, now, sum(audience.reached.values())),
        }
    )


@blueprint.get("/scheduled/<id>/coming", summary="The next sends of a scheduled notification, as if it were active")
@needs(Permission.READ)
@shows(ForeseenSends)
def coming_of_one(path: DocumentPath) -> Response:
    """It may be paused or wait for an approval: this is what its rule says."""
    stored = store().scheduled_notifications.find(path.id)
    notification = readable(stored)
    calendars = calendars_of([stored], store())
    left = _left(notification)
    count = COUNT_OF_STORED if left is None else min(COUNT_OF_STORED, left)
    return ok(_foreseen(notification, calendars, clock().now(), notification.created_at, count))


def _left(notification: ScheduledNotification) -> int | None:
    """How many occurrences `maxRuns` still allows; None: any number."""
    most = notification.schedule.max_runs
    return None if most is None else max(0, most - notification.daemon.occurrences_queued)


def _foreseen(
    notification: ScheduledNotification, calendars: KnownCalendars, now: datetime, anchor: datetime, count: int
) -> dict[str, Any]:
    schedule = notification.schedule
    answer = foreseen_answer(schedule, calendars, now, anchor, count)
    sent = [each for each in answer["occurrences"] if each["excluded"] is None]
    times = leaving(notification, [datetime.fromisoformat(each["at"]) for each in sent], now)
    moments = {each["at"]: leaves and rfc3339(leaves) for each, leaves in zip(sent, times, strict=True)}
    for each in answer["occurrences"]:
        each["sendAt"] = moments.get(each["at"])
    return {**answer, "timezone": schedule.timezone}


def _of_next(
    notification: ScheduledNotification, foreseen: dict[str, Any], now: datetime, messages: int
) -> dict[str, Any]:
    """What the throttle makes of the messages of the next occurrence."""
    coming = next((each for each in foreseen["occurrences"] if each["sendAt"] is not None), None)
    left = coming and departure(notification, datetime.fromisoformat(coming["at"]), now, max(1, messages))
    return {"lastAt": left and rfc3339(left.last), "tooLate": left.too_late if left else 0}
