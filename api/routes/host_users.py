"""`/api/notifications/host-users`: what users of the host application do not want."""

from flask import Response, request
from pydantic import BaseModel

from api.answers.notifications import host_user_preferences_answer
from api.auth import needs
from api.context import actor, if_match, store
from api.contract.declarations import changes_or_creates, deletes, lists, shows_document
from api.contract.people import HostUserPreferences
from api.paging import PageQuery, listing
from api.requests import Body
from api.responses import document, no_content, ok
from api.routes.blueprint import NOTIFICATIONS, resource
from shared.models.access import Permission
from shared.models.recipients import HostUserId, HostUserPreferencesDefinition

blueprint = resource("host users", NOTIFICATIONS, "Preferences of users of the host application")


class HostUserPath(BaseModel):
    """The user's id in the host application, as text."""

    id: HostUserId


class PreferencesBody(Body, HostUserPreferencesDefinition):
    """All preferences of a user."""


@blueprint.get("/host-users", summary="Users who have said what they do not want, the newest first")
@needs(Permission.READ)
@lists(HostUserPreferences)
def list_preferences(query: PageQuery) -> Response:
    page = store().host_user_preferences.page(query.limit, query.position)
    return ok(listing([host_user_preferences_answer(stored) for stored in page.documents], page.end))


@blueprint.get("/host-users/<id>", summary="What one user does not want")
@needs(Permission.READ)
@shows_document(HostUserPreferences)
def read_preferences(path: HostUserPath) -> Response:
    return document(host_user_preferences_answer(store().host_user_preferences.find(path.id)))


@blueprint.put("/host-users/<id>", summary="Set what a user does not want; the first time without If-Match")
@needs(Permission.EDIT)
@changes_or_creates(HostUserPreferences)
def put_preferences(path: HostUserPath, body: PreferencesBody) -> Response:
    preferences, fields = store().host_user_preferences, body.model_dump(by_alias=True)
    stored = None if "If-Match" in request.headers else preferences.add(path.id, fields, actor())
    if stored is None:
        stored = preferences.replace(path.id, if_match(), fields, actor())
    return document(host_user_preferences_answer(stored))


@blueprint.delete("/host-users/<id>", summary="Forget what a user does not want")
@needs(Permission.EDIT)
@deletes
def delete_preferences(path: HostUserPath) -> Response:
    store().host_user_preferences.delete(path.id, if_match(), actor())
    return no_content()
