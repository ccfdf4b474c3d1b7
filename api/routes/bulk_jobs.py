"""`/api/admin/scheduler/jobs/bulk`: one action on many jobs, each as its own request would do it."""

from typing import Literal

from flask import Response

from api.auth import needs, require
from api.context import Identity, actor, clock, identity, store, vault
from api.contract.declarations import shows
from api.contract.jobs import BulkResult
from api.definitions.jobs import disabled, enabled, override_params, paused, resumed, startable
from api.routes.blueprint import SCHEDULER, resource
from api.routes.bulk import Act, ManyBody, Stored, changing, deleting, done_to_many
from api.routes.jobs import JobSelection
from api.routes.pauses import pause_from
from api.store.definitions import Change
from shared.models.access import Permission
from shared.models.commands import Command
from shared.models.runs import manual_run_id

blueprint = resource("bulk actions", SCHEDULER, "One action on many jobs")

Action = Literal["pause", "resume", "enable", "disable", "run", "delete"]
_OF_EDITORS = ("enable", "disable", "delete")


class BulkBody(ManyBody):
    """Which jobs, by `ids` or by the filters of the list. dryRun: only says what would happen.

    reason, until: of a pause.
    """

    action: Action
    filter: JobSelection | None = None


@blueprint.post("/jobs/bulk", summary="Pause, resume, enable, disable, run or delete many jobs")
@needs(Permission.OPERATE)
@shows(BulkResult)
def act_on_jobs(body: BulkBody) -> Response:
    """Each job is a change of its own, with its own entry in the audit log: a refused one leaves the others alone.

    To enable, disable and delete needs the permission to edit, too.
    """
    if body.action in _OF_EDITORS:
        require(Permission.EDIT)
    return done_to_many(body, store().jobs, _action(body, identity()))


def _action(body: BulkBody, who: Identity) -> Act:
    if body.action == "run":
        return lambda stored: _run(stored, who, dry_run=body.dry_run)
    if body.action == "delete":
        return deleting(store().jobs, dry_run=body.dry_run)
    now = clock().now()
    pause = pause_from(body, now) if body.action == "pause" else None

    def mutation(stored: Stored) -> Change:
        match body.action:
            case "pause" if pause is not None:
                return paused(stored, pause, now)
            case "resume":
                return resumed(stored, now)
            case "enable":
                return enabled(stored, now)
        return disabled(stored, now)

    audited = "update" if body.action in ("enable", "disable") else body.action
    return changing(store().jobs, mutation, audited, dry_run=body.dry_run)


def _run(stored: Stored, who: Identity, *, dry_run: bool) -> bool:
    job = startable(stored)
    override_params(job, None, store().catalogue.all(), vault())
    if not dry_run:
        command_id = f"{who.id}:{job.id}"
        command = Command(
            id=command_id,
            kind="run",
            job_id=job.id,
            run_id=manual_run_id(job.id, command_id),
            created_at=clock().now(),
            created_by=actor().name,
        )
        store().commands.insert(command, actor(), who.request_hash, job.template)
    return True
