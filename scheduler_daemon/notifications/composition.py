"""Builds the notification system. Only this file knows all of its classes."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scheduler_daemon.http.address_guard import AddressGuard
from scheduler_daemon.http.client import HttpClient
from scheduler_daemon.job_template import Services
from scheduler_daemon.notifications.alerts import AlertWriter
from scheduler_daemon.notifications.attachments import AttachmentFiles
from scheduler_daemon.notifications.carrier import Carrier
from scheduler_daemon.notifications.channel_sender import ChannelSender
from scheduler_daemon.notifications.delivery_reports import DeliveryReports
from scheduler_daemon.notifications.fan_out import FanOut
from scheduler_daemon.notifications.notifiers.from_settings import email_notifier, own_mailbox, sms_notifier
from scheduler_daemon.notifications.notifiers.notifier import Notifier
from scheduler_daemon.notifications.outcomes import RetryPolicy
from scheduler_daemon.notifications.pace import Pace
from scheduler_daemon.notifications.processor import Processor
from scheduler_daemon.notifications.recipients import RecipientResolver
from scheduler_daemon.notifications.rescue import MessageRescue
from scheduler_daemon.notifications.sender import Sender
from scheduler_daemon.notifications.service import NotificationService
from scheduler_daemon.notifications.template_versions import TemplateVersions
from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.store.channel_states import ChannelStates
from scheduler_daemon.store.group_commit import MOST_IN_FLIGHT, GroupCommit
from scheduler_daemon.store.host_users import HostUserStore
from scheduler_daemon.store.mongo import Client, Database
from scheduler_daemon.store.notification_templates import NotificationTemplateStore
from scheduler_daemon.store.provider_events import ProviderEventStore
from scheduler_daemon.store.queue import NotificationQueue
from scheduler_daemon.store.queue_claims import QueueClaims
from scheduler_daemon.store.queue_outcomes import OutcomeStore
from scheduler_daemon.store.queue_recovery import QueueRecovery
from scheduler_daemon.store.recipients import RecipientStore
from scheduler_daemon.store.scheduled_notifications import ScheduledNotificationStore
from scheduler_daemon.store.suppressions import SuppressionList
from scheduler_daemon.store.transactions import Fence, TransactionSession
from scheduler_daemon.suites.runner import SuiteRunner
from shared.clock import Clock
from shared.models.notification_models import Channel
from shared.settings import Settings

RECORD_GATHER_SECONDS = 0.02
"""Outcomes of a sender may gather for longer than those of runs: nobody waits for them."""


@dataclass(frozen=True, slots=True)
class NotificationSystem:
    """The services that templates use, the writer of alerts, and what must be closed when the daemon stops."""

    services: Services
    alerts: AlertWriter
    sessions: tuple[TransactionSession, ...]

    @property
    def lsids(self) -> list[Mapping[str, Any]]:
        """Server sessions of its transactions: a successor ends them."""
        return [session.lsid for session in self.sessions]

    async def close(self) -> None:
        """After the last run: stores what is left, says goodbye to the providers. May be called twice."""
        await self.services.email_sender.close()
        await self.services.sms_sender.close()
        await self.services.http.close()
        for session in self.sessions:
            await session.close()


@dataclass(frozen=True, slots=True)
class _Senders:
    """What the senders of all channels share."""

    client: Client
    database: Database
    fence: Fence
    clock: Clock
    policy: RetryPolicy
    queue: NotificationQueue
    recovery: QueueRecovery
    versions: TemplateVersions
    suppressions: SuppressionList
    attachments: AttachmentFiles

    def sender(
        self, channel: Channel, notifier: Notifier | None, per_second: float | None
    ) -> tuple[ChannelSender, tuple[TransactionSession, ...]]:
        """The sender of a channel and the sessions of its own. notifier None: the channel has no provider."""
        if notifier is None:
            return ChannelSender(channel, None, self.queue, self.clock), ()
        sessions = tuple(TransactionSession(self.client) for _ in range(MOST_IN_FLIGHT))
        recorder = GroupCommit(OutcomeStore(self.database, sessions).record, gather_seconds=RECORD_GATHER_SECONDS)
        sender = Sender(
            channel,
            Carrier(notifier, self.queue, recorder, self.versions, self.attachments, self.clock, self.policy),
            self.queue,
            QueueClaims(self.database, self.fence, self.policy.keep, self.suppressions),
            self.recovery,
            self.fence,
            self.clock,
            self.policy,
            Pace(per_second, self.clock),
            ChannelStates(self.database),
        )
        return ChannelSender(channel, sender, self.queue, self.clock), sessions


def build_services(
    settings: Settings,
    *,
    client: Client,
    database: Database,
    fence: Fence,
    clock: Clock,
    wake: Callable[[], None],
    rules: StandingRules,
    tls_context: ssl.SSLContext | None = None,
) -> NotificationSystem:
    """No I/O yet. fence: the scheduler's own; wake: the one loop looks again; rules: which days are left out.

    SettingsError: SMTP_FROM is wrong, or something that the SMS provider needs is missing.
    """
    keep = settings.message_retention
    policy = RetryPolicy(settings.message_max_attempts, settings.message_backoff, settings.message_max_backoff, keep)
    message_domain = own_mailbox(settings).address.rpartition("@")[2]
    queue = NotificationQueue(database, keep)
    recovery = QueueRecovery(database, keep)
    versions = TemplateVersions(NotificationTemplateStore(database))
    suppressions = SuppressionList(database)

    files = AttachmentFiles(settings.attachment_folder, settings.attachment_max_bytes, settings.export_folder)
    senders = _Senders(client, database, fence, clock, policy, queue, recovery, versions, suppressions, files)
    email, email_sessions = senders.sender(
        Channel.EMAIL, email_notifier(settings, clock, tls_context), settings.smtp_messages_per_second
    )
    sms, sms_sessions = senders.sender(Channel.SMS, sms_notifier(settings, clock), settings.sms_messages_per_second)

    resolver = RecipientResolver(RecipientStore(database), HostUserStore(database, settings.host_users))

    fan_out = FanOut(queue, suppressions, resolver, message_domain, keep, wake)
    processor = Processor(
        ScheduledNotificationStore(database), queue, versions, fan_out, rules, settings.notification_approval_above
    )
    report_session = TransactionSession(client)
    reports = DeliveryReports(ProviderEventStore(database, report_session), keep)
    service = NotificationService(processor, MessageRescue(recovery, fence, policy), reports, wake)
    alerts = AlertWriter(resolver, message_domain)
    http = HttpClient(AddressGuard(settings.http_allowed_networks))
    services = Services(service, email, sms, http, SuiteRunner(settings.test_suites))
    return NotificationSystem(services, alerts, (*email_sessions, *sms_sessions, report_session))
