"""`/api/me`: who calls."""

from flask import Response

from api.auth import needs, principal
from api.context import clock
from api.contract.administration import Me
from api.contract.declarations import shows
from api.responses import ok
from api.routes.blueprint import API, resource
from shared import __version__
from shared.clock import rfc3339
from shared.models.access import Permission

blueprint = resource("me", API, "Who calls")


@blueprint.get("/me", summary="Who the token is of, and what it may do")
@needs(Permission.IDENTIFY)
@shows(Me)
def who_calls() -> Response:
    caller = principal()
    return ok(
        {
            "id": caller.token_id,
            "name": caller.name,
            "roles": caller.roles,
            "permissions": sorted(caller.permissions),
            "expiresAt": None if caller.expires_at is None else rfc3339(caller.expires_at),
            "at": rfc3339(clock().now()),
            "version": __version__,
        }
    )
