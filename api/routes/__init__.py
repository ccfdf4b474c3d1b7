"""One file per resource: parse, one store call, respond."""

from flask_openapi.blueprint import APIBlueprint

from api.routes import (
    audit_log,
    backfills,
    bulk_actions,
    calendars,
    callbacks,
    coming_sends,
    description,
    exports,
    groups,
    health,
    host_users,
    job_actions,
    jobs,
    maintenance,
    me,
    message_decisions,
    messages,
    notification_templates,
    recipients,
    runs,
    scheduled_notifications,
    schedules,
    status,
    suppressions,
    templates,
    tokens,
    unsubscribe,
    web_ui,
)


def blueprints() -> list[APIBlueprint]:
    """Every resource of the API."""
    modules = (
        templates,
        bulk_actions,
        jobs,
        job_actions,
        backfills,
        runs,
        schedules,
        calendars,
        status,
        maintenance,
        coming_sends,
        scheduled_notifications,
        notification_templates,
        recipients,
        groups,
        host_users,
        messages,
        exports,
        me,
        tokens,
        audit_log,
        message_decisions,
        suppressions,
        unsubscribe,
        callbacks,
        health,
        description,
        web_ui,
    )
    return [module.blueprint for module in modules]
