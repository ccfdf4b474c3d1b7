"""`/api/notifications/recipients`: people who can be notified."""

from http import HTTPStatus
from typing import Any

from flask import Response, request
from pydantic import Field

from api.answers.notifications import recipient_answer
from api.auth import needs
from api.checks.recipient_csv import read_rows
from api.context import actor, identity, if_match, store
from api.contract.declarations import changes, creates, deletes, lists, shows, shows_document
from api.contract.people import ImportCounts, Recipient
from api.definitions.recipient_import import ImportPlan, plan_import
from api.paging import SearchQuery, listing
from api.problems import Problem, ProblemCode
from api.requests import Asked, Body, DocumentPath
from api.responses import created, document, no_content, ok
from api.routes.blueprint import NOTIFICATIONS, resource
from shared.models.access import Permission
from shared.models.base import DocumentId
from shared.models.recipients import RecipientDefinition

blueprint = resource("recipients", NOTIFICATIONS, "People who can be notified")


class RecipientBody(Body, RecipientDefinition):
    """A person."""


class ImportQuery(Asked):
    """dryRun: says what an import would do, and does nothing. groupId: the group that everybody in the file joins."""

    dry_run: bool = Field(False, description="Only check the file, and count.")
    group_id: DocumentId | None = Field(None, description="Group that everybody in the file becomes a member of.")


CSV_BODY: dict[str, Any] = {
    "required": True,
    "description": "UTF-8 with a heading: externalKey, name, email, phone, locale, timezone, variables.<name>.",
    "content": {
        "text/csv": {
            "schema": {"type": "string"},
            "example": "externalKey,email,name,variables.city\nk1,ada@example.com,Ada,London\n",
        }
    },
}


@blueprint.get("/recipients", summary="People, the newest first")
@needs(Permission.READ)
@lists(Recipient)
def list_recipients(query: SearchQuery) -> Response:
    page = store().recipients.page(query.limit, query.position, query.q)
    return ok(listing([recipient_answer(stored) for stored in page.documents], page.end))


@blueprint.post("/recipients", summary="Add a person")
@needs(Permission.EDIT)
@creates(Recipient)
def create_recipient(body: RecipientBody) -> Response:
    document_id, request_hash = identity()
    stored = store().recipients.insert(document_id, body.model_dump(by_alias=True), actor(), request_hash)
    return created(recipient_answer(stored))


@blueprint.get("/recipients/<id>", summary="One person")
@needs(Permission.READ)
@shows_document(Recipient)
def read_recipient(path: DocumentPath) -> Response:
    return document(recipient_answer(store().recipients.find(path.id)))


@blueprint.put("/recipients/<id>", summary="Replace what is known of a person")
@needs(Permission.EDIT)
@changes(Recipient)
def replace_recipient(path: DocumentPath, body: RecipientBody) -> Response:
    changed = store().recipients.replace(path.id, if_match(), body.model_dump(by_alias=True), actor())
    return document(recipient_answer(changed))


@blueprint.delete("/recipients/<id>", summary="Remove a person")
@needs(Permission.EDIT)
@deletes
def delete_recipient(path: DocumentPath) -> Response:
    store().recipients.delete(path.id, if_match(), actor())
    return no_content()


@blueprint.post(
    "/recipients/import",
    summary="Add and change people from a CSV file (text/csv): all, or none",
    request_body=CSV_BODY,
)
@needs(Permission.EDIT)
@shows(ImportCounts)
def import_recipients(query: ImportQuery) -> Response:
    if request.mimetype != "text/csv":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            ProblemCode.UNSUPPORTED_MEDIA_TYPE,
            "Send the file as Content-Type: text/csv.",
        )
    rows = read_rows(request.get_data())
    plan = ImportPlan()

    def planned(stored: list[dict[str, object]]) -> ImportPlan:
        nonlocal plan
        plan = plan_import(rows, stored)
        return plan

    keys = [row.given["externalKey"] for row in rows if row.given.get("externalKey")]
    emails = [row.given["email"] for row in rows if row.given.get("email")]
    store().recipients.import_all(keys, emails, planned, actor(), group_id=query.group_id, dry_run=query.dry_run)
    counts = {"created": len(plan.inserts), "updated": len(plan.updates), "unchanged": plan.unchanged}
    return ok({**counts, "joined": plan.joined, "dryRun": query.dry_run})
