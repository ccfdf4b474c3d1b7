"""Builds the WSGI application from its parts."""

from flask_openapi.models.info import Info
from flask_openapi.models.security_scheme import SecurityScheme
from flask_openapi.openapi import OpenAPI

from api import auth, compression, context, cors, export_folder, idempotency, problems, responses, scrape, throttle
from api.contract import document
from api.requests import JsonRequest, refuse_invalid
from api.routes import blueprints
from api.store import Store
from shared import __version__
from shared.clock import Clock, SystemClock
from shared.settings import Settings

SECURITY = {"bearer": SecurityScheme(type="http", scheme="bearer", description="A token of `unified-scheduler token`.")}


def build(settings: Settings, clock: Clock | None) -> OpenAPI:
    """See `api.create_app`."""
    app = OpenAPI(
        "api",
        info=Info(title="Unified Scheduler", version=__version__),
        security_schemes=dict(SECURITY),
        validation_error_callback=refuse_invalid,
        doc_ui=False,
        static_folder=None,
    )
    app.request_class = JsonRequest
    app.config["MAX_CONTENT_LENGTH"] = settings.api_max_body_bytes
    export_folder.keep(app, settings)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    the_clock = clock or SystemClock()
    context.keep(app, Store(settings, the_clock), the_clock, settings)
    compression.install(app)
    responses.install(app)
    cors.install(app, settings)
    auth.install(app, settings)
    throttle.install(app, settings)
    idempotency.install(app)
    problems.install(app)
    for blueprint in blueprints():
        app.register_api(blueprint)
    scrape.install(app, settings)
    auth.check_declared(app)
    document.install(app)
    return app
