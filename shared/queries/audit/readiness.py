"""Nothing that is ready waits longer than a minute - also when no daemon is alive: that is what it is for."""

from datetime import datetime, timedelta

from shared.collections import COMMANDS, DYNAMIC_JOBS, JOB_RUNS, NOTIFICATION_QUEUE, SCHEDULED_NOTIFICATIONS
from shared.models.runs import RunState
from shared.queries.audit.check import Check, Filter, no_document, showing
from shared.queries.audit.messages import WAITING_STATES

PATIENCE = timedelta(seconds=60)
PENDING, RETRY_WAIT = RunState.PENDING.value, RunState.RETRY_WAIT.value


def readiness_checks(now: datetime) -> tuple[Check, ...]:
    """What was ready a minute before `now` and still is."""
    overdue: Filter = {"$lte": now - PATIENCE}
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
        Check(
            "run_waits_for_nothing", JOB_RUNS, "a run waits only behind a live run of the same job",
            (
                {"$match": {"waiting": True, "state": PENDING, "createdAt": overdue}},
                {
                    "$lookup": {
                        "from": JOB_RUNS,
                        "localField": "jobId",
                        "foreignField": "jobId",
                        "as": "ahead",
                        "pipeline": [
                            {
                                "$match": {
                                    "$or": [
                                        {"state": {"$in": [RunState.RUNNING.value, RETRY_WAIT]}},
                                        {"state": PENDING, "waiting": {"$ne": True}},
                                        {"state": {"$nin": [PENDING]}, "finishedAt": {"$gt": now - PATIENCE}},
                                    ]
                                }
                            },
                            {"$limit": 1},
                            {"$project": {"_id": 1}},
                        ],
                    }
                },
                {"$match": {"ahead": {"$size": 0}}},
                showing(("jobId", "createdAt")),
            ),
            ("jobId", "createdAt"),
        ),
        *_definitions(DYNAMIC_JOBS, "job", overdue),
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
