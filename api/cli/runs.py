"""`unified-scheduler runs`: over the API."""

import time
from collections.abc import Mapping
from typing import Any

import click

from api.cli.actions import list_options
from api.cli.client import path_of
from api.cli.jobs import RUNS
from api.cli.log_lines import LogLine, shown
from api.cli.output import done, json_option, show_document, show_list
from api.cli.session import Session
from shared.models.runs import RunState

LOOK_AGAIN_SECONDS = 0.5
COLUMNS = [
    ("id", "id"),
    ("template", "template"),
    ("state", "state"),
    ("trigger", "trigger"),
    ("scheduled for", "scheduledFor"),
    ("attempt", "attempt"),
    ("ms", "durationMs"),
]


@click.group()
def runs() -> None:
    """List and show runs, read their logs, cancel and retry them."""


@runs.command("list")
@click.option("--job", "job_id", help="Only runs of this job, by its id.")
@click.option("--state", type=click.Choice([state.value for state in RunState]), help="Only runs in this state.")
@click.option("--template", help="Only runs of this template.")
@click.option(
    "--from", "start", metavar="MOMENT", help="Scheduled for this moment or later, such as 2026-12-01T09:00:00Z."
)
@click.option("--to", "end", metavar="MOMENT", help="Scheduled for this moment or earlier.")
@list_options
@json_option
@click.pass_obj
def list_runs(
    session: Session,
    most: int | None,
    job_id: str | None,
    state: str | None,
    template: str | None,
    start: str | None,
    end: str | None,
) -> None:
    """List runs, the latest first."""
    query: dict[str, Any] = {"jobId": job_id, "state": state, "template": template, "from": start, "to": end}
    show_list(session, session.api.items(RUNS, most, **query), COLUMNS)


@runs.command()
@click.argument("run")
@json_option
@click.pass_obj
def show(session: Session, run: str) -> None:
    """Show one run."""
    show_document(session, session.api.get(f"{RUNS}/{path_of(run)}"))


@runs.command()
@click.argument("run")
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended.")
@click.option("--attempt", type=click.IntRange(1), help="Only this attempt.")
@json_option
@click.pass_obj
def logs(session: Session, run: str, follow: bool, attempt: int | None) -> None:
    """Print what a run has logged, the oldest line first."""
    cursor = None
    while True:
        page = session.api.get(f"{RUNS}/{path_of(run)}/logs", attempt=attempt, cursor=cursor, limit=200)
        for item in page["items"]:
            click.echo(shown(_line(item), as_json=session.as_json))
        cursor = page["nextCursor"]
        if cursor is None or (page["live"] and not page["items"] and not follow):
            return
        if page["live"] and not page["items"]:
            time.sleep(LOOK_AGAIN_SECONDS)


@runs.command()
@click.argument("run")
@json_option
@click.pass_obj
def cancel(session: Session, run: str) -> None:
    """End a run that has not finished."""
    answer = session.api.create(f"{RUNS}/{path_of(run)}/cancel")
    done(session, f"run {run} is to be cancelled", answer)


@runs.command()
@click.argument("run")
@json_option
@click.pass_obj
def retry(session: Session, run: str) -> None:
    """Run again what did not succeed, as a new run."""
    answer = session.api.create(f"{RUNS}/{path_of(run)}/retry")
    done(session, f"run {answer['runId']} is asked for", answer)


def _line(item: Mapping[str, Any]) -> LogLine:
    return {"at": item["at"], "level": item["level"], "event": item["event"], **item["fields"]}
