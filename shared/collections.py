"""Collection names and how documents are read. Both programs use these and no other."""

from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion

DYNAMIC_JOBS = "dynamic_jobs"
COMMANDS = "commands"
JOB_RUNS = "job_runs"
JOB_RUN_LOGS = "job_run_logs"
JOB_TEMPLATES = "job_templates"
SCHEDULED_NOTIFICATIONS = "scheduled_notifications"
NOTIFICATION_TEMPLATES = "notification_templates"
NOTIFICATION_QUEUE = "notification_queue"
DELIVERIES = "deliveries"
SCHEDULER_STATE = "scheduler_state"
RECIPIENTS = "recipients"
RECIPIENT_GROUPS = "recipient_groups"
HOST_USER_PREFERENCES = "host_user_preferences"
SUPPRESSIONS = "suppressions"
PROVIDER_EVENTS = "provider_events"
CALENDARS = "calendars"
CONTROLS = "controls"
API_TOKENS = "api_tokens"
AUDIT_LOG = "audit_log"
EXPORTS = "exports"
IDEMPOTENCY_KEYS = "idempotency_keys"
RATE_COUNTS = "rate_counts"
RUN_STATISTICS = "run_statistics"

OWN_COLLECTIONS = frozenset(
    {
        DYNAMIC_JOBS, COMMANDS, JOB_RUNS, JOB_RUN_LOGS, JOB_TEMPLATES, SCHEDULED_NOTIFICATIONS, NOTIFICATION_TEMPLATES,
        NOTIFICATION_QUEUE, DELIVERIES, SCHEDULER_STATE, RECIPIENTS, RECIPIENT_GROUPS, CALENDARS, CONTROLS, API_TOKENS,
        AUDIT_LOG, EXPORTS, SUPPRESSIONS, PROVIDER_EVENTS, HOST_USER_PREFERENCES, IDEMPOTENCY_KEYS, RATE_COUNTS,
        RUN_STATISTICS,
    }
)  # fmt: skip
"""All of the above: what the clean-up of a host application's data never touches."""

SECRET_COLLECTIONS = frozenset({API_TOKENS, COMMANDS, DYNAMIC_JOBS, JOB_RUNS})
"""Those that hold secrets: hashes of tokens, and parameters of jobs. They are never exported."""

CODEC_OPTIONS: CodecOptions[dict[str, object]] = CodecOptions(
    tz_aware=True,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    unicode_decode_error_handler="replace",
)
"""One out-of-range date or bad UTF-8 must not break the whole batch it is read in."""

CLIENT_OPTIONS: dict[str, Any] = {
    "w": "majority",
    "readConcernLevel": "majority",
    "retryWrites": True,
    "retryReads": True,
    "connectTimeoutMS": 2000,
    "heartbeatFrequencyMS": 1000,
    "timeoutMS": 20_000,
}
"""For both clients. Reasons: docs/protocols.md."""
