"""`unified-scheduler bootstrap`: the standard jobs, and a sample for newcomers. Repeating it changes nothing."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import click

from api.cli.session import Session
from api.definitions.jobs import new_job
from api.definitions.scheduled_notifications import new_scheduled_notification, pinned
from shared.clock import rfc3339
from shared.errors import DuplicateDocument
from shared.models.catalogue import PublishedTemplate
from shared.models.jobs import JobDefinition
from shared.models.notification_models import NotificationTemplateDefinition, ScheduledNotificationCreate
from shared.secrets_vault import Vault

LOOK_AGAIN_SECONDS = 0.2
SAMPLE_ID = "sample-welcome"
SAMPLE_DUE_IN = timedelta(seconds=5)


class StandardJob(NamedTuple):
    """A job that nearly every installation wants. Its id is fixed, so a deleted one stays deleted."""

    id: str
    name: str
    template: str
    schedule: dict[str, Any]
    params: dict[str, Any] = {}


STANDARD_JOBS = (
    StandardJob(
        "standard-scheduled-notification-processor",
        "Process scheduled notifications",
        "scheduled_notification_processor",
        {"kind": "interval", "every": "5m"},
    ),
    StandardJob("standard-email-notifier", "Send e-mail", "email_notifier", {"kind": "interval", "every": "5m"}),
    StandardJob("standard-sms-notifier", "Send SMS", "sms_notifier", {"kind": "interval", "every": "10m"}),
    StandardJob(
        "standard-system-cleanup", "Clean up files", "system_cleanup", {"kind": "cron", "expression": "0 2 * * *"}
    ),
    StandardJob(
        "standard-database-cleanup",
        "Clean up the database",
        "database_cleanup",
        {"kind": "cron", "expression": "0 3 * * *"},
    ),
    StandardJob(
        "standard-ticket-cleanup",
        "Clean up tickets",
        "ticket_cleanup",
        {"kind": "cron", "expression": "0 4 * * *"},
        {"dryRun": True},  # they are the host application's: a person says when it becomes serious
    ),
)

SAMPLE_TEMPLATE = {
    "name": "Welcome",
    "category": "samples",
    "channels": ["email"],
    "subject": "Welcome, {{ name }}",
    "text": "Hello {{ name }},\n\nthis notification was scheduled, and left at its time.\n\nUnified Scheduler\n",
    "variables": [{"name": "name", "default": "newcomer", "description": "How to address the reader"}],
}


@click.command()
@click.option(
    "--sample/--no-sample",
    default=None,
    help="A sample notification, due in 5 s, to newcomer@example.com. Default: only in a new database.",
)
@click.option("--wait", default=30.0, show_default=True, help="Seconds to wait for a daemon to publish its templates.")
@click.pass_obj
def bootstrap(session: Session, sample: bool | None, wait: float) -> None:
    """Create the standard jobs whose templates exist. Never touches, or makes again, what exists or was deleted."""
    catalogue = _catalogue(session, wait)
    if sample is None:
        sample = session.store.system.is_new()
    for job in STANDARD_JOBS:
        _ensure_job(session, job, catalogue)
    if sample:
        _ensure_sample(session)


def _catalogue(session: Session, wait: float) -> list[PublishedTemplate]:
    deadline = session.clock.monotonic() + wait
    while not (found := session.store.catalogue.all()):
        if session.clock.monotonic() >= deadline:
            raise click.ClickException(f"no job template was published within {wait:g} s; start the daemon first")
        time.sleep(LOOK_AGAIN_SECONDS)
    return found


def _ensure_job(session: Session, standard: StandardJob, catalogue: list[PublishedTemplate]) -> None:
    if not any(each.type == standard.template and each.available for each in catalogue):
        return
    definition = JobDefinition.model_validate(
        {
            "name": standard.name,
            "template": standard.template,
            "schedule": standard.schedule,
            "params": standard.params,
        }
    )
    vault = Vault.of(session.settings.secrets_key)
    job = new_job(standard.id, definition, catalogue, vault, session.actor, session.clock.now())
    _ensure(session, f"job {standard.id}", standard.id, lambda: session.store.jobs.insert(job, session.actor))


def _ensure(session: Session, what: str, document_id: str, insert: Callable[[], object]) -> None:
    """Makes it unless it exists or was deleted; two at once make it once, by its id."""
    try:
        if not session.store.system.ever_made(document_id):
            insert()
            click.echo(f"created  {what}")
            return
    except DuplicateDocument:
        pass
    click.echo(f"exists   {what}")


def _ensure_sample(session: Session) -> None:
    store, actor, now = session.store, session.actor, session.clock.now()
    template = NotificationTemplateDefinition.model_validate(SAMPLE_TEMPLATE)
    _ensure(
        session,
        "the sample template",
        f"{SAMPLE_ID}:1",
        lambda: store.notification_templates.create(SAMPLE_ID, template, actor),
    )

    def schedule() -> None:
        wanted = ScheduledNotificationCreate.model_validate(
            {
                "name": "Sample: welcome a newcomer",
                "templateId": SAMPLE_ID,
                "channels": ["email"],
                "recipients": {"addresses": [{"email": "newcomer@example.com", "name": "newcomer"}]},
                "schedule": {"kind": "once", "at": rfc3339(now + SAMPLE_DUE_IN)},
            }
        )
        notification = new_scheduled_notification(SAMPLE_ID, pinned(wanted, store), actor, now)
        store.scheduled_notifications.insert(notification, actor)

    _ensure(session, "the sample notification to newcomer@example.com", SAMPLE_ID, schedule)
