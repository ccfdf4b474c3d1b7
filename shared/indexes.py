"""Indexes as data. Each names the query it serves; an explain() test holds it to that."""

from datetime import timedelta
from typing import Any, NamedTuple

from shared import collections as names
from shared.models.queue import LIVE as LIVE_MESSAGES
from shared.models.runs import LIVE as LIVE_RUNS
from shared.models.runs import RunState
from shared.queries import calendars


class IndexSpec(NamedTuple):
    """One index. expire_after_seconds=0: each document expires at the date in the key."""

    collection: str
    name: str
    keys: tuple[tuple[str, int], ...]
    serves: str
    unique: bool = False
    partial: dict[str, Any] | None = None
    expire_after_seconds: int | None = None


def _expiry(collection: str) -> IndexSpec:
    return IndexSpec(
        collection, "expiry", (("expireAt", 1),), "removal of what has been kept long enough",
        partial={"expireAt": {"$exists": True}}, expire_after_seconds=0,
    )  # fmt: skip


def _quarantined(collection: str) -> IndexSpec:
    return IndexSpec(
        collection, "quarantined", (("daemon.quarantine.at", 1),), "what was put aside, and why",
        partial={"daemon.quarantine.at": {"$exists": True}},
    )  # fmt: skip


_NOT_BY_STATE = (RunState.RUNNING, RunState.SUCCEEDED)


def _by_calendar(collection: str) -> IndexSpec:
    return IndexSpec(
        collection, "by_calendar", ((calendars.FIELD, 1),), "the API: what uses a calendar",
        partial=calendars.NAMES_ANY,
    )  # fmt: skip


