"""What the notifier templates share: one run drains the queue of one channel."""

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, Services, TemplateParameters
from scheduler_daemon.notifications.sender import DrainLimits, DrainReport
from shared.clock import rfc3339
from shared.durations import Duration

if TYPE_CHECKING:
    from scheduler_daemon.notifications.channel_sender import ChannelSender

COUNTS = ("sent", "retried", "failed", "dead", "suppressed", "unknown", "held", "handed_back", "lost")


class ChannelNotifierTemplate(JobTemplate):
    """Claims the queued messages of a channel and hands them to its provider until nothing is due."""

    category = "notifications"
    noun: ClassVar[str]
    unconfigured: ClassVar[str]
    """What is missing while no provider is configured."""

    class Parameters(TemplateParameters):
        """batchSize: in flight at once; maxMessages and maxDuration: where one run ends and the next takes over."""

        batch_size: int = Field(
            64,
            ge=1,
            le=500,
            title="Batch size",
            description="Most messages that are claimed and in flight at once.",
            examples=[64],
        )
        max_messages: int = Field(
            50_000,
            ge=1,
            le=1_000_000,
            title="Most messages",
            description="Most messages in one run; the next run goes on with the rest.",
            examples=[50_000],
        )
        max_duration: Duration = Field(
            timedelta(minutes=5),
            title="Longest run",
            description="For how long one run claims messages; keep it under the job's time-out.",
            examples=["5m"],
        )
        dry_run: bool = Field(
            False,
            title="Dry run",
            description="Only counts the messages that are due, up to 10,000, and sends none.",
            examples=[False],
        )

    @abstractmethod
    def sender(self, services: Services) -> "ChannelSender":
        """The sender of the channel."""

    def due_source_rests_until(self, services: Services) -> datetime | None:
        """While the channel is at fault, or has no provider, a due message starts no run; the schedule still does."""
        return self.sender(services).rests_until

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: ChannelNotifierTemplate.Parameters = context.params
        sender = self.sender(context.services)
        if params.dry_run or not sender.configured:
            waiting = await sender.waiting()
            why = "dry run" if params.dry_run else self.unconfigured
            return JobResult.success(f"{why}; {waiting} messages wait", metrics={"waiting": waiting})

        def progress(report: DrainReport) -> None:
            context.progress(report.counts["sent"], message="messages sent")

        limits = DrainLimits(params.batch_size, params.max_messages, params.max_duration)
        return self._result(await sender.drain(limits, progress))

    def _result(self, report: DrainReport) -> JobResult:
        metrics = {word: report.counts[word] for word in COUNTS}
        if report.rests_until is not None:
            return JobResult.failure(
                f"{self.noun} rests until {rfc3339(report.rests_until)}: {report.fault}",
                retryable=False,
                metrics=metrics,
            )
        return JobResult.success(f"sent {report.counts['sent']} messages", metrics=metrics)
