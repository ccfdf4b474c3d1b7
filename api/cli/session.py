"""What every command has: the API, the store, the clock, and faults as one clear line with an exit code."""

import getpass
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import click

from api.cli.client import ApiClient, ApiDenied, ApiUnavailable
from shared.clock import Clock
from shared.errors import CommitUnknown, SchedulerError, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from api.store import Store
    from api.store.actor import Actor
    from shared.settings import Settings

DEFAULT_URL = "http://127.0.0.1:8000"
EXIT_FOUND = 1
EXIT_UNAVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h
EXIT_DENIED = 77  # EX_NOPERM
EXIT_CODES = """\b
Exit codes:
  0   done, and nothing is wrong
  1   refused, or found: problems (status, doctor), broken invariants (audit),
      differences (diff), a run that did not succeed (jobs run --wait)
  2   wrong usage; audit: it could not be run
  69  the API or MongoDB does not answer
  77  no token, or one that may not do this
  78  a setting is missing or wrong
"""


class Session:
    """One run of the command. API and settings are asked for when a command needs them."""

    def __init__(
        self, load_settings: "Callable[[], Settings]", clock: Clock, url: str | None, token: str | None
    ) -> None:
        self.clock = clock
        self.as_json = False
        self.names_api = url is not None or token is not None
        self._load_settings = load_settings
        self._url = url or DEFAULT_URL
        self._token = token

    @cached_property
    def settings(self) -> "Settings":
        """Ends the process with EX_CONFIG if they are wrong."""
        return self._load_settings()

    @cached_property
    def store(self) -> "Store":
        """For what needs the database itself; the driver is not loaded for the others."""
        from api.store import Store

        return Store(self.settings, self.clock)

    @cached_property
    def api(self) -> ApiClient:
        """For everything else."""
        try:
            return ApiClient(self._url, self._token)
        except ValueError as fault:
            raise click.BadParameter(str(fault), param_hint="--url") from None

    @property
    def actor(self) -> "Actor":
        """Who appears in createdBy and in the audit log when the database is written directly."""
        from api.store.actor import Actor

        try:
            return Actor(f"cli:{getpass.getuser()}")
        except (KeyError, OSError):  # a user id without a name, as in containers
            return Actor("cli")

    def close(self) -> None:
        if "store" in self.__dict__:
            self.store.connection.close()


def exit_code_of(fault: SchedulerError) -> int:
    """69 if trying again later can help, 77 without the right to it, 1 otherwise."""
    if isinstance(fault, ApiDenied):
        return EXIT_DENIED
    return EXIT_UNAVAILABLE if isinstance(fault, ApiUnavailable | StoreUnavailable | CommitUnknown) else EXIT_FOUND


def sentence_of(fault: SchedulerError) -> str:
    """What to tell the person at the terminal."""
    detail = str(fault).splitlines()[0][:1000] if str(fault) else type(fault).__name__
    if isinstance(fault, ApiUnavailable):
        return f"{detail} Is it running, and is UNIFIED_SCHEDULER_URL right?"
    if isinstance(fault, ApiDenied):
        return f"{detail} Is UNIFIED_SCHEDULER_TOKEN right?"
    if isinstance(fault, StoreUnavailable | CommitUnknown):
        return f"MongoDB does not answer. Is it running, and is MONGODB_URI right? ({detail[:300]})"
    if isinstance(fault, StoreError):
        return f"MongoDB refused: {detail[:300]}"
    return detail
