"""Nothing that is ready waits longer than a minute - also when no daemon is alive: that is what it is for."""

from datetime import datetime, timedelta

from shared.collections import COMMANDS, DYNAMIC_JOBS, JOB_RUNS, NOTIFICATION_QUEUE, SCHEDULED_NOTIFICATIONS
from shared.models.runs import RunState
from shared.queries.audit.check import Check, Filter, Stage, no_document
from shared.queries.audit.messages import WAITING_STATES

PATIENCE = timedelta(seconds=60)
PENDING, RETRY_WAIT = RunState.PENDING.value, RunState.RETRY_WAIT.value


def planning_checks(now: datetime) -> tuple[Check, ...]:
    """What fell due a minute before `now` was decided upon, also while nothing may start."""
    return _definitions(DYNAMIC_JOBS, "job", _overdue(now))


def starting_checks(now: datetime) -> tuple[Check, ...]:
    """What was ready a minute before `now` and still is."""
    overdue = _overdue(now)
    # A run that was tried before, or waited behind another, may have become claimable only now.
    recent_attempt = {"attempts": {"$elemMatch": {"finishedAt": {"$gt": now - PATIENCE}}}}
    return (
        no_document(
            "run_overdue", JOB_RUNS, "a claimable run starts within a minute",
            {"state": PENDING, "waiting": {"$ne": True}, "createdAt": overdue, "$nor": [recent_attempt]},
            ("jobId", "createdAt", "attempt"),
        ),
        no_document(
            "run_retry_overdue", JOB_RUNS, "the next attempt of a run starts within a minute of its time",
            {"state": RETRY_WAIT, "nextAttemptAt": overdue}, ("jobId", "nextAttemptAt"),
        ),
        no_document(
            "run_past_deadline", JOB_RUNS, "a run that did not start in time is skipped within a minute",
            {"state": PENDING, "attempt": 0, "startBy": overdue}, ("jobId", "startBy"),
        ),
        Check(
            "run_waits_for_nothing", JOB_RUNS, "a run waits only while as many runs of its job are alive as may be",
            _waits_for_nothing(overdue, now), ("jobId", "createdAt", "width", "ahead"),
        ),
        *_definitions(SCHEDULED_NOTIFICATIONS, "scheduled_notification", overdue),
        no_document(
            "message_overdue", NOTIFICATION_QUEUE, "a message is sent within a minute of its time",
            {"state": {"$in": WAITING_STATES}, "sendAfter": overdue, "createdAt": overdue},
            ("channel", "sendAfter", "attempt"),
        ),
        no_document(
            "command_overdue", COMMANDS, "a command is answered within a minute",
            {"handledAt": None, "createdAt": overdue}, ("kind", "createdAt"),
        ),
    )  # fmt: skip


def _overdue(now: datetime) -> Filter:
    return {"$lte": now - PATIENCE}


def _waits_for_nothing(overdue: Filter, now: datetime) -> tuple[Stage, ...]:
    """Of each job the oldest waiting run, if fewer are alive, or were a minute ago, than all waiting ones would let."""
    alive = {
        "$or": [
            {"state": {"$in": [RunState.RUNNING.value, RETRY_WAIT]}},
            {"state": PENDING, "waiting": {"$ne": True}},
            {"state": {"$nin": [PENDING]}, "finishedAt": {"$gt": now - PATIENCE}},
        ]
    }
    return (
        {"$match": {"waiting": True, "state": PENDING, "createdAt": overdue}},
        {
            "$group": {
                "_id": "$jobId",
                "run": {"$min": {"createdAt": "$createdAt", "id": "$_id"}},
                "width": {"$min": {"$cond": [{"$isNumber": "$width"}, "$width", 1]}},
            }
        },
        {
            "$lookup": {
                "from": JOB_RUNS,
                "localField": "_id",
                "foreignField": "jobId",
                "as": "ahead",
                "pipeline": [{"$match": alive}, {"$project": {"_id": 1}}],
            }
        },
        {"$set": {"ahead": {"$size": "$ahead"}}},
        {"$match": {"$expr": {"$lt": ["$ahead", "$width"]}}},
        {"$project": {"_id": "$run.id", "jobId": "$_id", "createdAt": "$run.createdAt", "width": 1, "ahead": 1}},
    )


def _definitions(collection: str, noun: str, overdue: Filter) -> tuple[Check, ...]:
    return (
        no_document(
            f"{noun}_overdue", collection, "what is due is dealt with within a minute",
            {"daemon.nextRun": overdue, "daemon.quarantine": None}, ("daemon.nextRun",),
        ),
        no_document(
            f"{noun}_unplanned", collection, "a change is planned within a minute",
            {"plannedRevision": None, "$or": [{"updatedAt": overdue}, {"updatedAt": {"$not": {"$type": "date"}}}]},
            ("revision", "updatedAt"),
        ),
    )  # fmt: skip
