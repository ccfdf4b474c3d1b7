"""`unified-scheduler`: tokens, the standard jobs, the status and the audit, from a shell."""

import click

from api.cli.audit import audit
from api.cli.bootstrap import bootstrap
from api.cli.session import EXIT_CODES, FriendlyGroup, Session
from api.cli.status import status
from api.cli.token import token
from shared import __version__
from shared.clock import SystemClock
from shared.logging import configure_logging
from shared.settings import load_settings_or_exit


@click.group(cls=FriendlyGroup, epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="unified-scheduler")
@click.pass_context
def main(context: click.Context) -> None:
    """Operates Unified Scheduler through its database. MONGODB_URI and MONGODB_DATABASE say which."""
    if context.resilient_parsing:
        return
    settings = load_settings_or_exit()
    configure_logging("warning", settings.log_format)
    session = Session(settings, SystemClock())
    context.obj = session
    context.call_on_close(session.close)


for command in (token, bootstrap, status, audit):
    main.add_command(command)

if __name__ == "__main__":
    main()
