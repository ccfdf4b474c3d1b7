"""`unified-scheduler audit`: checks every invariant of the database, and changes nothing."""

import json
from dataclasses import asdict

import click

from api.cli.output import json_option, printable
from api.cli.session import EXIT_FOUND, Session, sentence_of
from api.store.audit import run_audit
from shared.errors import StoreError

EXIT_NOT_RUN = 2
LONGEST_SECONDS = 600.0


@click.command()
@click.option("--daemon-stopped", is_flag=True, help="Leave out what only says that no daemon is at work.")
@json_option
@click.pass_context
def audit(context: click.Context, daemon_stopped: bool) -> None:
    """Print each broken invariant as a row. Exit code 0: none, 1: some, 2: the audit could not be run."""
    session: Session = context.obj
    try:
        session.store.connection.require()
        with session.store.connection.patience(LONGEST_SECONDS):
            findings = run_audit(
                session.store.connection.database, session.clock.now(), expect_daemon=not daemon_stopped
            )
    except StoreError as fault:
        click.echo(f"The audit could not be run. {sentence_of(fault)}", err=True)
        context.exit(EXIT_NOT_RUN)
    for finding in findings:
        row = asdict(finding)
        click.echo(json.dumps(row) if session.as_json else "\t".join(printable(value) for value in row.values()))
    click.echo(f"{len(findings)} finding(s)", err=True)
    if findings:
        context.exit(EXIT_FOUND)
