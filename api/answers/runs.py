"""The answer for a run."""

from collections.abc import Mapping
from typing import Any

from api.answers.definitions import reason_of
from api.answers.fields import moment
from api.store.ids import text_of
from shared.errors import InvalidDefinition
from shared.jsonable import jsonable
from shared.models.runs import Run

_INTERNAL = {"token", "epoch", "expire_at", "id", "width"}
_INTERNAL_NAMES = ("_id", "token", "epoch", "expireAt", "width")
_MOMENTS = ("scheduledFor", "startedAt", "finishedAt", "createdAt", "nextAttemptAt", "slowAt", "startBy")


def run_answer(stored: Mapping[str, Any], job_names: Mapping[str, str]) -> dict[str, Any]:
    """Never fails: a malformed run is `quarantined` with its problem. job_names: by id, of the jobs that are known."""
    return {**_shown(stored), "jobName": job_names.get(str(stored.get("jobId")))}


def recent_run(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a small picture of a run needs; never fails either."""
    took = stored.get("durationMs")
    state = stored.get("state")
    return {
        "id": text_of(stored["_id"]),
        "state": state if isinstance(state, str) else "quarantined",
        "scheduledFor": moment(stored.get("scheduledFor")),
        "durationMs": took if isinstance(took, int) and not isinstance(took, bool) else None,
    }


def _shown(stored: Mapping[str, Any]) -> dict[str, Any]:
    try:
        run = Run.from_document(stored)
    except InvalidDefinition as fault:
        return _malformed(stored, fault)
    return {"id": run.id, **run.model_dump(mode="json", by_alias=True, exclude=_INTERNAL), "problem": None}


def _malformed(stored: Mapping[str, Any], fault: InvalidDefinition) -> dict[str, Any]:
    names = [Run.model_fields[name].alias or name for name in Run.model_fields if name not in _INTERNAL]
    return {
        **dict.fromkeys(names),
        **{name: jsonable(value) for name, value in stored.items() if name not in _INTERNAL_NAMES},
        **{name: moment(stored.get(name)) for name in _MOMENTS},
        "id": text_of(stored["_id"]),
        "state": "quarantined",
        "problem": reason_of(fault.field, fault.detail),
    }
