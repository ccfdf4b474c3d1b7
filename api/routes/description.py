"""`/api/openapi.json`: the contract for programs. `/api/docs`: the same for people, a page without any script."""

from importlib.resources import files

from flask import Response, current_app
from flask_openapi.blueprint import APIBlueprint
from jinja2 import Environment

from api.auth import public
from api.contract.document import openapi
from api.responses import ok

blueprint = APIBlueprint("description", __name__, doc_ui=False)

_PAGES = files("api.routes") / "pages"
_CACHED_SECONDS = 300


@blueprint.get("/api/openapi.json")
@public
def contract() -> Response:
    """The OpenAPI document."""
    return ok(openapi(current_app))


@blueprint.get("/api/docs")
@public
def docs() -> Response:
    """The OpenAPI document as one page."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((_PAGES / "docs.html.jinja").read_text(encoding="utf-8"))
    return Response(template.render(document=openapi(current_app)), mimetype="text/html")


@blueprint.get("/api/docs/style.css")
@public
def style() -> Response:
    """What the page looks like."""
    response = Response((_PAGES / "docs.css").read_bytes(), mimetype="text/css")
    response.headers["Cache-Control"] = f"max-age={_CACHED_SECONDS}"
    return response
