"""`/api/admin/settings`: what the API runs with, and what the daemons told of theirs."""

from flask import Response, request

from api.answers.settings import daemons_answer, settings_answer
from api.auth import needs
from api.context import clock, settings, store
from api.contract.administration import SettingsInForce
from api.contract.declarations import shows
from api.responses import ok
from api.routes.blueprint import ADMIN, resource
from shared.models.access import Permission
from shared.settings_shown import of_this_process

blueprint = resource("settings", ADMIN, "What the API and the daemons run with")


@blueprint.get("/settings", summary="The settings in force; secrets are masked")
@needs(Permission.ADMINISTER)
@shows(SettingsInForce)
def read_settings() -> Response:
    """`items` are those of the API process that answers; `daemons` says what is not the default in each daemon."""
    items = settings_answer(settings(), *of_this_process(), _listens_on())
    return ok({"items": items, "daemons": daemons_answer(store().system.heartbeats(), clock().now())})


def _listens_on() -> str | None:
    """Where gunicorn listens, if it was told another port than API_BIND; None: where the setting says."""
    port = request.environ.get("SERVER_PORT")
    served = str(request.environ.get("SERVER_SOFTWARE", "")).startswith("gunicorn")
    if not served or not port or settings().api_bind.rpartition(":")[2] == port:
        return None
    return f"{request.environ.get('SERVER_NAME')}:{port}"