INDEXES: tuple[IndexSpec, ...] = (
    IndexSpec(
        names.DYNAMIC_JOBS, "due", (("daemon.nextRun", 1), ("_id", 1)),
        "the daemon: which jobs are due, and when next; the API: jobs in the order in which they are due",
    ),
    IndexSpec(names.DYNAMIC_JOBS, "unplanned", (("plannedRevision", 1),), "the daemon: new and changed jobs"),
    IndexSpec(
        names.DYNAMIC_JOBS, "by_template", (("template", 1), ("_id", 1)), "the daemon: jobs that have a due source"
    ),
    IndexSpec(names.DYNAMIC_JOBS, "by_creation", (("createdAt", -1), ("_id", -1)), "the API: the list of jobs"),
    IndexSpec(names.DYNAMIC_JOBS, "by_name", (("name", 1), ("_id", 1)), "the API: jobs by name, and search in names"),
    IndexSpec(names.DYNAMIC_JOBS, "labels", (("labels.$**", 1),), "the API: jobs with a label"),
    IndexSpec(
        names.DYNAMIC_JOBS, "failing", (("daemon.autoPaused.at", 1), ("daemon.consecutiveFailures", -1)),
        "the API: jobs that fail again and again", partial={"daemon.consecutiveFailures": {"$gt": 0}},
    ),
    _by_calendar(names.DYNAMIC_JOBS),
    _quarantined(names.DYNAMIC_JOBS),
    _expiry(names.DYNAMIC_JOBS),
    # Every index of job_runs costs every run: an update in a transaction looks at all of them, used or not.
    IndexSpec(
        names.JOB_RUNS, "claimable",
        (("waiting", 1), ("priority", -1), ("scheduledFor", 1), ("_id", 1), ("template", 1), ("startBy", 1)),
        "the daemon: pending runs in the order they start, which templates they are of, and by when they must start",
        partial={"state": RunState.PENDING.value},
    ),
    IndexSpec(
        names.JOB_RUNS, "live", (("state", 1), ("jobId", 1), ("scheduledFor", 1)),
        "the daemon: live runs of the jobs that are due, and of those whose runs wait; what is running",
        partial={"state": {"$in": [state.value for state in LIVE_RUNS]}},
    ),
    IndexSpec(
        names.JOB_RUNS, "retries", (("nextAttemptAt", 1),), "the daemon: runs whose next attempt is due",
        partial={"state": RunState.RETRY_WAIT.value},
    ),
    IndexSpec(names.JOB_RUNS, "by_job", (("jobId", 1), ("scheduledFor", -1), ("_id", -1)), "the API: runs of a job"),
    IndexSpec(names.JOB_RUNS, "by_time", (("scheduledFor", -1), ("_id", -1)), "the API: all runs"),
    IndexSpec(
        names.JOB_RUNS, "by_state", (("state", 1), ("scheduledFor", -1), ("_id", -1)),
        "the API: runs in a state. Most runs are never in one of these; `by_time` finds those that are not",
        partial={"state": {"$in": [state.value for state in RunState if state not in _NOT_BY_STATE]}},
    ),
    _expiry(names.JOB_RUNS),
    IndexSpec(names.JOB_RUN_LOGS, "by_run", (("runId", 1), ("attempt", 1), ("page", 1)), "the API: the log of a run"),
    _expiry(names.JOB_RUN_LOGS),
    IndexSpec(
        names.COMMANDS, "open", (("createdAt", 1),), "the daemon: commands to carry out", partial={"handledAt": None}
    ),
    _expiry(names.COMMANDS),
    IndexSpec(
        names.SCHEDULED_NOTIFICATIONS, "due", (("daemon.nextRun", 1), ("_id", 1)),
        "the due source of the notification processor; the API: scheduled notifications by their next send",
    ),
    IndexSpec(
        names.SCHEDULED_NOTIFICATIONS, "unplanned", (("plannedRevision", 1),), "new and changed scheduled notifications"
    ),
    IndexSpec(
        names.SCHEDULED_NOTIFICATIONS, "by_creation", (("createdAt", -1), ("_id", -1)),
        "the API: the list of scheduled notifications",
    ),
    IndexSpec(
        names.SCHEDULED_NOTIFICATIONS, "by_name", (("name", 1), ("_id", 1)),
        "the API: scheduled notifications by name, and search in names",
    ),
    IndexSpec(
        names.SCHEDULED_NOTIFICATIONS, "unchecked", (("daemon.lastRun.queuedAt", 1),),
        "the daemon: fan-outs that were not checked against the queue yet", partial={"daemon.lastRun.checked": False},
    ),
    IndexSpec(
        names.SCHEDULED_NOTIFICATIONS, "by_template", (("templateId", 1),), "the API: statistics of a template"
    ),
    _by_calendar(names.SCHEDULED_NOTIFICATIONS),
    _quarantined(names.SCHEDULED_NOTIFICATIONS),
    _expiry(names.SCHEDULED_NOTIFICATIONS),
    IndexSpec(
        names.NOTIFICATION_TEMPLATES, "versions", (("templateId", 1), ("version", -1)), "a version of a template",
        unique=True,
    ),
    IndexSpec(
        names.NOTIFICATION_TEMPLATES, "by_category", (("category", 1), ("createdAt", -1), ("_id", -1)),
        "the API: templates of a category, and which categories there are", partial={"latest": True},
    ),
    IndexSpec(
        names.NOTIFICATION_TEMPLATES, "latest", (("createdAt", -1), ("_id", -1)), "the API: the list of templates",
        partial={"latest": True},
    ),
    IndexSpec(
        names.NOTIFICATION_QUEUE, "sendable", (("channel", 1), ("state", 1), ("sendAfter", 1)),
        "the notifiers: messages to send, and when next",
        partial={"state": {"$in": [state.value for state in LIVE_MESSAGES]}},
    ),
    IndexSpec(
        names.NOTIFICATION_QUEUE, "sending", (("epoch", 1),), "what an earlier leader left in the act of sending",
        partial={"state": "sending"},
    ),
    IndexSpec(
        names.NOTIFICATION_QUEUE, "by_occurrence",
        (("scheduledNotificationId", 1), ("occurrence", 1), ("state", 1)),
        "the API: statistics of a scheduled notification; the daemon: how many messages an occurrence has",
    ),
    IndexSpec(
        names.NOTIFICATION_QUEUE, "by_job", (("jobId", 1), ("createdAt", -1), ("_id", -1)), "the API: alerts of a job",
        partial={"jobId": {"$exists": True}},
    ),
    IndexSpec(
        names.NOTIFICATION_QUEUE, "by_run", (("runId", 1), ("createdAt", -1), ("_id", -1)), "the API: alerts of a run",
        partial={"runId": {"$exists": True}},
    ),
    IndexSpec(names.NOTIFICATION_QUEUE, "by_state", (("state", 1), ("createdAt", -1)), "the API, and unknown states"),
    IndexSpec(names.NOTIFICATION_QUEUE, "by_creation", (("createdAt", -1), ("_id", -1)), "the API: the queue"),
    _expiry(names.NOTIFICATION_QUEUE),
    IndexSpec(names.DELIVERIES, "by_item", (("itemId", 1), ("attempt", 1)), "the API: attempts of a message"),
    IndexSpec(names.DELIVERIES, "by_start", (("startedAt", -1), ("_id", -1)), "the API: the list of deliveries"),
    _expiry(names.DELIVERIES),
    IndexSpec(names.RECIPIENTS, "by_creation", (("createdAt", -1), ("_id", -1)), "the API: the list of people"),
    IndexSpec(
        names.RECIPIENTS, "by_external_key", (("externalKey", 1),), "the API: whom an import means",
        unique=True, partial={"externalKey": {"$gt": ""}},
    ),
    IndexSpec(names.RECIPIENTS, "by_search", (("search", 1),), "the API: search for people by how words begin"),
    IndexSpec(names.RECIPIENTS, "by_email", (("email", 1),), "the API: whom an import means"),
    IndexSpec(names.RECIPIENT_GROUPS, "by_creation", (("createdAt", -1), ("_id", -1)), "the API: the list of groups"),
    IndexSpec(
        names.HOST_USER_PREFERENCES, "by_creation", (("createdAt", -1), ("_id", -1)),
        "the API: the list of preferences of users",
    ),
    IndexSpec(
        names.SUPPRESSIONS, "by_creation", (("createdAt", -1), ("_id", -1)), "the API: the suppression list"
    ),
    IndexSpec(
        names.SUPPRESSIONS, "by_address", (("address", 1), ("createdAt", -1), ("_id", -1)),
        "the API: whether an address is on the list",
    ),
    IndexSpec(
        names.PROVIDER_EVENTS, "open", (("lookAt", 1),), "the daemon: reports of providers", partial={"handledAt": None}
    ),
    _expiry(names.PROVIDER_EVENTS),
    IndexSpec(names.CALENDARS, "by_creation", (("createdAt", -1), ("_id", -1)), "the API: the list of calendars"),
    IndexSpec(names.API_TOKENS, "by_creation", (("createdAt", -1), ("_id", -1)), "the API: the list of tokens"),
    IndexSpec(names.API_TOKENS, "by_hash", (("tokenHash", 1),), "the API: who is it", unique=True),
    IndexSpec(names.AUDIT_LOG, "by_time", (("at", -1), ("_id", -1)), "the API: who did what"),
    IndexSpec(
        names.AUDIT_LOG, "history", (("documentId", 1), ("at", -1), ("_id", -1)), "the API: the history of a document"
    ),
    IndexSpec(
        names.AUDIT_LOG, "by_request", (("requestId", 1), ("at", -1), ("_id", -1)), "the API: what a request did"
    ),
    IndexSpec(names.AUDIT_LOG, "by_actor", (("by", 1), ("at", -1), ("_id", -1)), "the API: what somebody did"),
    IndexSpec(names.AUDIT_LOG, "by_action", (("action", 1), ("at", -1), ("_id", -1)), "the API: one kind of change"),
    IndexSpec(
        names.AUDIT_LOG, "by_collection", (("collection", 1), ("at", -1), ("_id", -1)), "the API: changes of a resource"
    ),
    IndexSpec(names.EXPORTS, "by_creation", (("createdAt", -1), ("_id", -1)), "the API: exports; what is too old"),
    _expiry(names.IDEMPOTENCY_KEYS),
    _expiry(names.RATE_COUNTS),
    _expiry(names.RUN_STATISTICS),
    _expiry(names.SCHEDULER_STATE),
)  # fmt: skip

AUDIT_RETENTION = "retention"
_LONGEST_EXPIRY_SECONDS = 2**31 - 1  # of MongoDB: 68 years


def audit_retention(keep: timedelta) -> IndexSpec:
    """The index by which MongoDB removes entries of the audit log, however old they are already.

    That a job or a scheduled notification was deleted stays: it proves for ever that there was one, and that a person
    did not want it.
    """
    return IndexSpec(
        names.AUDIT_LOG, AUDIT_RETENTION, (("at", 1),), "removal of what has been kept long enough",
        partial={"after.deletedAt": None}, expire_after_seconds=min(_LONGEST_EXPIRY_SECONDS, int(keep.total_seconds())),
    )  # fmt: skip


RETIRED_INDEXES: tuple[tuple[str, str], ...] = (
    (names.JOB_RUNS, "live_by_job"),
    (names.JOB_RUNS, "waiting"),
    (names.NOTIFICATION_QUEUE, "by_source"),
    (names.AUDIT_LOG, "by_document"),
)
"""(collection, name) of what earlier versions made and nobody uses any more; the daemon drops them."""
