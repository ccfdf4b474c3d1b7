"""`/`: the web UI. `/ui/VERSION/...`: its files, which never change under one address."""

from http import HTTPStatus

from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel

from api.auth import public
from api.problems import Problem, ProblemCode
from api.web_files import WebFile, web_files

blueprint = APIBlueprint("web_ui", __name__, doc_ui=False)

_FOR_EVER = "public, max-age=31536000, immutable"
_POLICY = (
    "default-src 'self'; script-src 'self' {scripts}; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)


MAIL = "mail.html"
_MAIL_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data: https: http:; "
    "frame-ancestors 'self'; form-action 'none'; base-uri 'none'; sandbox allow-scripts"
)
"""Of the frame that shows the HTML of a message: its styles are its own, its scripts never run."""


class FilePath(BaseModel):
    """Which file of which version."""

    version: str
    name: str


@blueprint.get("/")
@public
def shell() -> Response:
    """The one page. Every screen has its address behind `#`, so the page works under any path."""
    found = web_files()
    response = _served(found.shell)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = _POLICY.format(scripts=found.shell_scripts)
    response.set_etag(found.version)
    response.make_conditional(request)
    return response


@blueprint.get("/ui/<version>/<path:name>")
@public
def file(path: FilePath) -> Response:
    """A file of the version that this API serves; 404 for another one, and the page loads itself again."""
    found = web_files()
    if path.version != found.version or path.name not in found.others:
        raise Problem(HTTPStatus.NOT_FOUND, ProblemCode.NOT_FOUND, "There is no such file in this version.")
    response = _served(found.others[path.name])
    response.headers["Cache-Control"] = _FOR_EVER
    if path.name == MAIL:
        response.headers["Content-Security-Policy"] = _MAIL_POLICY
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
    if path.name == MAIL.replace(".html", ".js"):
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # that frame has an origin of its own
    return response


def _served(one: WebFile) -> Response:
    packed = request.accept_encodings["gzip"] > 0
    response = Response(one.compressed if packed else one.content, content_type=one.media_type)
    response.headers["Vary"] = "Accept-Encoding"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
