"""scheduled_notification_processor: plans scheduled notifications and queues the messages of those that are due."""

from pydantic import Field

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters
from scheduler_daemon.notifications.service import SCHEDULES_DUE_SOURCE

COUNTS = (
    "planned", "occurrences", "skipped", "excluded", "queued", "duplicates", "failed", "suppressed", "cancelled",
    "quarantined", "held", "unreachable", "missing_people", "missing_groups", "repaired",
)  # fmt: skip


class ScheduledNotificationProcessorTemplate(JobTemplate):
    """Queues one message per recipient and channel, once; a crash in between leaves no gap and no double."""

    type = "scheduled_notification_processor"
    name = "Scheduled Notification Processor"
    category = "notifications"
    description = (
        "Plans new and changed scheduled notifications, and puts the messages of those that are due into the queue. "
        "Runs by its schedule and the moment one falls due."
    )
    due_source = SCHEDULES_DUE_SOURCE

    class Parameters(TemplateParameters):
        """batchSize: how many messages are inserted at a time."""

        batch_size: int = Field(
            500,
            ge=1,
            le=500,
            title="Batch size",
            description="Most messages that are put into the queue in one insert.",
            examples=[500],
        )

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: ScheduledNotificationProcessorTemplate.Parameters = context.params
        counts = await context.notifications.process_due(context.clock.now(), batch_size=params.batch_size)
        return JobResult.success(
            f"planned {counts['planned']}, queued {counts['queued']} messages of {counts['occurrences']} occurrences",
            metrics={word: counts[word] for word in COUNTS},
        )
