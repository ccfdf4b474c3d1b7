"""Who may do what, and who did what: `api_tokens`, `audit_log`."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from shared.models.base import Document, Moment, Name


class Role(StrEnum):
    """What a token's bearer may do; each may also do what the one before may."""

    VIEWER = "viewer"  # read
    OPERATOR = "operator"  # run, cancel, retry, backfill, pause, resume, maintenance mode
    EDITOR = "editor"  # create, change and delete definitions
    ADMIN = "admin"  # tokens and settings


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


class AuditEntry(Document):
    """One change: who, what, before and after (without secrets)."""

    id: str = Field(alias="_id")
    at: Moment
    by: str
    action: str
    collection: str
    document_id: str
    request_id: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
