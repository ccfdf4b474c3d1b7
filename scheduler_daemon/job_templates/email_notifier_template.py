"""email_notifier: sends what is queued for the channel email."""

from typing import TYPE_CHECKING

from scheduler_daemon.job_template import Services
from scheduler_daemon.job_templates.channel_notifier import ChannelNotifierTemplate
from scheduler_daemon.notifications.channel_sender import EMAIL_DUE_SOURCE

if TYPE_CHECKING:
    from scheduler_daemon.notifications.channel_sender import ChannelSender


class EmailNotifierTemplate(ChannelNotifierTemplate):
    """Claims queued e-mails and sends them over SMTP until nothing is due."""

    type = "email_notifier"
    name = "E-mail Notifier"
    description = (
        "Sends queued e-mails over the SMTP server of the settings. Runs by its schedule and the moment an e-mail "
        "falls due."
    )
    due_source = EMAIL_DUE_SOURCE
    noun = "e-mail"
    unconfigured = "no SMTP server is configured"

    def sender(self, services: Services) -> "ChannelSender":
        return services.email_sender
