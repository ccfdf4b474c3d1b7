"""Fields that the API keeps of every definition, and their repair in a document that somebody wrote by hand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from api.store import Actor
from shared.models.definitions import Pause


def new_record(document_id: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """Identity, revision 1, and who made it when."""
    return {
        "id": document_id,
        "revision": 1,
        "created_at": now,
        "created_by": actor.name,
        "updated_at": now,
        "updated_by": actor.name,
    }


def mended_record(stored: Mapping[str, Any], actor: Actor, now: datetime) -> dict[str, Any]:
    """Fields to set so that the stored record can be read again; empty for a sound document."""
    mended: dict[str, Any] = {}
    if not isinstance(stored.get("createdAt"), datetime):
        mended["createdAt"] = now
    if not isinstance(stored.get("createdBy"), str):
        mended["createdBy"] = actor.name
    if not isinstance(stored.get("scheduleSince"), datetime):
        mended["scheduleSince"] = now
    if stored.get("pause") is not None and pause_of(stored) is None:
        mended["pause"] = None
    for name in ("deletedAt", "expireAt"):
        if stored.get(name) is not None:
            mended[name] = None
    return mended


def pause_of(stored: Mapping[str, Any]) -> Pause | None:
    """The stored pause; None if there is none or it cannot be read."""
    try:
        return Pause.model_validate(stored.get("pause"))
    except ValidationError:
        return None
