"""`/healthz`: the process answers. `/readyz`: the database, too."""

from http import HTTPStatus

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from api.auth import public
from api.context import store
from api.problems import Problem, ProblemCode
from api.responses import ok

blueprint = APIBlueprint("health", __name__, doc_ui=False)


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """The process is up. Asks nobody else."""
    return ok({"status": "ok"})


@blueprint.get("/readyz")
@public
def readyz() -> Response:
    """MongoDB answers within two seconds; 503 otherwise."""
    if store().connection.ping() is not None:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.DATABASE_UNAVAILABLE, "MongoDB does not answer now.")
    return ok({"status": "ready"})
