"""`/api/notifications/templates`: texts with variables. Every save is a new version."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from flask import Response
from pydantic import Field

from api.answers.messages import statistics, texts_answer
from api.answers.notifications import notification_template_answer
from api.auth import needs
from api.checks.notifications import check_template, missing_texts
from api.context import actor, clock, identity, if_match, settings, store
from api.contract import notifications as shapes
from api.contract.declarations import accepts, changes, creates, deletes, lists, shows, shows_document
from api.definitions.drafts import draft_of, draft_texts
from api.definitions.scheduled_notifications import pinned
from api.definitions.sends_to_oneself import trial_definition, trial_notification, trial_variables
from api.paging import PageQuery, SearchQuery, listing
from api.problems import FieldFault
from api.requests import Body, DocumentPath
from api.responses import accepted, created, document, no_content, ok
from api.routes.blueprint import NOTIFICATIONS, resource
from shared.models.access import Permission
from shared.models.base import Text
from shared.models.notification_models import (
    Address,
    Channel,
    NotificationTemplate,
    NotificationTemplateDefinition,
    Variables,
)
from shared.rendering import (
    example_variables,
    recipient_variables,
    render_email,
    render_sms,
    rendering_context,
)
from shared.unsubscribe import UnsubscribeLinks

blueprint = resource("notification templates", NOTIFICATIONS, "Texts that notifications are rendered from")


class TemplateQuery(SearchQuery):
    """Which ones; `q` is a part of the name."""

    category: Annotated[Text, Field(max_length=100, description="Only templates of this category.")] | None = None


class NotificationTemplateBody(Body, NotificationTemplateDefinition):
    """A whole notification template."""

    @classmethod
    def faults_beside(cls, given: Mapping[str, Any]) -> list[FieldFault]:
        return missing_texts(given)


class TemplatePreviewBody(Body):
    """Values for the variables; what is absent has its default, or its example."""

    may_be_empty: ClassVar[bool] = True

    variables: Variables = {}


class DraftPreviewBody(TemplatePreviewBody):
    """A template that is not saved, and values for its variables."""

    may_be_empty: ClassVar[bool] = False

    template: NotificationTemplateDefinition


class VersionPath(DocumentPath):
    """One version of a template."""

    version: Annotated[int, Field(ge=1, le=2_147_483_647, description="Its number.")]


class TrialBody(Body, Address):
    """Where to; variables as in a preview. version: of the template; null: the newest."""

    version: Annotated[int, Field(ge=1, le=2_147_483_647)] | None = None

    def address(self) -> Address:
        return Address.model_validate(self.model_dump(exclude={"version"}))


@blueprint.get("/templates", summary="Notification templates, the newest first")
@needs(Permission.READ)
@lists(shapes.NotificationTemplate)
def list_templates(query: TemplateQuery) -> Response:
    page = store().notification_templates.page(query.limit, query.position, query.q, query.category)
    return ok(listing([notification_template_answer(stored) for stored in page.documents], page.end))


@blueprint.get("/templates/categories", summary="The categories of notification templates")
@needs(Permission.READ)
@shows(shapes.Categories)
def list_categories() -> Response:
    return ok({"items": store().notification_templates.categories()})


@blueprint.post("/templates", summary="Create a notification template")
@needs(Permission.EDIT)
@creates(shapes.NotificationTemplate)
def create_template(body: NotificationTemplateBody) -> Response:
    check_template(body)
    document_id, request_hash = identity()
    stored = store().notification_templates.create(document_id, body, actor(), request_hash)
    return created(notification_template_answer(stored))


@blueprint.get("/templates/<id>", summary="The latest version of a notification template")
@needs(Permission.READ)
@shows_document(shapes.NotificationTemplate)
def read_template(path: DocumentPath) -> Response:
    return document(notification_template_answer(store().notification_templates.find(path.id)))


@blueprint.put("/templates/<id>", summary="Save a new version; what is scheduled keeps the version it pinned")
@needs(Permission.EDIT)
@changes(shapes.NotificationTemplate)
def replace_template(path: DocumentPath, body: NotificationTemplateBody) -> Response:
    check_template(body)
    saved = store().notification_templates.save(path.id, if_match(), body, actor())
    return document(notification_template_answer(saved))


@blueprint.delete("/templates/<id>", summary="Delete a notification template; what is scheduled keeps its version")
@needs(Permission.EDIT)
@deletes
def delete_template(path: DocumentPath) -> Response:
    store().notification_templates.delete(path.id, if_match(), actor())
    return no_content()


@blueprint.post("/templates/<id>/preview", summary="The texts, rendered with given variables. Nothing is sent")
@needs(Permission.READ)
@shows(shapes.RenderedTexts)
def preview_template(path: DocumentPath, body: TemplatePreviewBody) -> Response:
    template = NotificationTemplate.from_document(store().notification_templates.find(path.id))
    given = {**example_variables(template), **body.variables}
    return ok(_rendered(template, recipient_variables(given, {}, {}, {})))


@blueprint.post("/templates/preview", summary="The texts of a template that is not saved, rendered. Nothing is stored")
@needs(Permission.READ)
@shows(shapes.DraftTexts)
def preview_draft(body: DraftPreviewBody) -> Response:
    """What is wrong with one text or variable hides no other text: `faults` names it."""
    draft = draft_of(body.template, clock().now())
    given = {**example_variables(draft), **body.variables}
    links = UnsubscribeLinks.from_settings(settings())
    return ok(draft_texts(draft, recipient_variables(given, {}, {}, {}), None if links is None else links.sample))


@blueprint.get("/templates/<id>/versions", summary="Every version of a notification template, the newest first")
@needs(Permission.READ)
@lists(shapes.NotificationTemplate)
def list_versions(path: DocumentPath, query: PageQuery) -> Response:
    template_id = store().notification_templates.find(path.id)["templateId"]
    page = store().notification_templates.versions(template_id, query.limit, query.position)
    return ok(listing([notification_template_answer(stored) for stored in page.documents], page.end))


@blueprint.get("/templates/<id>/versions/<version>", summary="One version of a notification template")
@needs(Permission.READ)
@shows_document(shapes.NotificationTemplate)
def read_version(path: VersionPath) -> Response:
    store().notification_templates.find(path.id)
    return document(notification_template_answer(store().notification_templates.find(path.id, path.version)))


@blueprint.post("/templates/<id>/test", summary="Send a template to an address of one's own")
@needs(Permission.EDIT)
@accepts(shapes.TrialAsked)
def send_test(path: DocumentPath, body: TrialBody) -> Response:
    template = NotificationTemplate.from_document(store().notification_templates.find(path.id, body.version))
    document_id, request_hash = identity()
    definition = pinned(trial_definition(template, body.address(), clock().now()), store())
    _rendered(template, trial_variables(definition))
    notification = trial_notification(document_id, definition, actor(), clock().now())
    stored = store().scheduled_notifications.insert(notification, actor(), request_hash)
    return accepted({"scheduledNotificationId": stored["_id"], "channels": stored["channels"]})


@blueprint.get("/templates/<id>/statistics", summary="What became of all messages of a notification template")
@needs(Permission.READ)
@shows(shapes.TemplateStatistics)
def template_statistics(path: DocumentPath) -> Response:
    template_id = store().notification_templates.find(path.id)["templateId"]
    users, counts = store().scheduled_notifications.counts_of_template(template_id)
    return ok({"scheduledNotifications": users, "statistics": statistics(counts)})


def _rendered(template: NotificationTemplate, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The texts of the template's channels; InvalidDefinition names what is missing or wrong."""
    links = UnsubscribeLinks.from_settings(settings())
    context = rendering_context(template, variables, None if links is None else links.sample)
    email = render_email(template, context) if Channel.EMAIL in template.channels else None
    sms = render_sms(template, context) if Channel.SMS in template.channels else None
    return texts_answer(email, sms)
