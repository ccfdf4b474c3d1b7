"""`/api/admin/scheduler/jobs/{id}/run | pause | resume`."""

from typing import Any, ClassVar

from flask import Response

from api.auth import needs
from api.context import actor, clock, identity, if_match, store
from api.definitions.jobs import override_params, paused, resumed, startable
from api.requests import Body, DocumentPath
from api.responses import accepted
from api.routes.blueprint import SCHEDULER, resource
from api.routes.jobs import job_document
from api.routes.pauses import EmptyBody, PauseBody, pause_from
from shared.models.access import Role
from shared.models.commands import Command
from shared.models.runs import manual_run_id

blueprint = resource("job actions", SCHEDULER, "What an operator does with a job")


class RunBody(Body):
    """params: over the job's own, for this run. force: also while another run of the job is alive."""

    may_be_empty: ClassVar[bool] = True

    params: dict[str, Any] | None = None
    force: bool = False


@blueprint.post("/jobs/<id>/run", summary="Run a job now; its schedule stays as it is")
@needs(Role.OPERATOR)
def run_job(path: DocumentPath, body: RunBody) -> Response:
    job = startable(store().jobs.find(path.id))
    params = override_params(job, body.params, store().catalogue.all())
    command_id, request_hash = identity()
    command = Command(
        id=command_id,
        kind="run",
        job_id=job.id,
        run_id=manual_run_id(job.id, command_id),
        params=params,
        force=body.force,
        created_at=clock().now(),
        created_by=actor().name,
    )
    stored = store().commands.insert(command, actor(), request_hash, job.template)
    return accepted({"commandId": stored["_id"], "runId": stored["runId"]})


@blueprint.post("/jobs/<id>/pause", summary="Let a job rest")
@needs(Role.OPERATOR)
def pause_job(path: DocumentPath, body: PauseBody) -> Response:
    now = clock().now()
    pause = pause_from(body, now)
    changed = store().jobs.change(path.id, if_match(), lambda stored: paused(stored, pause, now), actor(), "pause")
    return job_document(changed)


@blueprint.post("/jobs/<id>/resume", summary="Make a job active from now on; what it missed is not caught up")
@needs(Role.OPERATOR)
def resume_job(path: DocumentPath, body: EmptyBody) -> Response:  # noqa: ARG001 - declares that fields are refused
    now = clock().now()
    changed = store().jobs.change(path.id, if_match(), lambda stored: resumed(stored, now), actor(), "resume")
    return job_document(changed)
