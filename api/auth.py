"""Who calls, and whether they may: bearer tokens, roles as sets of permissions, one permission that each view needs."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from api.context import clock, store
from api.problems import Problem, ProblemCode
from api.throttle import count_failed_login
from shared.models.access import PERMISSIONS, Permission, Role, roles_with

View = TypeVar("View", bound=Callable[..., Any])

TOKEN_PREFIX = "us_"  # noqa: S105 - how a token starts, so that leaked ones can be searched for
LONGEST_TOKEN = 200
_ATTRIBUTE = "needed_permission"


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a valid token."""

    token_id: str
    name: str
    role: Role

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]


def hash_token(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so a fast hash is right."""
    return hashlib.sha256(token.encode()).hexdigest()


def needs(permission: Permission) -> Callable[[View], View]:
    """Marks a view: what its caller must be allowed to do."""

    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, permission)
        return view

    return mark


def public(view: View) -> View:
    """Marks a view that needs no token."""
    setattr(view, _ATTRIBUTE, None)
    return view


def principal() -> Principal:
    """The caller of this request."""
    found: Principal = g.principal
    return found


def needed_permission(app: Flask, endpoint: str) -> Permission | None:
    """What the view of an endpoint needs; None: not even a token."""
    found: Permission | None = getattr(app.view_functions[endpoint], _ATTRIBUTE)
    return found


def require(permission: Permission) -> None:
    """403 unless the caller of this request has the permission, too."""
    caller = principal()
    if not caller.may(permission):
        *others, last = (role.value for role in roles_with(permission))
        roles = f"{', '.join(others)} or {last}" if others else last
        raise Problem(
            HTTPStatus.FORBIDDEN,
            ProblemCode.FORBIDDEN,
            f"This needs the permission {permission.value}, so the role {roles}; the token has the role "
            f"{caller.role.value}.",
        )


def authenticate() -> None:
    """Before each request: sets the principal, or refuses with 401 or 403. Unknown paths are left to the 404."""
    if request.endpoint is None:
        return
    permission = needed_permission(current_app, request.endpoint)
    if permission is None:
        return
    g.principal = _caller()
    if request.method != "OPTIONS":  # it only tells the methods of a path
        require(permission)


def _caller() -> Principal:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise _unauthenticated("Send Authorization: Bearer <token>.", "")
    now = clock().now()
    found = store().tokens.find_by_hash(hash_token(token))
    if found is None or found.state(now) != "valid":
        count_failed_login(token)
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


def check_declared(app: Flask) -> None:
    """RuntimeError names a view that says neither what it needs nor that it is public."""
    for endpoint, view in app.view_functions.items():
        if not hasattr(view, _ATTRIBUTE):
            raise RuntimeError(f"the view {endpoint} needs @needs(Permission....) or @public")
