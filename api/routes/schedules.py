"""`/api/admin/scheduler/schedules/preview`: when a schedule would fire. Nothing is stored."""

from itertools import islice
from typing import Annotated

from flask import Response
from pydantic import Field

from api.auth import needs
from api.context import clock
from api.requests import Body
from api.responses import ok
from api.routes.blueprint import SCHEDULER, resource
from shared.clock import rfc3339
from shared.errors import ScheduleError
from shared.models.access import Role
from shared.models.base import Moment
from shared.models.schedule import Schedule
from shared.schedule.describe import describe
from shared.schedule.occurrences import occurrences_after

blueprint = resource("schedules", SCHEDULER, "The rule that says when")


class PreviewBody(Body):
    """after: from when to look; null: now."""

    schedule: Schedule
    count: Annotated[int, Field(ge=1, le=100)] = 10
    after: Moment | None = None


@blueprint.post("/schedules/preview", summary="The next occurrences of a schedule")
@needs(Role.VIEWER)
def preview(body: PreviewBody) -> Response:
    schedule, now = body.schedule, clock().now()
    count = min(body.count, schedule.max_runs or body.count)
    try:
        found = list(islice(occurrences_after(schedule, body.after or now, now), count))
    except OverflowError:
        raise ScheduleError("schedule", "is out of the range of dates", "out_of_range") from None
    return ok(
        {
            "description": describe(schedule),
            "occurrences": [
                {
                    "at": rfc3339(occurrence.at),
                    "local": occurrence.at.astimezone(schedule.zone).isoformat(timespec="milliseconds"),
                    "adjusted": occurrence.adjusted,
                }
                for occurrence in found
            ],
        }
    )
