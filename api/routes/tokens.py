"""`/api/admin/tokens`: who may call the API. A token is shown once, in the answer that creates it."""

from datetime import timedelta
from typing import Annotated

from flask import Response
from pydantic import AfterValidator, Field

from api.answers.tokens import token_answer
from api.auth import needs
from api.context import actor, clock, identity, if_match, store
from api.contract.administration import NewToken, Token
from api.contract.declarations import creates, deletes, lists, shows_document
from api.definitions.tokens import new_secret, new_token
from api.idempotency import shown_once
from api.paging import PageQuery, listing
from api.problems import ProblemCode, conflict
from api.requests import Body, DocumentPath
from api.responses import created, document, no_content, ok
from api.routes.blueprint import ADMIN, resource
from shared.durations import Duration
from shared.models.access import Permission, Role
from shared.models.base import Name

blueprint = resource("tokens", ADMIN, "Who may call the API")

LONGEST_LIFE = timedelta(days=36_500)


def _is_a_life(duration: timedelta) -> timedelta:
    if not timedelta(0) < duration <= LONGEST_LIFE:
        raise ValueError("more than 0s, at most 36500d; leave it out for a token that does not expire")
    return duration


class TokenBody(Body):
    """name: appears in createdBy and in the audit log. expiresIn: null for a token that is valid until revoked."""

    name: Name
    role: Role = Field(strict=False)
    expires_in: Annotated[Duration, AfterValidator(_is_a_life)] | None = None


@blueprint.get("/tokens", summary="Tokens, the newest first; never their secrets")
@needs(Permission.ADMINISTER)
@lists(Token)
def list_tokens(query: PageQuery) -> Response:
    page, now = store().tokens.page(query.limit, query.position), clock().now()
    return ok(listing([token_answer(stored, now) for stored in page.documents], page.end))


@blueprint.post("/tokens", summary="Create a token; `token` in the answer is its secret, shown this once")
@needs(Permission.ADMINISTER)
@shown_once
@creates(NewToken)
def create_token(body: TokenBody) -> Response:
    document_id, request_hash = identity()
    secret, now = new_secret(), clock().now()
    expires_at = None if body.expires_in is None else now + body.expires_in
    token = new_token(document_id, body.name, body.role, expires_at, secret, actor(), now)
    stored = store().tokens.create(token, actor(), request_hash)
    if stored["tokenHash"] != token.token_hash:
        raise conflict(
            ProblemCode.SHOWN_ONCE,
            f"The first request made the token {document_id}; its secret was shown once. If it is lost, revoke that "
            "token and create another, with a new Idempotency-Key.",
        )
    return created({**token_answer(stored, now), "token": secret})


@blueprint.get("/tokens/<id>", summary="One token")
@needs(Permission.ADMINISTER)
@shows_document(Token)
def read_token(path: DocumentPath) -> Response:
    return document(token_answer(store().tokens.find(path.id), clock().now()))


@blueprint.delete("/tokens/<id>", summary="Revoke a token: the next request with it is refused. It stays listed")
@needs(Permission.ADMINISTER)
@deletes
def revoke_token(path: DocumentPath) -> Response:
    store().tokens.revoke_one(path.id, if_match(), actor(), clock().now())
    return no_content()
