"""Index specifications are consistent; that each is used is held by explain() tests on a real server."""

from collections import Counter
from typing import get_args

import pytest

from shared import collections as names
from shared.indexes import INDEXES
from shared.models import (
    access,
    calendars,
    catalogue,
    commands,
    exports,
    idempotency,
    jobs,
    maintenance,
    notification_models,
    provider_events,
    queue,
    rate_counts,
    recipients,
    run_logs,
    run_statistics,
    runs,
    scheduler_state,
    suppressions,
)

COLLECTIONS = {value for key, value in vars(names).items() if key.isupper() and isinstance(value, str)}
MODELS = {
    names.DYNAMIC_JOBS: jobs.Job,
    names.COMMANDS: commands.Command,
    names.JOB_RUNS: runs.Run,
    names.JOB_RUN_LOGS: run_logs.RunLogPage,
    names.JOB_TEMPLATES: catalogue.PublishedTemplate,
    names.SCHEDULED_NOTIFICATIONS: notification_models.ScheduledNotification,
    names.NOTIFICATION_TEMPLATES: notification_models.NotificationTemplate,
    names.NOTIFICATION_QUEUE: queue.QueueItem,
    names.DELIVERIES: queue.Delivery,
    names.RECIPIENTS: recipients.Recipient,
    names.RECIPIENT_GROUPS: recipients.RecipientGroup,
    names.HOST_USER_PREFERENCES: recipients.HostUserPreferences,
    names.SUPPRESSIONS: suppressions.Suppression,
    names.PROVIDER_EVENTS: provider_events.ProviderEvent,
    names.CALENDARS: calendars.Calendar,
    names.CONTROLS: maintenance.Maintenance,
    names.API_TOKENS: access.ApiToken,
    names.AUDIT_LOG: access.AuditEntry,
    names.EXPORTS: exports.ExportRecord,
    names.IDEMPOTENCY_KEYS: idempotency.IdempotentRequest,
    names.RATE_COUNTS: rate_counts.RateCount,
    names.RUN_STATISTICS: run_statistics.RunHour,
    names.SCHEDULER_STATE: scheduler_state.Heartbeat,
}


def field_of(model, path):
    """The annotation at a dotted path of stored names; KeyError if the model has no such field."""
    # .0: of a list, .$**: of every field in it
    first, _, rest = path.removesuffix(".0").removesuffix(".$**").partition(".")
    field = {field.alias or name: field for name, field in model.model_fields.items()}[first]
    if not rest:
        return field.annotation
    inner = next(kind for kind in (field.annotation, *get_args(field.annotation)) if hasattr(kind, "model_fields"))
    return field_of(inner, rest)


def test_no_two_indexes_of_a_collection_share_a_name_or_a_key():
    by_name = Counter((spec.collection, spec.name) for spec in INDEXES)
    by_key = Counter((spec.collection, spec.keys, str(spec.partial)) for spec in INDEXES)
    assert by_name.most_common(1)[0][1] == 1
    assert by_key.most_common(1)[0][1] == 1


@pytest.mark.parametrize("spec", INDEXES, ids=lambda spec: f"{spec.collection}.{spec.name}")
def test_an_index_names_its_query_and_stored_fields_only(spec):
    assert spec.collection in COLLECTIONS
    assert spec.serves
    assert all(direction in (1, -1) for _, direction in spec.keys)
    for path in [*(key for key, _ in spec.keys), *(spec.partial or {})]:
        assert field_of(MODELS[spec.collection], path) is not None


def test_every_expiring_document_has_its_expiry_index():
    expiring = {name for name, model in MODELS.items() if "expire_at" in model.model_fields}
    indexed = {spec.collection for spec in INDEXES if spec.expire_after_seconds is not None}
    assert expiring == indexed
    for spec in INDEXES:
        if spec.expire_after_seconds is not None:
            assert (spec.keys, spec.expire_after_seconds) == ((("expireAt", 1),), 0)
            assert spec.partial in (None, {"expireAt": {"$exists": True}})


def test_no_partial_filter_uses_an_operator_that_queries_cannot_repeat():
    """`$type` is the trap: no range query uses such an index. A query that names `$exists` itself does, and
    equality with a text uses `$gt: ""`."""
    for spec in INDEXES:
        for condition in (spec.partial or {}).values():
            assert not isinstance(condition, dict) or set(condition) <= {"$in", "$exists", "$gt"}, spec.name


def test_every_collection_has_one_model():
    assert set(MODELS) == COLLECTIONS
