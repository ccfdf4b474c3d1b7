"""What the author of a job template imports: JobTemplate, JobExecutionContext, JobResult, DueSource."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from structlog.typing import FilteringBoundLogger

from scheduler_daemon.due_source import DueSource
from shared.clock import Clock

if TYPE_CHECKING:
    from scheduler_daemon.notifications.email_sender import EmailSender
    from scheduler_daemon.notifications.service import NotificationService


__all__ = ["DueSource", "JobExecutionContext", "JobResult", "JobTemplate", "Services", "TemplateParameters"]


class TemplateParameters(BaseModel):
    """Base for parameters: camelCase in documents, unknown names refused. Any pydantic model will do instead."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class JobResult:
    """How an execution ended. A template returns it and never touches its run."""

    outcome: Literal["success", "failure", "skipped"]
    summary: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    retryable: bool = True

    @classmethod
    def success(cls, summary: str, metrics: Mapping[str, Any] | None = None) -> "JobResult":
        return cls("success", summary, metrics or {})

    @classmethod
    def failure(cls, summary: str, *, retryable: bool = True, metrics: Mapping[str, Any] | None = None) -> "JobResult":
        return cls("failure", summary, metrics or {}, retryable)

    @classmethod
    def skipped(cls, summary: str) -> "JobResult":
        return cls("skipped", summary)


@dataclass(slots=True)
class Services:
    """What a template may use of this system."""

    notifications: "NotificationService"
    email_sender: "EmailSender"
    """Sends what is queued for the channel email; used by the notifiers."""


@dataclass(slots=True)
class JobExecutionContext:
    """One attempt of one run. (run_id, attempt) names it; run_id is the idempotency key for what it does outside.

    Cancellation arrives as asyncio.CancelledError at the next await: clean up, then let it pass.
    """

    run_id: str
    job_id: str
    attempt: int
    scheduled_for: datetime
    params: Any
    log: FilteringBoundLogger
    clock: Clock
    services: Services

    @property
    def notifications(self) -> "NotificationService":
        return self.services.notifications


class JobTemplate(ABC):
    """A type of work. Declare the class attributes, write execute(), register the entry point."""

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

    @abstractmethod
    async def execute(self, context: JobExecutionContext) -> JobResult:
        """Does the work. An exception is a failed attempt; its text is stored, so keep secrets out of it."""
