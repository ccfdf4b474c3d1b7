"""`unified-scheduler`: the operator's command."""

import click

from api.cli.apply import apply, diff, export
from api.cli.audit import audit
from api.cli.bootstrap import bootstrap
from api.cli.catalogue import calendars, templates
from api.cli.completion import PROGRAM, completion
from api.cli.doctor import doctor
from api.cli.jobs import jobs
from api.cli.logs import logs
from api.cli.notifications import notifications
from api.cli.runs import runs
from api.cli.session import DEFAULT_URL, EXIT_CODES, FriendlyGroup, Session
from api.cli.status import status
from api.cli.token import token
from shared import __version__
from shared.clock import SystemClock
from shared.logging import configure_logging
from shared.settings import Settings, load_settings_or_exit


@click.group(cls=FriendlyGroup, epilog=EXIT_CODES)
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


def _settings() -> Settings:
    settings = load_settings_or_exit()
    configure_logging("warning", settings.log_format)
    return settings


for command in (
    jobs,
    runs,
    notifications,
    templates,
    calendars,
    apply,
    diff,
    export,
    status,
    token,
    bootstrap,
    audit,
    doctor,
    logs,
    completion,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
