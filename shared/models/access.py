"""Who may do what, and who did what: `api_tokens`, `audit_log`."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from shared.models.base import Document, Moment, Name


class Permission(StrEnum):
    """What a request may need. Each view of the API names one."""

    IDENTIFY = "identify"  # ask who one is and what one may do
    READ = "read"  # definitions, runs, messages, people, the status
    READ_OWN_RUNS = "read_own_runs"  # the runs that one has asked for oneself
    READ_EXPORTS = "read_exports"  # exported files, which may hold what READ does not show
    SWITCH = "switch"  # pause and resume
    RUN = "run"  # run a job now, as it is
    OPERATE = "operate"  # run with other parameters, cancel, retry, backfill, decide about messages, maintenance
    EDIT = "edit"  # create, change, approve and delete definitions
    ADMINISTER = "administer"  # tokens and the audit log


class Role(StrEnum):
    """What a token's bearer may do: the permissions are in PERMISSIONS. Roles are no ranks."""

    VIEWER = "viewer"
    SWITCHER = "switcher"
    RUNNER = "runner"
    OPERATOR = "operator"
    EDITOR = "editor"
    ADMIN = "admin"


_KNOWN = frozenset({Permission.IDENTIFY})
_READING = _KNOWN | {Permission.READ, Permission.READ_OWN_RUNS}
_OPERATING = _READING | {Permission.SWITCH, Permission.RUN, Permission.OPERATE}
PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: _READING,
    Role.SWITCHER: _KNOWN | {Permission.SWITCH},
    Role.RUNNER: _KNOWN | {Permission.RUN, Permission.READ_OWN_RUNS},
    Role.OPERATOR: _OPERATING,
    Role.EDITOR: _OPERATING | {Permission.EDIT, Permission.READ_EXPORTS},
    Role.ADMIN: frozenset(Permission),
}


def roles_with(permission: Permission) -> list[Role]:
    """The roles that have the permission."""
    return [role for role, permissions in PERMISSIONS.items() if permission in permissions]


class ApiToken(Document):
    """Only the SHA-256 of a token is stored; the token is shown once."""

    id: str = Field(alias="_id")
    name: Name
    role: Role
    token_hash: str
    created_at: Moment
    created_by: str
    expires_at: Moment | None = None
    last_used_at: Moment | None = None
    revoked_at: Moment | None = None

    def state(self, now: datetime) -> Literal["valid", "expired", "revoked"]:
        """Only a valid token opens anything."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "valid"


class AuditEntry(Document):
    """One change: who, what, before and after (without secrets)."""

    id: str = Field(alias="_id")
    at: Moment
    by: str
    by_id: str | None = None
    action: str
    collection: str
    document_id: str
    request_id: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
