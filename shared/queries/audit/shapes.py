"""Dates are dates wherever a model says so, and what the daemon claims in batches is small."""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AwareDatetime

from shared import collections as names
from shared.models.base import Model
from shared.models.calendars import Calendar
from shared.models.commands import Command
from shared.models.jobs import Job
from shared.models.maintenance import Maintenance
from shared.models.notification_models import ScheduledNotification
from shared.models.queue import Delivery, QueueItem
from shared.models.runs import Run
from shared.models.scheduler_state import Heartbeat
from shared.queries.audit.check import Check, Expression, Filter, showing

LARGEST_BYTES = 1_048_576
GOOD_TYPES = ["date", "null", "undefined", "missing"]

MODELS: dict[str, type[Model]] = {
    names.DYNAMIC_JOBS: Job,
    names.JOB_RUNS: Run,
    names.COMMANDS: Command,
    names.SCHEDULED_NOTIFICATIONS: ScheduledNotification,
    names.NOTIFICATION_QUEUE: QueueItem,
    names.DELIVERIES: Delivery,
    names.SCHEDULER_STATE: Heartbeat,
    names.CONTROLS: Maintenance,
    names.CALENDARS: Calendar,
}
PUT_ASIDE: dict[str, Filter] = {
    names.DYNAMIC_JOBS: {"daemon.quarantine": {"$type": "object"}},
    names.SCHEDULED_NOTIFICATIONS: {"daemon.quarantine": {"$type": "object"}},
    names.JOB_RUNS: {"state": "failed", "error.type": "Malformed"},
    names.NOTIFICATION_QUEUE: {"state": "dead", "lastError.type": "malformed"},
    names.COMMANDS: {"outcome.accepted": False},
}
"""How a malformed document looks once it was found: it is shown with its reason and stops nothing."""


def date_paths(model: type[Model]) -> list[str]:
    """Stored paths of the moments of a model, into sub-documents and unions of them, not into lists."""
    found: list[str] = []
    for name, field in model.model_fields.items():
        path = field.alias or name
        for kind in _alternatives(field.annotation):
            if kind is AwareDatetime:
                found.append(path)
            elif isinstance(kind, type) and issubclass(kind, Model):
                found += [f"{path}.{inner}" for inner in date_paths(kind)]
    return sorted(set(found))


def _alternatives(annotation: Any) -> list[Any]:
    if annotation is AwareDatetime:
        return [annotation]
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [kind for each in get_args(annotation) for kind in _alternatives(each)]
    return [annotation]


def _is_no_date(path: str) -> Expression:
    return {"$not": [{"$in": [{"$type": f"${path}"}, GOOD_TYPES]}]}


def _dates(collection: str, model: type[Model]) -> Check:
    paths = date_paths(model)
    wrong: Expression = {
        "$filter": {
            "input": [{"$cond": [_is_no_date(path), path, None]} for path in paths],
            "cond": {"$ne": ["$$this", None]},
        }
    }
    return Check(
        f"{collection}_dates",
        collection,
        "a date is stored as a date",
        (
            {"$match": {"$expr": {"$or": [_is_no_date(path) for path in paths]}}},
            {"$match": {"$nor": [PUT_ASIDE[collection]]} if collection in PUT_ASIDE else {}},
            {"$set": {"wrong": wrong}},
            showing(("wrong",)),
        ),
        ("wrong",),
    )


def _size(collection: str) -> Check:
    size = {"$bsonSize": "$$ROOT"}
    return Check(
        f"{collection}_size",
        collection,
        "a document has at most 1 MiB",
        ({"$match": {"$expr": {"$gt": [size, LARGEST_BYTES]}}}, {"$project": {"_id": 1, "bytes": size}}),
        ("bytes",),
    )


DATE_CHECKS: tuple[Check, ...] = tuple(_dates(collection, model) for collection, model in MODELS.items())
SIZE_CHECKS: tuple[Check, ...] = tuple(
    _size(collection)
    for collection in (
        names.DYNAMIC_JOBS,
        names.JOB_RUNS,
        names.JOB_RUN_LOGS,
        names.COMMANDS,
        names.NOTIFICATION_QUEUE,
        names.DELIVERIES,
        names.SCHEDULER_STATE,
    )
)
