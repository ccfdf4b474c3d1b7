"""`/api/admin/settings`: what the API runs with."""

from flask import Response

from api.answers.settings import of_this_process, settings_answer
from api.auth import needs
from api.context import settings
from api.contract.administration import SettingsInForce
from api.contract.declarations import shows
from api.responses import ok
from api.routes.blueprint import ADMIN, resource
from shared.models.access import Permission

blueprint = resource("settings", ADMIN, "What the API runs with")


@blueprint.get("/settings", summary="The settings of the API in force; secrets are masked")
@needs(Permission.ADMINISTER)
@shows(SettingsInForce)
def read_settings() -> Response:
    """Those of the process that answers. Daemons read the same files, and are started with their own environment."""
    return ok({"items": settings_answer(settings(), *of_this_process())})
