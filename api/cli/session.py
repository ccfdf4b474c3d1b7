"""What every command has: the store, the clock, and faults as one clear line with an exit code."""

import getpass
from typing import Any

import click

from api.store import Actor, Store
from shared.clock import Clock
from shared.errors import CommitUnknown, SchedulerError, StoreError, StoreUnavailable
from shared.settings import Settings

EXIT_FOUND = 1
EXIT_UNAVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h
EXIT_CODES = """\b
Exit codes:
  0   done, and nothing is wrong
  1   status: the daemon is away or there are problems; audit: something was found; others: refused
  2   wrong usage; audit: it could not be run
  69  MongoDB does not answer
  78  a setting is missing or wrong
"""


class Session:
    """One run of the command."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.store = Store(settings, clock)
        self.clock = clock

    @property
    def actor(self) -> Actor:
        """Who appears in createdBy and in the audit log."""
        try:
            return Actor(f"cli:{getpass.getuser()}")
        except (KeyError, OSError):  # a user id without a name, as in containers
            return Actor("cli")

    def close(self) -> None:
        self.store.connection.close()


class FriendlyGroup(click.Group):
    """Ends with one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SchedulerError as fault:
            click.echo(sentence_of(fault), err=True)
            ctx.exit(exit_code_of(fault))


def exit_code_of(fault: SchedulerError) -> int:
    """69 if trying again later can help, 1 otherwise."""
    return EXIT_UNAVAILABLE if isinstance(fault, StoreUnavailable | CommitUnknown) else EXIT_FOUND


def sentence_of(fault: SchedulerError) -> str:
    """What to tell the person at the terminal."""
    detail = str(fault).splitlines()[0][:300] if str(fault) else type(fault).__name__
    if isinstance(fault, StoreUnavailable | CommitUnknown):
        return f"MongoDB does not answer. Is it running, and is MONGODB_URI right? ({detail})"
    if isinstance(fault, StoreError):
        return f"MongoDB refused: {detail}"
    return detail
