"""What the commands of several resources share: how one is named on the command line, and how it is changed."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from api.cli.client import ApiRefused, Found, Json, path_of
from api.cli.session import Session

Command = TypeVar("Command", bound=Callable[..., Any])


def list_options(command: Command) -> Command:
    """`--limit` of every list; the command gets `most`, None for all."""
    return click.option(
        "--limit",
        "most",
        default=50,
        show_default=True,
        type=click.IntRange(0),
        callback=lambda _context, _parameter, value: value or None,
        help="How many at most; 0: all.",
    )(command)


def job_named(session: Session, name: str) -> Found:
    """A job by its id, or by its name if only one job has it."""
    try:
        return session.api.find(f"/api/admin/scheduler/jobs/{path_of(name)}")
    except ApiRefused as fault:
        if fault.status not in (404, 422):
            raise
    alike = session.api.items("/api/admin/scheduler/jobs", q=name[:200])
    same = [job["id"] for job in alike if job["name"] == name]
    if not same:
        raise click.ClickException(f"there is no job of the id or name {name!r}")
    if len(same) > 1:
        raise click.ClickException(f"{len(same)} jobs have the name {name!r}; say which: {', '.join(same[:10])}")
    return session.api.find(f"/api/admin/scheduler/jobs/{path_of(same[0])}")


def act(session: Session, path: str, found: Found, action: str, body: Mapping[str, Any]) -> Json:
    """`pause`, `resume` and the like, of the document as it was found."""
    return session.api.change("POST", f"{path}/{path_of(found.body['id'])}/{action}", found.etag, body)
