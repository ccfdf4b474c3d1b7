"""`/api/admin/scheduler/maintenance`: nothing starts anywhere, and every job keeps its own state."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.answers.maintenance import maintenance_answer
from api.auth import needs
from api.context import actor, clock, if_match, store
from api.contract.administration import Maintenance
from api.contract.declarations import changes, deletes, shows_document
from api.responses import document, no_content
from api.routes.blueprint import SCHEDULER, resource
from api.routes.pauses import PauseBody, pause_from
from shared.models.access import Permission

blueprint = resource("maintenance", SCHEDULER, "Nothing starts anywhere; afterwards everything is as it was")


class MaintenanceBody(PauseBody):
    """Why, and until when; without `until` until someone ends it."""


@blueprint.get("/maintenance", summary="Whether maintenance mode is on")
@needs(Permission.READ)
@shows_document(Maintenance)
def read_maintenance() -> Response:
    return document(maintenance_answer(store().maintenance.find(), clock().now()))


@blueprint.put("/maintenance", summary="Start maintenance mode, or change its reason and end")
@needs(Permission.OPERATE)
@changes(Maintenance)
def start_maintenance(body: MaintenanceBody) -> Response:
    now = clock().now()
    pause = pause_from(body, now)

    def decide(seen: Mapping[str, Any] | None) -> Mapping[str, Any]:
        before = maintenance_answer(seen, now)
        since = seen["since"] if seen is not None and before["active"] else now
        return {"active": True, "reason": pause.reason, "since": since, "until": pause.until}

    return document(maintenance_answer(store().maintenance.change(decide, if_match(), actor(), "start"), now))


@blueprint.delete("/maintenance", summary="End maintenance mode")
@needs(Permission.OPERATE)
@deletes
def end_maintenance() -> Response:
    now = clock().now()

    def decide(seen: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        before = maintenance_answer(seen, now)
        if seen is None or not (before["active"] or before["problem"]):
            return None
        if before["problem"]:
            return {"active": False, "reason": "", "since": now, "until": None}
        return {"active": False}

    store().maintenance.change(decide, if_match(), actor(), "end")
    return no_content()
