"""How many fit the filters of the list of jobs or of scheduled notifications; counted up to a bound."""

from typing import Any

from flask import Response

from api.auth import needs
from api.context import store
from api.contract.declarations import shows
from api.contract.shapes import Counted
from api.requests import Asked
from api.responses import ok
from api.routes.blueprint import API, resource
from api.routes.jobs import JobSelection
from api.routes.scheduled_notifications import ScheduledFilters
from api.store.definition_filter import DefinitionFilter
from api.store.definitions import DefinitionStore
from shared.models.access import Permission

blueprint = resource("counts", API, "How many fit")

MOST = 1000


class JobCountQuery(JobSelection, Asked):
    """Which jobs."""


class ScheduledCountQuery(ScheduledFilters, Asked):
    """Which scheduled notifications."""


@blueprint.get("/admin/scheduler/jobs/count", summary="How many jobs fit, up to 1000")
@needs(Permission.READ)
@shows(Counted)
def count_jobs(query: JobCountQuery) -> Response:
    return ok(_counted(store().jobs, query.which()))


@blueprint.get("/notifications/scheduled/count", summary="How many scheduled notifications fit, up to 1000")
@needs(Permission.READ)
@shows(Counted)
def count_scheduled(query: ScheduledCountQuery) -> Response:
    return ok(_counted(store().scheduled_notifications, query.which()))


def _counted(definitions: DefinitionStore, which: DefinitionFilter) -> dict[str, Any]:
    count = definitions.count(which, MOST + 1)
    return {"count": None if count is None else min(count, MOST), "more": count is not None and count > MOST}
