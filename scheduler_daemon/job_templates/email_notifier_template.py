"""email_notifier: sends what is queued for the channel email."""

from datetime import datetime, timedelta

from pydantic import Field

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, Services, TemplateParameters
from scheduler_daemon.notifications.email_sender import EMAIL_DUE_SOURCE
from scheduler_daemon.notifications.sender import DrainLimits, DrainReport
from shared.clock import rfc3339
from shared.durations import Duration


class EmailNotifierTemplate(JobTemplate):
    """Claims queued e-mails and sends them over SMTP until nothing is due."""

    type = "email_notifier"
    name = "E-mail Notifier"
    category = "notifications"
    description = (
        "Sends queued e-mails over the SMTP server of the settings. Runs by its schedule and the moment an e-mail "
        "falls due."
    )
    due_source = EMAIL_DUE_SOURCE

    class Parameters(TemplateParameters):
        """batchSize: in flight at once; maxMessages and maxDuration: where one run ends and the next takes over."""

        batch_size: int = Field(
            64,
            ge=1,
            le=500,
            title="Batch size",
            description="Most e-mails that are claimed and in flight at once.",
            examples=[64],
        )
        max_messages: int = Field(
            50_000,
            ge=1,
            le=1_000_000,
            title="Most messages",
            description="Most e-mails in one run; the next run goes on with the rest.",
            examples=[50_000],
        )
        max_duration: Duration = Field(
            timedelta(minutes=5),
            title="Longest run",
            description="For how long one run claims e-mails; keep it under the job's time-out.",
            examples=["5m"],
        )

    def due_source_rests_until(self, services: Services) -> datetime | None:
        """While the channel is at fault, or without a server, a due message starts no run; the schedule still does."""
        return services.email_sender.rests_until

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: EmailNotifierTemplate.Parameters = context.params
        sender = context.services.email_sender
        if not sender.configured:
            waiting = await sender.waiting()
            return JobResult.success(
                f"no SMTP server is configured; {waiting} messages wait", metrics={"waiting": waiting}
            )
        report = await sender.drain(DrainLimits(params.batch_size, params.max_messages, params.max_duration))
        return _result(report)


def _result(report: DrainReport) -> JobResult:
    metrics = {word: report.counts[word] for word in ("sent", "retried", "failed", "dead", "handed_back", "lost")}
    if report.rests_until is not None:
        return JobResult.failure(
            f"e-mail rests until {rfc3339(report.rests_until)}: {report.fault}", retryable=False, metrics=metrics
        )
    return JobResult.success(f"sent {report.counts['sent']} messages", metrics=metrics)
