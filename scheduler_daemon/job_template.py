"""What the author of a job template imports: JobTemplate, JobExecutionContext, JobResult, DueSource, JobStopped.

docs/job-templates.md tells it at length.
"""

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from structlog.typing import FilteringBoundLogger

from scheduler_daemon.due_source import DueSource
from shared.clock import Clock

if TYPE_CHECKING:
    from scheduler_daemon.exports.service import Exports
    from scheduler_daemon.host_data import HostDatabase
    from scheduler_daemon.housekeeping import OwnHousekeeping
    from scheduler_daemon.http.client import HttpClient
    from scheduler_daemon.notifications.channel_sender import ChannelSender
    from scheduler_daemon.notifications.service import NotificationService
    from scheduler_daemon.suites.runner import SuiteRunner


__all__ = [
    "DueSource",
    "JobExecutionContext",
    "JobResult",
    "JobStopped",
    "JobTemplate",
    "Progress",
    "Services",
    "TemplateParameters",
]

LONGEST_MESSAGE = 500


class TemplateParameters(BaseModel):
    """Base for parameters: camelCase in documents, unknown names refused. Any pydantic model will do instead."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="forbid",
        hide_input_in_errors=True,  # it may be a secret
    )


@dataclass(frozen=True, slots=True)
class JobResult:
    """How an execution ended. A template returns it and never touches its run."""

    outcome: Literal["success", "failure", "skipped"]
    summary: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    retryable: bool = True
    retry_after: timedelta | None = None
    """The next attempt waits at least that long; at most a day counts."""

    @classmethod
    def success(cls, summary: str, metrics: Mapping[str, Any] | None = None) -> "JobResult":
        return cls("success", summary, metrics or {})

    @classmethod
    def failure(
        cls,
        summary: str,
        *,
        retryable: bool = True,
        metrics: Mapping[str, Any] | None = None,
        retry_after: timedelta | None = None,
    ) -> "JobResult":
        """retryable False: the same attempt would fail again. retry_after: for servers that say when to come back."""
        return cls("failure", summary, metrics or {}, retryable, retry_after)

    @classmethod
    def skipped(cls, summary: str) -> "JobResult":
        return cls("skipped", summary)


class JobStopped(BaseException):
    """The run of a blocking template was cancelled or exceeded its time-out: clean up within two seconds."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an attempt has come."""

    done: float
    total: float | None = None
    message: str = ""

    @classmethod
    def of(cls, done: object, total: object, message: object) -> "Progress":
        """TypeError or ValueError names the argument that is wrong."""
        if not isinstance(message, str):
            raise TypeError(f"progress(message=...) is a text, not {type(message).__name__}")
        text = message[:LONGEST_MESSAGE].encode("utf-8", "replace").decode()
        return cls(_amount("done", done), None if total is None else _amount("total", total), text)


def _amount(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"progress({name}=...) is a number, not {type(value).__name__}")
    try:
        amount = float(value)
    except OverflowError:
        amount = math.inf
    if not math.isfinite(amount) or amount < 0:
        raise ValueError(f"progress({name}=...) is a finite number that is not negative")
    return amount


def _unheard(_progress: Progress) -> None:
    """For contexts that a test makes: nobody listens."""


@dataclass(slots=True)
class Services:
    """What a template may use of this system."""

    notifications: "NotificationService"
    email_sender: "ChannelSender"
    sms_sender: "ChannelSender"
    """Send what is queued for their channel; used by the notifiers."""
    database: "HostDatabase" = field(init=False, repr=False)
    """The host application's collections, as far as the settings allow. Set by the composition, as what follows."""
    exports: "Exports" = field(init=False, repr=False)
    """The folder of exported files, and their records."""
    housekeeping: "OwnHousekeeping" = field(init=False, repr=False)
    """Removal of what this system itself no longer needs."""
    http: "HttpClient"
    """Calls web addresses; private networks are out of reach unless the settings allow them."""
    suites: "SuiteRunner"
    """Runs the test suites of the settings."""


@dataclass(slots=True)
class JobExecutionContext:
    """One attempt of one run. (run_id, attempt) names it; run_id is the idempotency key for what it does outside.

    Cancellation arrives as asyncio.CancelledError at the next await, in a blocking template as JobStopped anywhere:
    clean up, then let it pass. What is logged to `log` is kept with the run.
    """

    run_id: str
    job_id: str
    attempt: int
    scheduled_for: datetime
    params: Any
    log: FilteringBoundLogger
    clock: Clock
    services: Services
    report_progress: Callable[[Progress], None] = _unheard

    @property
    def notifications(self) -> "NotificationService":
        return self.services.notifications

    @property
    def database(self) -> "HostDatabase":
        """Collections that the settings allow, and what may be done with them."""
        return self.services.database

    @property
    def export_folder(self) -> Path | None:
        """Where files for download go; None: the settings name no folder."""
        return self.services.exports.folder

    @property
    def http(self) -> "HttpClient":
        return self.services.http

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Says how far the work is; shown with the run. Cheap: only the latest is stored, about once a second.

        TypeError or ValueError if a number is none, not finite or negative, or the message is no text.
        """
        self.report_progress(Progress.of(done, total, message))


class JobTemplate(ABC):
    """A type of work. Declare the class attributes, write execute(), register the entry point.

    `async def execute` runs in the daemon's event loop. A plain `def execute` is blocking: it runs in a worker process,
    which imports the class anew, makes an instance without arguments, and can be killed.
    """

    type: ClassVar[str]
    name: ClassVar[str]
    category: ClassVar[str]
    description: ClassVar[str] = ""
    version: ClassVar[int] = 1
    on_interrupt: ClassVar[Literal["retry", "interrupted"]] = "retry"
    """What becomes of a run whose process died: repeated, or final because the effect must not happen twice."""
    due_source: ClassVar[DueSource | None] = None
    max_concurrent: ClassVar[int | None] = None
    """Most runs at once, of all jobs together; the setting DAEMON_TEMPLATE_LIMITS goes before it."""

    class Parameters(TemplateParameters):
        """No parameters."""

    def due_source_rests_until(self, services: Services) -> datetime | None:  # noqa: ARG002 - for subclasses
        """Until when due documents start no run because nothing could be done with them now; None: they do."""
        return None

    @property
    def is_blocking(self) -> bool:
        """Whether execute() is a plain function, to be run in a worker process."""
        return not inspect.iscoroutinefunction(self.execute)

    @abstractmethod
    def execute(self, context: JobExecutionContext) -> JobResult | Awaitable[JobResult]:
        """Does the work. An exception is a failed attempt; its text is stored, so keep secrets out of it."""
