"""`/api/admin/scheduler/templates`: what jobs can be made from."""

from flask import Response

from api.auth import needs
from api.context import store
from api.contract.declarations import lists
from api.contract.jobs import JobTemplate
from api.paging import listing
from api.responses import ok
from api.routes.blueprint import SCHEDULER, resource
from shared.models.access import Permission

blueprint = resource("templates", SCHEDULER, "Job templates that the daemons published")


@blueprint.get("/templates", summary="All job templates, on one page")
@needs(Permission.READ)
@lists(JobTemplate, damaged=False)
def list_templates() -> Response:
    found = store().catalogue.all()
    return ok(
        listing(
            [{"type": each.type, **each.model_dump(mode="json", by_alias=True, exclude={"type"})} for each in found],
            None,
        )
    )
