"""The answer for an exported file."""

from collections.abc import Mapping
from typing import Any

from api.answers.definitions import reason_of
from api.answers.fields import moment
from api.export_folder import ExportFolder
from api.store.ids import text_of
from shared.clock import rfc3339
from shared.errors import InvalidDefinition
from shared.jsonable import jsonable
from shared.models.exports import ExportRecord

_FIELDS = ("collection", "format", "fileName", "rows", "bytes", "sha256", "runId", "jobId")


def export_answer(stored: Mapping[str, Any], folder: ExportFolder) -> dict[str, Any]:
    """Never fails: a malformed record says what is wrong with it."""
    answer: dict[str, Any] = {
        "id": text_of(stored["_id"]),
        **{name: jsonable(stored.get(name)) for name in _FIELDS},
        "createdAt": moment(stored.get("createdAt")),
        "expiresAt": None,
        "available": False,
        "problem": None,
    }
    try:
        record = ExportRecord.from_document(stored)
        answer["expiresAt"] = rfc3339(record.created_at + folder.retention)
        answer["available"] = folder.has(record.file_name, record.bytes)
    except InvalidDefinition as fault:
        answer["problem"] = reason_of(fault.field, fault.detail)
    except OverflowError:
        answer["problem"] = "createdAt: out of the range of dates"
    return answer
