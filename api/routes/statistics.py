"""`/api/admin/scheduler/statistics | upcoming | jobs/recent-runs`: what an overview shows."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from flask import Response
from pydantic import Field, model_validator

from api.answers.jsonable import jsonable, moment
from api.answers.notifications import scheduled_notification_answer
from api.auth import needs
from api.context import clock, store
from api.contract.declarations import shows
from api.contract.jobs import RecentRuns, RunStatistics, Upcoming
from api.paging import AskedMoment
from api.requests import Asked
from api.responses import ok
from api.routes.blueprint import SCHEDULER, resource
from api.routes.jobs import job_answers
from api.store.ids import text_of
from shared.models.access import Permission
from shared.models.runs import RunState

blueprint = resource("statistics", SCHEDULER, "What an overview shows")

LONGEST = timedelta(days=35)
MOST_COMING = 200
MOST_JOBS = 100
RUNS = 20
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


class RecentRunsQuery(Asked):
    """Of which jobs."""

    ids: Annotated[str, Field(min_length=1, max_length=20_000, description=f"Ids with commas, at most {MOST_JOBS}.")]

    @model_validator(mode="after")
    def _few_enough(self) -> "RecentRunsQuery":
        if len(self.ids.split(",")) > MOST_JOBS:
            raise ValueError(f"ids: at most {MOST_JOBS}")
        return self


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


@blueprint.get("/jobs/recent-runs", summary="The latest runs of some jobs, in short")
@needs(Permission.READ)
@shows(RecentRuns)
def read_recent_runs(query: RecentRunsQuery) -> Response:
    ids = list(dict.fromkeys(each for each in query.ids.split(",") if each))
    return ok({"items": [{"jobId": each, "runs": _runs(each)} for each in ids]})


def _runs(job_id: str) -> list[dict[str, Any]]:
    return [
        {
            "id": text_of(stored["_id"]),
            "state": jsonable(stored.get("state")),
            "scheduledFor": moment(stored.get("scheduledFor")),
            "durationMs": stored["durationMs"] if isinstance(stored.get("durationMs"), int) else None,
        }
        for stored in store().run_statistics.latest_runs(job_id, RUNS)
    ]
