"""Who calls, and whether they may: bearer tokens, roles as sets of permissions, one permission that each view needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from api.context import clock, store
from api.definitions.tokens import hash_token
from api.host_tokens import LONGEST as LONGEST_HOST_TOKEN
from api.host_tokens import HostTokenReader, InvalidHostToken, looks_like_one
from api.problems import Problem, ProblemCode
from api.throttle import count_failed_login
from shared.models.access import PERMISSIONS, Permission, Role, roles_with
from shared.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])

LONGEST_TOKEN = 200
PREFIX_CHARACTERS = 11
"""Of a token: enough to tell leaked or outdated ones from guesses, too little to guess the rest."""
_HOST_TOKENS = "unified_scheduler_host_tokens"
_HOST_NAMES = "host:"
_INVALID = ', error="invalid_token"'
_ATTRIBUTE = "needed_permission"


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a valid token. Ours has one role; one of the host application may have several, or none."""

    token_id: str
    name: str
    roles: tuple[Role, ...]
    expires_at: datetime | None

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset().union(*(PERMISSIONS[role] for role in self.roles))

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


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
        raise Problem(
            HTTPStatus.FORBIDDEN,
            ProblemCode.FORBIDDEN,
            f"This needs the permission {permission.value}, so the role {_either(roles_with(permission))}; the token "
            f"has the role {_either(caller.roles)}.",
        )


def _either(roles: Sequence[Role]) -> str:
    *others, last = (role.value for role in roles) if roles else ("none",)
    return f"{', '.join(others)} or {last}" if others else last


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
    reader: HostTokenReader | None = current_app.extensions[_HOST_TOKENS]
    if scheme.lower() == "bearer" and reader is not None and looks_like_one(token) and len(token) <= LONGEST_HOST_TOKEN:
        return _of_host(token, reader)
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise _unauthenticated("Send Authorization: Bearer <token>.", "")
    now = clock().now()
    found = store().tokens.find_by_hash(hash_token(token))
    if found is None or found.state(now) != "valid":
        count_failed_login(token[:PREFIX_CHARACTERS])
        raise _unauthenticated("The token is unknown, revoked or expired.", _INVALID)
    store().tokens.note_use(found, now)
    return Principal(found.id, found.name, (found.role,), found.expires_at)


def _of_host(token: str, reader: HostTokenReader) -> Principal:
    try:
        caller = reader.read(token)
    except InvalidHostToken as fault:
        if fault.expired:
            raise _unauthenticated("The token of the host application has expired.", _INVALID) from None
        count_failed_login(token[-PREFIX_CHARACTERS:])  # how it begins says only that it is a JWT
        raise _unauthenticated("The token of the host application is not valid here.", _INVALID) from None
    name = f"{_HOST_NAMES}{caller.subject}"
    return Principal(name, name, caller.roles, caller.expires_at)


def _unauthenticated(detail: str, challenge: str) -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        ProblemCode.UNAUTHENTICATED,
        detail,
        headers={"WWW-Authenticate": f'Bearer realm="unified-scheduler"{challenge}'},
    )


def install(app: Flask, settings: Settings) -> None:
    """Makes every request of the application pass authenticate()."""
    app.extensions[_HOST_TOKENS] = HostTokenReader.from_settings(settings)
    app.before_request(authenticate)


def check_declared(app: Flask) -> None:
    """RuntimeError names a view that says neither what it needs nor that it is public."""
    for endpoint, view in app.view_functions.items():
        if not hasattr(view, _ATTRIBUTE):
            raise RuntimeError(f"the view {endpoint} needs @needs(Permission....) or @public")
