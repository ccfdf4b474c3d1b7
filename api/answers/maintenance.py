"""The answer for maintenance mode."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.answers.definitions import reason_of
from api.answers.fields import fields_of
from shared.errors import InvalidDefinition
from shared.models.maintenance import Maintenance
from shared.queries.revisions import revision_of

_FIELDS = {"reason", "since", "until", "updated_at", "updated_by"}
_NEVER: dict[str, Any] = {"reason": "", "since": None, "until": None, "updatedAt": None, "updatedBy": None}


def maintenance_answer(stored: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    """Never fails: a document that cannot be read is not in force, and `problem` says what is wrong with it."""
    if stored is None:
        return {"active": False, **_NEVER, "revision": 0, "problem": None}
    revision = revision_of(stored.get("revision"))
    try:
        maintenance = Maintenance.from_document(stored)
    except InvalidDefinition as fault:
        return {"active": False, **_NEVER, "revision": revision, "problem": reason_of(fault.field, fault.detail)}
    return {
        "active": maintenance.in_force(now),
        **fields_of(maintenance, _FIELDS),
        "revision": revision,
        "problem": None,
    }
