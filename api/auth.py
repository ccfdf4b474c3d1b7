"""Who calls, and whether they may. Bearer tokens, four roles that include each other."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from api.context import clock, store
from api.problems import Problem, ProblemCode
from shared.models.access import Role

View = TypeVar("View", bound=Callable[..., Any])

TOKEN_PREFIX = "us_"  # noqa: S105 - how a token starts, so that leaked ones can be searched for
LONGEST_TOKEN = 200
_RANK = {role: rank for rank, role in enumerate(Role)}
_ROLE_ATTRIBUTE = "required_role"
_READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a valid token."""

    token_id: str
    name: str
    role: Role

    def may(self, role: Role) -> bool:
        return _RANK[self.role] >= _RANK[role]


def hash_token(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so a fast hash is right."""
    return hashlib.sha256(token.encode()).hexdigest()


def needs(role: Role) -> Callable[[View], View]:
    """Marks a view: least role that may call it. Unmarked: viewer for reading, editor for everything else."""

    def mark(view: View) -> View:
        setattr(view, _ROLE_ATTRIBUTE, role)
        return view

    return mark


def public(view: View) -> View:
    """Marks a view that needs no token."""
    setattr(view, _ROLE_ATTRIBUTE, None)
    return view


def principal() -> Principal:
    """The caller of this request."""
    found: Principal = g.principal
    return found


def _required_role() -> Role | None:
    view = current_app.view_functions[request.endpoint or ""]
    default = Role.VIEWER if request.method in _READING else Role.EDITOR
    role: Role | None = getattr(view, _ROLE_ATTRIBUTE, default)
    return role


def authenticate() -> None:
    """Before each request: sets the principal, or refuses with 401 or 403. Unknown paths are left to the 404."""
    if request.endpoint is None:
        return
    role = _required_role()
    if role is None:
        return
    caller = _caller()
    g.principal = caller
    if not caller.may(role):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            ProblemCode.FORBIDDEN,
            f"This needs the role {role.value}; the token has the role {caller.role.value}.",
        )


def _caller() -> Principal:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise _unauthenticated("Send Authorization: Bearer <token>.", "")
    now = clock().now()
    found = store().tokens.find_by_hash(hash_token(token))
    if found is None or found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= now):
        raise _unauthenticated("The token is unknown, revoked or expired.", ', error="invalid_token"')
    store().tokens.note_use(found, now)
    return Principal(found.id, found.name, found.role)


def _unauthenticated(detail: str, challenge: str) -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        ProblemCode.UNAUTHENTICATED,
        detail,
        headers={"WWW-Authenticate": f'Bearer realm="unified-scheduler"{challenge}'},
    )


def install(app: Flask) -> None:
    """Makes every request of the application pass authenticate()."""
    app.before_request(authenticate)
