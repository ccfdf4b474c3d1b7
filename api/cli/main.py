"""`unified-scheduler`: the operator's command."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from api.cli.completion import PROGRAM
from api.cli.session import DEFAULT_URL, EXIT_CODES, Session, exit_code_of, sentence_of
from shared import __version__
from shared.clock import SystemClock
from shared.errors import SchedulerError

if TYPE_CHECKING:
    from shared.settings import Settings

_MODULES = {
    "apply": "apply",
    "audit": "audit",
    "bootstrap": "bootstrap",
    "calendars": "catalogue",
    "completion": "completion",
    "diff": "apply",
    "doctor": "doctor",
    "export": "apply",
    "jobs": "jobs",
    "logs": "logs",
    "notifications": "notifications",
    "runs": "runs",
    "status": "status",
    "templates": "catalogue",
    "token": "token",
}
"""Where each command is, in api.cli."""


class Commands(click.Group):
    """Loads a command when it is asked for, and ends with one line instead of a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click calls it
        if cmd_name not in _MODULES:
            return None
        found: click.Command = getattr(import_module(f"api.cli.{_MODULES[cmd_name]}"), cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SchedulerError as fault:
            click.echo(sentence_of(fault), err=True)
            ctx.exit(exit_code_of(fault))


@click.group(cls=Commands, epilog=EXIT_CODES)
@click.version_option(__version__, prog_name=PROGRAM)
@click.option(
    "--url", envvar="UNIFIED_SCHEDULER_URL", show_envvar=True, help=f"Where the API is. Default: {DEFAULT_URL}."
)
@click.option(
    "--token",
    "token_text",
    envvar="UNIFIED_SCHEDULER_TOKEN",
    show_envvar=True,
    help="Token of the API. Others on this machine can see it here; the variable is better.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text for people, of any command.")
@click.pass_context
def main(context: click.Context, url: str | None, token_text: str | None, as_json: bool) -> None:
    """Operates Unified Scheduler.

    jobs, runs, notifications, templates, calendars, apply, diff and export ask the API. token, bootstrap, audit and
    doctor need the database itself: MONGODB_URI and MONGODB_DATABASE say which. status asks the API if a URL or a token
    is given, else the database. logs needs neither.
    """
    session = Session(_settings, SystemClock(), url, token_text)
    session.as_json = as_json
    context.obj = session
    context.call_on_close(session.close)


def _settings() -> "Settings":
    from shared.logging import configure_logging  # here: most commands need neither
    from shared.settings import load_settings_or_exit

    settings = load_settings_or_exit()
    configure_logging("warning", settings.log_format)
    return settings


if __name__ == "__main__":
    main()
