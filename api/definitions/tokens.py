"""New tokens of the API. The secret exists here and in one answer; only its hash is stored."""

import hashlib
import secrets
from datetime import datetime

from api.store import Actor
from shared.models.access import ApiToken, Role

TOKEN_PREFIX = "us_"  # noqa: S105 - how a token starts, so that leaked ones can be searched for
_BYTES = 32


def hash_token(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so a fast hash is right."""
    return hashlib.sha256(token.encode()).hexdigest()


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
