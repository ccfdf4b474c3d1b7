"""`/api/notifications/scheduled/coming`: what is to be sent in a time, for a calendar. Nothing is stored."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from flask import Response
from pydantic import Field, model_validator

from api.answers.notifications import scheduled_notification_answer
from api.auth import needs
from api.context import clock, store
from api.contract.declarations import shows
from api.contract.notifications import ComingSends
from api.definitions.calendars import KnownCalendars, calendars_of
from api.paging import AskedMoment
from api.requests import Asked
from api.responses import ok
from api.routes.blueprint import NOTIFICATIONS, resource
from shared.clock import rfc3339
from shared.errors import InvalidDefinition, ScheduleError
from shared.models.access import Permission
from shared.models.notification_models import ScheduledNotification
from shared.schedule.coming_sends import last_occurrence_before, leaving
from shared.schedule.preview import foresee

blueprint = resource("coming sends", NOTIFICATIONS, "What is to be sent, and when")

LONGEST = timedelta(days=62)
MOST_NOTIFICATIONS = 100
MOST_MOMENTS = 100
"""Of one scheduled notification; `more` says that there are others."""


class ComingQuery(Asked):
    """Which time."""

    start: Annotated[AskedMoment, Field(alias="from", description="The earliest moment; what has passed is left out.")]
    end: Annotated[AskedMoment, Field(alias="to", description="Before this moment; at most 62 days after `from`.")]

    @model_validator(mode="after")
    def _short_enough(self) -> "ComingQuery":
        if not self.start < self.end <= self.start + LONGEST:
            raise ValueError("to is later than from, by at most 62 days")
        return self


@blueprint.get("/scheduled/coming", summary="The coming sends of active scheduled notifications in a time")
@needs(Permission.READ)
@shows(ComingSends)
def list_coming(query: ComingQuery) -> Response:
    now = clock().now()
    found = store().scheduled_notifications.due_before(query.end, MOST_NOTIFICATIONS + 1)
    documents = found[:MOST_NOTIFICATIONS]
    calendars = calendars_of(documents, store())
    after = max(query.start, now)
    items = [_coming(stored, after, query.end, now, calendars) for stored in documents]
    return ok({"items": [each for each in items if each], "more": len(found) > MOST_NOTIFICATIONS})


def _coming(
    stored: Mapping[str, Any], after: datetime, before: datetime, now: datetime, calendars: KnownCalendars
) -> dict[str, Any] | None:
    """None: nothing is sent in that time. The moments are those at which messages leave, after quiet hours.

    Where recipients' own clocks decide, the times are those of its own zone.
    """
    shown = scheduled_notification_answer(stored, now, {})
    if shown["state"] != "active":
        return None
    try:
        notification = ScheduledNotification.from_document(stored)
        schedule = notification.schedule
        exclusions = calendars.exclusions_of(schedule)
        since = max(now, last_occurrence_before(notification, after))
        foreseen = foresee(schedule, since, notification.created_at, exclusions, MOST_MOMENTS).occurrences
        sent = list(leaving(notification, (each.at for each in foreseen if each.excluded is None), now))
    except (InvalidDefinition, ScheduleError, OverflowError):
        return None
    inside = [at for at in sent if at is not None and after <= at < before]
    if not inside:
        return None
    return {
        **{name: shown[name] for name in ("id", "name", "channels", "recipientTimezone")},
        "timezone": schedule.timezone,
        "moments": [rfc3339(at) for at in inside],
        "more": len(inside) == MOST_MOMENTS,
    }
