"""What the answers for people, groups and calendars have in common: the fields as stored, and what is wrong."""

from collections.abc import Mapping
from typing import Any

from api.answers.definitions import reason_of
from api.answers.fields import moment
from api.store.ids import text_of
from shared.errors import InvalidDefinition
from shared.jsonable import jsonable
from shared.models.base import Document
from shared.queries.revisions import revision_of


def owned_answer(stored: Mapping[str, Any], model: type[Document], names: tuple[str, ...]) -> dict[str, Any]:
    """Of what files may keep. names: the fields that people write. Never fails: a malformed one has its problem."""
    return {**authored_answer(stored, model, names), **file_mark(stored)}


def authored_answer(stored: Mapping[str, Any], model: type[Document], names: tuple[str, ...]) -> dict[str, Any]:
    """As owned_answer, of what no file keeps."""
    return {
        "id": text_of(stored["_id"]),
        "revision": revision_of(stored.get("revision")),
        **{name: jsonable(stored.get(name)) for name in names},
        "createdAt": moment(stored.get("createdAt")),
        "createdBy": jsonable(stored.get("createdBy")),
        "updatedAt": moment(stored.get("updatedAt")),
        **fault_of(stored, model),
    }


def file_mark(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a definition is kept in files, in which set of them, and the digest of what stands there."""
    return {name: jsonable(stored.get(name)) for name in ("managedBy", "managedLabel", "managedDigest")}


def fault_of(stored: Mapping[str, Any], model: type[Document]) -> dict[str, str | None]:
    """`problem`: why the stored document cannot be read, null if it can."""
    try:
        model.from_document(stored)
    except InvalidDefinition as fault:
        return {"problem": reason_of(fault.field, fault.detail)}
    return {"problem": None}
