"""One file per resource: parse, one store call, respond."""

from flask_openapi.blueprint import APIBlueprint

from api.routes import (
    calendars,
    groups,
    health,
    job_actions,
    jobs,
    messages,
    notification_templates,
    recipients,
    runs,
    scheduled_notifications,
    schedules,
    status,
    templates,
)


def blueprints() -> list[APIBlueprint]:
    """Every resource of the API."""
    modules = (
        templates,
        jobs,
        job_actions,
        runs,
        schedules,
        calendars,
        status,
        scheduled_notifications,
        notification_templates,
        recipients,
        groups,
        messages,
        health,
    )
    return [module.blueprint for module in modules]
