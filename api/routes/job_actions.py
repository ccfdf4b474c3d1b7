"""`/api/admin/scheduler/jobs/{id}/run | pause | resume`."""

from typing import Any, ClassVar

from flask import Response

from api.auth import needs, require
from api.commanded import commanded
from api.context import actor, clock, identity, if_match, store, vault
from api.contract.declarations import accepts, changes
from api.contract.jobs import Job, JobSwitches, RunAsked
from api.definitions.jobs import override_params, paused, resumed, startable
from api.requests import Body, DocumentPath
from api.routes.blueprint import SCHEDULER, resource
from api.routes.jobs import job_answers
from api.routes.pauses import EmptyBody, PauseBody, pause_from, switched
from shared.models.access import Permission
from shared.models.commands import Command
from shared.models.runs import manual_run_id

blueprint = resource("job actions", SCHEDULER, "What an operator does with a job")


class RunBody(Body):
    """params: over the job's own, for this run. force: also while another run of the job is alive.

    Both need the permission to operate.
    """

    may_be_empty: ClassVar[bool] = True

    params: dict[str, Any] | None = None
    force: bool = False


@blueprint.post("/jobs/<id>/run", summary="Run a job now; its schedule stays as it is")
@needs(Permission.RUN)
@accepts(RunAsked)
def run_job(path: DocumentPath, body: RunBody) -> Response:
    if body.params is not None or body.force:
        require(Permission.OPERATE)
    job = startable(store().jobs.find(path.id))
    params = override_params(job, body.params, store().catalogue.all(), vault())
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
    return commanded({"commandId": stored["_id"], "runId": stored["runId"]})


@blueprint.post("/jobs/<id>/pause", summary="Let a job rest")
@needs(Permission.SWITCH)
@changes(Job, JobSwitches)
def pause_job(path: DocumentPath, body: PauseBody) -> Response:
    now = clock().now()
    pause = pause_from(body, now)
    changed = store().jobs.change(path.id, if_match(), lambda stored: paused(stored, pause, now), actor(), "pause")
    return switched(job_answers([changed])[0])


@blueprint.post("/jobs/<id>/resume", summary="Make a job active from now on; what it missed is not caught up")
@needs(Permission.SWITCH)
@changes(Job, JobSwitches)
def resume_job(path: DocumentPath, body: EmptyBody) -> Response:  # noqa: ARG001 - declares that fields are refused
    now = clock().now()
    changed = store().jobs.change(path.id, if_match(), lambda stored: resumed(stored, now), actor(), "resume")
    return switched(job_answers([changed])[0])
