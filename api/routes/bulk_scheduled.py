"""`/api/notifications/scheduled/bulk`: one action on many, each as its own request would do it."""

from typing import Literal

from flask import Response

from api.auth import needs, require
from api.context import clock, store
from api.contract.declarations import shows
from api.contract.jobs import BulkResult
from api.definitions.scheduled_notifications import paused, resumed
from api.routes.blueprint import NOTIFICATIONS, resource
from api.routes.bulk import Act, ManyBody, changing, deleting, done_to_many
from api.routes.pauses import pause_from
from api.routes.scheduled_notifications import ScheduledSelection
from shared.models.access import Permission

blueprint = resource("bulk actions on notifications", NOTIFICATIONS, "One action on many scheduled notifications")


class ScheduledBulkBody(ManyBody):
    """Which scheduled notifications, by `ids` or by the filters of the list. dryRun: only says what would happen.

    reason, until: of a pause.
    """

    action: Literal["pause", "resume", "delete"]
    filter: ScheduledSelection | None = None


@blueprint.post("/scheduled/bulk", summary="Pause, resume or delete many scheduled notifications")
@needs(Permission.OPERATE)
@shows(BulkResult)
def act_on_scheduled(body: ScheduledBulkBody) -> Response:
    """Each one is a change of its own, with its own entry in the audit log: a refused one leaves the others alone.

    To delete needs the permission to edit, too. Nothing is approved by it: an approval is for what was seen.
    """
    if body.action == "delete":
        require(Permission.EDIT)
    return done_to_many(body, store().scheduled_notifications, _action(body))


def _action(body: ScheduledBulkBody) -> Act:
    definitions, now = store().scheduled_notifications, clock().now()
    match body.action:
        case "pause":
            pause = pause_from(body, now)
            return changing(definitions, lambda stored: paused(stored, pause, now), "pause", dry_run=body.dry_run)
        case "resume":
            return changing(definitions, lambda stored: resumed(stored, now), "resume", dry_run=body.dry_run)
    return deleting(definitions, dry_run=body.dry_run)
