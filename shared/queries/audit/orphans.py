"""Nothing refers to what never existed.

What was deleted exists: as a tombstone, or in the audit log, which keeps deletions for ever.
"""

from datetime import datetime

from shared.collections import (
    AUDIT_LOG,
    COMMANDS,
    DELIVERIES,
    DYNAMIC_JOBS,
    JOB_RUN_LOGS,
    JOB_RUNS,
    NOTIFICATION_QUEUE,
    SCHEDULED_NOTIFICATIONS,
)
from shared.queries.audit.check import GIVEN, Check, Filter, Stage


def orphan_checks(now: datetime, kept_since: datetime) -> tuple[Check, ...]:
    """kept_since: a run that was asked for later cannot have expired."""
    not_expiring = {"$not": {"$lte": now}}
    return (
        _orphans("run_without_job", JOB_RUNS, "jobId", DYNAMIC_JOBS, {}, "a run's job exists or existed", log=True),
        _orphans(
            "message_without_source", NOTIFICATION_QUEUE, "scheduledNotificationId", SCHEDULED_NOTIFICATIONS,
            {"scheduledNotificationId": GIVEN}, "a message's scheduled notification exists or existed", log=True,
        ),
        _orphans(
            "alert_without_job", NOTIFICATION_QUEUE, "jobId", DYNAMIC_JOBS, {"jobId": GIVEN},
            "an alert's job exists or existed", log=True,
        ),
        _orphans(
            "delivery_without_message", DELIVERIES, "itemId", NOTIFICATION_QUEUE, {"expireAt": not_expiring},
            "a delivery's message exists",
        ),
        _orphans(
            "log_without_run", JOB_RUN_LOGS, "runId", JOB_RUNS, {"expireAt": not_expiring}, "a log's run exists"
        ),
        _orphans(
            "command_without_run", COMMANDS, "runId", JOB_RUNS,
            {"kind": {"$in": ["run", "retry"]}, "outcome.accepted": True, "handledAt": {"$gt": kept_since}},
            "an accepted command has made its run",
        ),
    )  # fmt: skip


def _orphans(
    name: str, collection: str, field: str, parents: str, criteria: Filter, promise: str, *, log: bool = False
) -> Check:
    """One finding for each missing parent. log: the audit log proves that it existed."""
    pipeline: list[Stage] = [
        {"$match": criteria},
        {"$group": {"_id": f"${field}", "count": {"$sum": 1}, "one": {"$min": "$_id"}}},
        *_without(parents, "_id"),
    ]
    if log:
        pipeline += _without(AUDIT_LOG, "documentId")
    pipeline.append({"$project": {"_id": "$one", field: "$_id", "count": 1}})
    return Check(name, collection, promise, tuple(pipeline), (field, "count"))


def _without(collection: str, field: str) -> list[Stage]:
    """Keeps the groups that nothing in `collection` stands for."""
    lookup = {
        "from": collection,
        "localField": "_id",
        "foreignField": field,
        "as": "found",
        "pipeline": [{"$limit": 1}, {"$project": {"_id": 1}}],
    }
    return [{"$lookup": lookup}, {"$match": {"found": {"$size": 0}}}]
