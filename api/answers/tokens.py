"""The answer for a token: everything but the secret and its hash."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.answers.definitions import reason_of
from api.answers.fields import fields_of, moment
from api.store.ids import text_of
from api.store.tokens import token_revision
from shared.errors import InvalidDefinition
from shared.jsonable import jsonable
from shared.models.access import PERMISSIONS, ApiToken

_SHOWN = {"name", "role", "created_at", "created_by", "expires_at", "last_used_at", "revoked_at"}


def token_answer(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Never fails: a malformed token, which opens nothing, has its problem."""
    revision = token_revision(stored)
    try:
        token = ApiToken.from_document(stored)
    except InvalidDefinition as fault:
        return {
            "id": text_of(stored["_id"]),
            "revision": revision,
            "name": jsonable(stored.get("name")),
            "role": jsonable(stored.get("role")),
            "createdAt": moment(stored.get("createdAt")),
            "state": "malformed",
            "problem": reason_of(fault.field, fault.detail),
        }
    return {
        "id": token.id,
        "revision": revision,
        **fields_of(token, _SHOWN),
        "permissions": sorted(PERMISSIONS[token.role]),
        "state": token.state(now),
        "problem": None,
    }
