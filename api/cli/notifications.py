"""`unified-scheduler notifications`: scheduled notifications, over the API."""

from typing import Any, get_args

import click

from api.cli.actions import act, list_options
from api.cli.client import Found, path_of
from api.cli.output import done, json_option, show_document, show_list
from api.cli.session import Session
from api.store.definition_filter import DefinitionSort
from api.store.scheduled_notification_filter import ListedState

SCHEDULED = "/api/notifications/scheduled"
COLUMNS = [
    ("id", "id"),
    ("name", "name"),
    ("state", "state"),
    ("next run", "nextRun"),
    ("queued", "statistics.queued"),
    ("sent", "statistics.sent"),
    ("failed", "statistics.failed"),
]


@click.group()
def notifications() -> None:
    """List, show, pause, resume and cancel scheduled notifications, and count their messages."""


def _find(session: Session, notification: str) -> Found:
    return session.api.find(f"{SCHEDULED}/{path_of(notification)}")


@notifications.command("list")
@click.option("--template", "template_id", metavar="ID", help="Only those of this notification template.")
@click.option("--search", "q", help="Part of the name.")
@click.option("--state", type=click.Choice(get_args(ListedState)), help="Only these; cancelled: deleted lately.")
@click.option("--sort", type=click.Choice(get_args(DefinitionSort)), help="Default: the newest first.")
@list_options
@json_option
@click.pass_obj
def list_notifications(session: Session, /, most: int | None, template_id: str | None, **query: Any) -> None:
    """List scheduled notifications."""
    show_list(session, session.api.items(SCHEDULED, most, templateId=template_id, **query), COLUMNS)


@notifications.command()
@click.argument("notification")
@json_option
@click.pass_obj
def show(session: Session, notification: str) -> None:
    """Show one scheduled notification."""
    show_document(session, _find(session, notification).body)


@notifications.command()
@click.argument("notification")
@json_option
@click.pass_obj
def statistics(session: Session, notification: str) -> None:
    """Count its messages by what became of them."""
    show_document(session, _find(session, notification).body["statistics"])


@notifications.command()
@click.argument("notification")
@click.option("--reason", default="", help="Shown to everybody.")
@click.option("--until", help="When it ends by itself, such as 2026-12-01T09:00:00Z. Default: when resumed.")
@json_option
@click.pass_obj
def pause(session: Session, notification: str, reason: str, until: str | None) -> None:
    """Let a scheduled notification rest."""
    found = _find(session, notification)
    answer = act(session, SCHEDULED, found, "pause", {"reason": reason, "until": until})
    done(session, f"scheduled notification {answer['id']} is {answer['state']}", answer)


@notifications.command()
@click.argument("notification")
@json_option
@click.pass_obj
def resume(session: Session, notification: str) -> None:
    """Make a scheduled notification active from now on."""
    answer = act(session, SCHEDULED, _find(session, notification), "resume", {})
    done(session, f"scheduled notification {answer['id']} is {answer['state']}", answer)


@notifications.command()
@click.argument("notification")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def cancel(session: Session, notification: str, yes: bool) -> None:
    """Delete a scheduled notification; its messages that wait are not sent."""
    found = _find(session, notification)
    if not yes:
        click.confirm(f"Cancel {found.body['name']!r} ({found.body['id']})?", abort=True)
    session.api.change("DELETE", f"{SCHEDULED}/{path_of(found.body['id'])}", found.etag)
    done(session, f"scheduled notification {found.body['id']} is cancelled", {"id": found.body["id"]})
