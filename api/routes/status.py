"""`/api/admin/scheduler/status`: how the whole system is, from MongoDB alone."""

from flask import Response

from api.auth import needs
from api.context import clock, settings, store
from api.contract.administration import Status
from api.contract.declarations import shows
from api.overview import read_status
from api.responses import ok
from api.routes.blueprint import SCHEDULER, resource
from shared.models.access import Permission

blueprint = resource("status", SCHEDULER, "How the whole system is")


@blueprint.get("/status", summary="Daemons, leader, depths and problems; 200 in any case")
@needs(Permission.READ)
@shows(Status)
def read() -> Response:
    return ok(read_status(store(), settings(), clock().now()))
