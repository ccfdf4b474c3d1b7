"""`/api/admin/scheduler/statistics | upcoming`: what an overview shows."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from flask import Response
from pydantic import Field, model_validator

from api.answers.fields import moment
from api.answers.notifications import scheduled_notification_answer
from api.auth import needs
from api.context import clock, store
from api.contract.declarations import shows
from api.contract.jobs import RunStatistics, Upcoming
from api.paging import AskedMoment
from api.requests import Asked
from api.responses import ok
from api.routes.blueprint import SCHEDULER, resource
from api.routes.jobs import job_answers
from shared.models.access import Permission
from shared.models.runs import RunState

blueprint = resource("statistics", SCHEDULER, "What an overview shows")

LONGEST = timedelta(days=35)
MOST_COMING = 200
_STATES = frozenset(state.value for state in RunState)


class StatisticsQuery(Asked):
    """Which hours."""

    start: Annotated[AskedMoment, Field(alias="from", description="The hour of this moment is the first.")]
    end: Annotated[AskedMoment, Field(alias="to", description="Before this moment; at most 35 days after `from`.")]

    @model_validator(mode="after")
    def _short_enough(self) -> "StatisticsQuery":
        if not self.start < self.end <= self.start + LONGEST:
            raise ValueError("to is later than from, by at most 35 days")
        return self


class UpcomingQuery(Asked):
    """How far to look."""

    hours: Annotated[int, Field(ge=1, le=168, description="Hours from now.")] = 24


@blueprint.get("/statistics", summary="How many runs ended in each hour, by state")
@needs(Permission.READ)
@shows(RunStatistics)
def read_statistics(query: StatisticsQuery) -> Response:
    """Hours in which nothing ended are left out."""
    hours = store().run_statistics.hours(query.start, query.end)
    return ok({"hours": [_hour(each) for each in hours]})


def _hour(stored: Mapping[str, Any]) -> dict[str, Any]:
    counts = stored.get("counts")
    counted = counts.items() if isinstance(counts, Mapping) else ()
    return {
        "at": moment(stored.get("at")),
        **{state: count for state, count in counted if state in _STATES and isinstance(count, int)},
    }


@blueprint.get("/upcoming", summary="What starts or is sent next, in order")
@needs(Permission.READ)
@shows(Upcoming)
def read_upcoming(query: UpcomingQuery) -> Response:
    """The next time of each job and scheduled notification that is active."""
    now = clock().now()
    before = now + timedelta(hours=query.hours)
    jobs = store().run_statistics.due_jobs(before, MOST_COMING + 1)
    notifications = store().scheduled_notifications.due_before(before, MOST_COMING + 1)
    items = [{**_coming(each), "jobId": each["id"], "notificationId": None} for each in job_answers(jobs)]
    for stored in notifications:
        shown = scheduled_notification_answer(stored, now, {})
        items.append({**_coming(shown), "jobId": None, "notificationId": shown["id"]})
    coming = sorted((each for each in items if each["at"] is not None), key=lambda each: str(each["at"]))
    more = max(len(jobs), len(notifications), len(coming)) > MOST_COMING
    return ok({"items": coming[:MOST_COMING], "more": more})


def _coming(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": shown.get("name") or shown["id"], "at": shown["nextRun"]}
