"""`/api/admin/scheduler/jobs/{id}/backfill`: past occurrences of a job, run now."""

from datetime import datetime
from typing import Any

from flask import Response
from pydantic import ConfigDict

from api.auth import needs
from api.commanded import commanded
from api.context import actor, clock, identity, store, vault
from api.contract.declarations import accepts, shows
from api.contract.jobs import BackfillAsked, BackfillForeseen
from api.definitions.calendars import calendars_of
from api.definitions.jobs import override_params, startable
from api.requests import Body, DocumentPath
from api.responses import ok
from api.routes.blueprint import SCHEDULER, resource
from shared.clock import rfc3339
from shared.errors import InvalidDefinition
from shared.models.access import Permission
from shared.models.commands import Command, PastRange
from shared.models.jobs import Job
from shared.schedule.backfill import past_occurrences
from shared.schedule.describe import describe
from shared.schedule.exclusions import Exclusions

blueprint = resource("backfills", SCHEDULER, "Past occurrences of a job, run now")


class BackfillBody(Body, PastRange):
    """from, to: nominal instants, both included.  params: over the job's own.  dryRun: only say what would run."""

    model_config = ConfigDict(extra="forbid")

    params: dict[str, Any] | None = None
    dry_run: bool = False


@blueprint.post("/jobs/<id>/backfill", summary="Run the past occurrences of a job in a range")
@needs(Permission.OPERATE)
@shows(BackfillForeseen)
@accepts(BackfillAsked)
def backfill_job(path: DocumentPath, body: BackfillBody) -> Response:
    stored_job = store().jobs.find(path.id)
    job = startable(stored_job)
    now = clock().now()
    past = PastRange.model_validate(body.model_dump(include=set(PastRange.model_fields)))
    instants = _instants(job, past, now, calendars_of([stored_job], store()).exclusions_of(job.schedule))
    params = override_params(job, body.params, store().catalogue.all(), vault())
    if body.dry_run:
        return ok(_description(job, instants))
    if not instants:
        raise InvalidDefinition("from", "the schedule has no occurrence in this range", "no_occurrence")
    command_id, request_hash = identity()
    command = Command(
        id=command_id,
        kind="backfill",
        job_id=job.id,
        params=params,
        range=past,
        created_at=now,
        created_by=actor().name,
    )
    stored = store().commands.insert(command, actor(), request_hash, job.template)
    return commanded({"commandId": stored["_id"], "count": len(instants)})


def _instants(job: Job, past: PastRange, now: datetime, exclusions: Exclusions) -> list[datetime]:
    try:
        return past_occurrences(job.schedule, past, job.created_at, now, exclusions)
    except OverflowError:
        raise InvalidDefinition("from", "is out of the range of dates", "out_of_range") from None


def _description(job: Job, instants: list[datetime]) -> dict[str, Any]:
    return {
        "count": len(instants),
        "first": rfc3339(instants[0]) if instants else None,
        "last": rfc3339(instants[-1]) if instants else None,
        "description": describe(job.schedule),
    }
