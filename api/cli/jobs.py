"""`unified-scheduler jobs`: over the API."""

import json
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any, TextIO, get_args

import click

from api.cli.actions import act, job_named, list_options
from api.cli.client import ApiRefused, Json, path_of
from api.cli.output import done, json_option, show_document, show_list
from api.cli.session import EXIT_FOUND, Session
from api.cli.yaml_files import read_documents
from api.store.definition_filter import DefinitionSort
from api.store.job_filter import JobState

JOBS = "/api/admin/scheduler/jobs"
RUNS = "/api/admin/scheduler/runs"
LOOK_AGAIN_SECONDS = 0.5
LIVE = ("pending", "running", "retry_wait")
COLUMNS = [
    ("id", "id"),
    ("name", "name"),
    ("template", "template"),
    ("state", "state"),
    ("next run", "nextRun"),
    ("last run", "lastRun.state"),
]


@click.group()
def jobs() -> None:
    """List, show, run, pause, resume, create and delete jobs. JOB is an id, or a name that one job has."""


@jobs.command("list")
@click.option("--template", help="Only jobs of this template.")
@click.option("--enabled/--disabled", default=None, help="Only enabled, or only disabled ones.")
@click.option("--search", "q", help="Part of the name.")
@click.option("--label", multiple=True, metavar="KEY=VALUE", help="Only jobs with this label; several: with all.")
@click.option("--state", type=click.Choice(get_args(JobState)), help="Only jobs in this state.")
@click.option("--sort", type=click.Choice(get_args(DefinitionSort)), help="Default: the newest first.")
@list_options
@json_option
@click.pass_obj
def list_jobs(session: Session, /, most: int | None, **query: Any) -> None:
    """List jobs."""
    show_list(session, session.api.items(JOBS, most, **query), COLUMNS)


@jobs.command()
@click.argument("job")
@json_option
@click.pass_obj
def show(session: Session, job: str) -> None:
    """Show one job."""
    show_document(session, job_named(session, job).body)


@jobs.command()
@click.argument("job")
@click.option("--params", help="JSON object with parameters for this run, over the job's own.")
@click.option("--force", is_flag=True, help="Also while another run of the job is alive.")
@click.option("--wait", is_flag=True, help="Wait until the run has ended; exit code 1 unless it succeeded.")
@json_option
@click.pass_context
def run(context: click.Context, job: str, params: str | None, force: bool, wait: bool) -> None:
    """Run a job now. Its schedule stays as it is."""
    session: Session = context.obj
    body: dict[str, Any] = {"force": force}
    if params is not None:
        body["params"] = _object(params)
    found = job_named(session, job)
    answer = session.api.create(f"{JOBS}/{path_of(found.body['id'])}/run", body)
    if not wait:
        done(session, f"run {answer['runId']} is asked for", answer)
        return
    ended = _end_of(session, answer["runId"])
    done(session, f"run {answer['runId']} {ended['state']}", ended)
    if ended["state"] != "succeeded":
        context.exit(EXIT_FOUND)


@jobs.command()
@click.argument("job")
@click.option("--reason", default="", help="Shown to everybody.")
@click.option("--until", help="When it ends by itself, such as 2026-12-01T09:00:00Z. Default: when resumed.")
@json_option
@click.pass_obj
def pause(session: Session, job: str, reason: str, until: str | None) -> None:
    """Let a job rest."""
    answer = act(session, JOBS, job_named(session, job), "pause", {"reason": reason, "until": until})
    done(session, f"job {answer['id']} is {answer['state']}", answer)


@jobs.command()
@click.argument("job")
@json_option
@click.pass_obj
def resume(session: Session, job: str) -> None:
    """Make a job active from now on. What it missed is not caught up."""
    answer = act(session, JOBS, job_named(session, job), "resume", {})
    done(session, f"job {answer['id']} is {answer['state']}", answer)


@jobs.command()
@click.argument("job")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def delete(session: Session, job: str, yes: bool) -> None:
    """Delete a job. A run in progress finishes."""
    found = job_named(session, job)
    if not yes:
        click.confirm(f"Delete the job {found.body['name']!r} ({found.body['id']})?", abort=True)
    session.api.change("DELETE", f"{JOBS}/{path_of(found.body['id'])}", found.etag)
    done(session, f"job {found.body['id']} is deleted", {"id": found.body["id"]})


@jobs.command()
@click.option("--file", "-f", "file", type=click.File(), required=True, help="YAML or JSON; - is standard input.")
@json_option
@click.pass_obj
def create(session: Session, file: TextIO) -> None:
    """Create each job of a file, as POST /api/admin/scheduler/jobs takes it."""
    for document in read_documents(Path(file.name), file.read()):
        answer = session.api.create(JOBS, document.content)
        done(session, f"job {answer['id']} is created", answer)


def _object(text: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise click.BadParameter('write a JSON object, such as {"count": 5}', param_hint="--params")
    return found


def _end_of(session: Session, run_id: str) -> Json:
    """The run, ended. It does not exist before the daemon has taken the command."""
    while True:
        try:
            found = session.api.get(f"{RUNS}/{path_of(run_id)}")
        except ApiRefused as fault:
            if fault.status != HTTPStatus.NOT_FOUND:
                raise
        else:
            if found["state"] not in LIVE:
                return found
        time.sleep(LOOK_AGAIN_SECONDS)
