"""New tokens of the API. The secret exists here and in one answer; only its hash is stored."""

import secrets
from datetime import datetime

from api.auth import TOKEN_PREFIX, hash_token
from api.store import Actor
from shared.models.access import ApiToken, Role

_BYTES = 32


def new_secret() -> str:
    """256 random bits behind the prefix."""
    return TOKEN_PREFIX + secrets.token_urlsafe(_BYTES)


def new_token(
    document_id: str, name: str, role: Role, expires_at: datetime | None, secret: str, actor: Actor, now: datetime
) -> ApiToken:
    """The token to store for a secret."""
    return ApiToken(
        id=document_id,
        name=name,
        role=role,
        token_hash=hash_token(secret),
        created_at=now,
        created_by=actor.name,
        expires_at=expires_at,
    )
