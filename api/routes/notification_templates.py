"""`/api/notifications/templates`: texts with variables. Every save is a new version."""

from typing import Any, ClassVar

from flask import Response

from api.answers.notifications import notification_template_answer
from api.auth import needs
from api.checks.notifications import check_template
from api.context import actor, identity, if_match, store
from api.paging import PageQuery, listing
from api.requests import Body, DocumentPath
from api.responses import created, document, no_content, ok
from api.routes.blueprint import NOTIFICATIONS, resource
from shared.models.access import Role
from shared.models.notification_models import (
    Channel,
    NotificationTemplate,
    NotificationTemplateDefinition,
    Variables,
)
from shared.rendering import recipient_variables, render_email, render_sms, rendering_context

blueprint = resource("notification templates", NOTIFICATIONS, "Texts that notifications are rendered from")


class NotificationTemplateBody(Body, NotificationTemplateDefinition):
    """A whole notification template."""


class PreviewBody(Body):
    """Values for the variables; what is absent has its default."""

    may_be_empty: ClassVar[bool] = True

    variables: Variables = {}


@blueprint.get("/templates", summary="Notification templates, the newest first")
def list_templates(query: PageQuery) -> Response:
    page = store().notification_templates.page(query.limit, query.position)
    return ok(listing([notification_template_answer(stored) for stored in page.documents], page.end))


@blueprint.post("/templates", summary="Create a notification template")
def create_template(body: NotificationTemplateBody) -> Response:
    check_template(body)
    document_id, request_hash = identity()
    stored = store().notification_templates.create(document_id, body, actor(), request_hash)
    return created(notification_template_answer(stored))


@blueprint.get("/templates/<id>", summary="The latest version of a notification template")
def read_template(path: DocumentPath) -> Response:
    return document(notification_template_answer(store().notification_templates.find(path.id)))


@blueprint.put("/templates/<id>", summary="Save a new version; what is scheduled keeps the version it pinned")
def replace_template(path: DocumentPath, body: NotificationTemplateBody) -> Response:
    check_template(body)
    saved = store().notification_templates.save(path.id, if_match(), body, actor())
    return document(notification_template_answer(saved))


@blueprint.delete("/templates/<id>", summary="Delete a notification template; what is scheduled keeps its version")
def delete_template(path: DocumentPath) -> Response:
    store().notification_templates.delete(path.id, if_match(), actor())
    return no_content()


@blueprint.post("/templates/<id>/preview", summary="The texts, rendered with given variables. Nothing is sent")
@needs(Role.VIEWER)
def preview_template(path: DocumentPath, body: PreviewBody) -> Response:
    template = NotificationTemplate.from_document(store().notification_templates.find(path.id))
    context = rendering_context(template, recipient_variables(body.variables, {}, {}, {}))
    rendered: dict[str, Any] = {"subject": None, "text": None, "html": None, "sms": None}
    if Channel.EMAIL in template.channels:
        email = render_email(template, context)
        rendered |= {"subject": email.subject, "text": email.text, "html": email.html}
    if Channel.SMS in template.channels:
        rendered["sms"] = render_sms(template, context)
    return ok(rendered)
