"""`unified-scheduler templates` and `calendars`: over the API."""

import click

from api.cli.actions import list_options
from api.cli.client import path_of
from api.cli.output import json_option, show_document, show_list
from api.cli.session import Session

TEMPLATES = "/api/admin/scheduler/templates"
CALENDARS = "/api/admin/scheduler/calendars"


@click.group()
def templates() -> None:
    """List and show the job templates that the daemons have published."""


@templates.command("list")
@json_option
@click.pass_obj
def list_templates(session: Session) -> None:
    """List the job templates."""
    columns = [("type", "type"), ("name", "name"), ("category", "category"), ("available", "available")]
    show_list(session, session.api.get(TEMPLATES)["items"], columns)


@templates.command("show")
@click.argument("type_", metavar="TYPE")
@json_option
@click.pass_obj
def show_template(session: Session, type_: str) -> None:
    """Show one job template, with the schema of its parameters."""
    found = [each for each in session.api.get(TEMPLATES)["items"] if each["type"] == type_]
    if not found:
        raise click.ClickException(f"there is no job template {type_!r}")
    show_document(session, found[0])


@click.group()
def calendars() -> None:
    """List and show the calendars that schedules leave out."""


@calendars.command("list")
@list_options
@json_option
@click.pass_obj
def list_calendars(session: Session, most: int | None) -> None:
    """List calendars."""
    columns = [("id", "id"), ("name", "name"), ("timezone", "timezone")]
    show_list(session, session.api.items(CALENDARS, most), columns)


@calendars.command("show")
@click.argument("calendar")
@json_option
@click.pass_obj
def show_calendar(session: Session, calendar: str) -> None:
    """Show one calendar with its days."""
    show_document(session, session.api.get(f"{CALENDARS}/{path_of(calendar)}"))
