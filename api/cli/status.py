"""`unified-scheduler status`: the same facts as GET /api/admin/scheduler/status."""

import json
from collections.abc import Mapping
from typing import Any

import click

from api.cli.output import json_option, printable
from api.cli.session import EXIT_FOUND, Session
from api.overview import read_status

STATUS = "/api/admin/scheduler/status"


@click.command()
@json_option
@click.pass_context
def status(context: click.Context) -> None:
    """Show daemons, queues and problems. Exit code 1 if there is any problem.

    Asks the API if a URL or a token is given, else the database.
    """
    session: Session = context.obj
    found = session.api.get(STATUS) if session.names_api else _from_database(session)
    click.echo(json.dumps(found, indent=2) if session.as_json else "\n".join(lines(found)))
    if found["problems"] or not found["daemonAlive"]:
        context.exit(EXIT_FOUND)


def _from_database(session: Session) -> dict[str, Any]:
    return read_status(session.store, session.settings, session.clock.now())


def lines(found: Mapping[str, Any]) -> list[str]:
    """The status for people."""
    shown = []
    for daemon in found["daemons"]:
        alive = "alive" if daemon["alive"] else "away"
        shown.append(
            f"daemon   {daemon['instance']} on {daemon['host']}: {alive}, {daemon['role']}, "
            f"{daemon['running']} running, last seen {daemon['beatAt']}"
        )
    for name, depths in found["queues"].items():
        shown.append(f"{name:8} " + ", ".join(f"{count} {state}" for state, count in depths.items()))
    shown.append(
        f"jobs     {found['overdue']} overdue, {found['unplanned']} not planned yet, "
        f"{found['quarantined']['jobs']} quarantined; {found['openCommands']} open command(s)"
    )
    if found["maintenance"] is not None:
        until = found["maintenance"]["until"] or "someone ends it"
        shown.append(f"MAINTENANCE since {found['maintenance']['since']} until {until}: nothing starts")
    shown += [f"PROBLEM  {problem}" for problem in found["problems"]] or ["no problem"]
    return [printable(line) for line in shown]
