"""sms_notifier: sends what is queued for the channel sms."""

from typing import TYPE_CHECKING

from scheduler_daemon.job_template import JobExecutionContext, JobResult, Services
from scheduler_daemon.job_templates.channel_notifier import ChannelNotifierTemplate
from scheduler_daemon.notifications.channel_sender import SMS_DUE_SOURCE

if TYPE_CHECKING:
    from scheduler_daemon.notifications.channel_sender import ChannelSender


class SmsNotifierTemplate(ChannelNotifierTemplate):
    """Claims queued short messages and hands them to the SMS provider until nothing is due."""

    type = "sms_notifier"
    name = "SMS Notifier"
    description = (
        "Sends queued short messages over the SMS provider of the settings, and records what the provider tells of "
        "earlier ones. Runs by its schedule and the moment a message falls due."
    )
    due_source = SMS_DUE_SOURCE
    noun = "SMS"
    unconfigured = "no SMS provider is configured"

    def sender(self, services: Services) -> "ChannelSender":
        return services.sms_sender

    async def execute(self, context: JobExecutionContext) -> JobResult:
        if context.params.dry_run:
            return await super().execute(context)
        told = await context.notifications.apply_delivery_reports(context.clock.now())
        result = await super().execute(context)
        return JobResult(result.outcome, result.summary, {**result.metrics, **told}, result.retryable)
