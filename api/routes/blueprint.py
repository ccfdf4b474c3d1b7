"""How the blueprints of the API are made."""

from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

API = "/api"
ADMIN = "/api/admin"
SCHEDULER = "/api/admin/scheduler"
NOTIFICATIONS = "/api/notifications"


def resource(name: str, prefix: str, about: str) -> APIBlueprint:
    """A blueprint whose operations are described under one tag and need a bearer token."""
    return APIBlueprint(
        name,
        __name__,
        url_prefix=prefix,
        abp_tags=[Tag(name=name, description=about)],
        abp_security=[{"bearer": []}],
    )


def open_resource(name: str, about: str) -> APIBlueprint:
    """A blueprint whose operations need no bearer token, and say themselves what proves the caller."""
    return APIBlueprint(
        name,
        __name__,
        abp_tags=[Tag(name=name, description=about)],
    )
