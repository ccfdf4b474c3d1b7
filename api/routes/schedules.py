"""`/api/admin/scheduler/schedules/preview`: when a schedule would fire. Nothing is stored."""

from datetime import datetime
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from api.auth import needs
from api.context import clock, store
from api.contract.declarations import shows
from api.contract.jobs import SchedulePreview
from api.definitions.calendars import KnownCalendars, check_calendars
from api.requests import Body
from api.responses import ok
from api.routes.blueprint import SCHEDULER, resource
from shared.clock import rfc3339
from shared.errors import ScheduleError
from shared.models.access import Permission
from shared.models.base import Moment
from shared.models.schedule import Schedule, Zone
from shared.schedule.describe import describe
from shared.schedule.preview import Foreseen, foresee
from shared.schedule.zones import load_zone

blueprint = resource("schedules", SCHEDULER, "The rule that says when")


class PreviewBody(Body):
    """after: from when to look; null: now. viewerTimezone: each occurrence is given in this zone, too."""

    schedule: Schedule
    count: Annotated[int, Field(ge=1, le=100)] = 10
    after: Moment | None = None
    viewer_timezone: Zone | None = None


@blueprint.post("/schedules/preview", summary="The next occurrences of a schedule, and the rule in plain words")
@needs(Permission.READ)
@shows(SchedulePreview)
def preview(body: PreviewBody) -> Response:
    now = clock().now()
    calendars = check_calendars(body.schedule, store())
    return ok(foreseen_answer(body.schedule, calendars, body.after or now, now, body.count, body.viewer_timezone))


def foreseen_answer(
    schedule: Schedule,
    calendars: KnownCalendars,
    after: datetime,
    anchor: datetime,
    count: int,
    viewer: str | None = None,
) -> dict[str, Any]:
    """The rule in words, and its next occurrences. ScheduleError if they are out of the range of dates."""
    try:
        most = min(count, schedule.max_runs or count)
        foreseen = foresee(schedule, after, anchor, calendars.exclusions_of(schedule), most)
        occurrences = [_shown(each, schedule, viewer) for each in foreseen.occurrences]
    except OverflowError:
        raise ScheduleError("schedule", "is out of the range of dates", "out_of_range") from None
    return {
        "description": describe(schedule, calendars.names_of(schedule)),
        "occurrences": occurrences,
        "complete": foreseen.complete,
    }


def _shown(foreseen: Foreseen, schedule: Schedule, viewer: str | None) -> dict[str, Any]:
    local = foreseen.at.astimezone(schedule.zone)
    shown = {
        "at": rfc3339(foreseen.at),
        "local": local.isoformat(timespec="milliseconds"),
        "utcOffset": local.isoformat(timespec="milliseconds")[len("2026-12-01T09:00:00.000") :],
        "adjusted": foreseen.adjusted,
        "excluded": foreseen.excluded,
    }
    if viewer is not None:
        shown["viewer"] = foreseen.at.astimezone(load_zone(viewer)).isoformat(timespec="milliseconds")
    return shown
