"""Builds the notification system. Only this file knows all of its classes."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scheduler_daemon.http.address_guard import AddressGuard
from scheduler_daemon.http.client import HttpClient
from scheduler_daemon.job_template import Services
from scheduler_daemon.notifications.alerts import AlertWriter
from scheduler_daemon.notifications.carrier import Carrier
from scheduler_daemon.notifications.email_sender import EmailSender
from scheduler_daemon.notifications.fan_out import FanOut
from scheduler_daemon.notifications.notifiers.email_message import parse_mailbox
from scheduler_daemon.notifications.notifiers.smtp import SmtpNotifier
from scheduler_daemon.notifications.notifiers.smtp_connections import SmtpServer
from scheduler_daemon.notifications.outcomes import RetryPolicy
from scheduler_daemon.notifications.processor import Processor
from scheduler_daemon.notifications.recipients import RecipientResolver
from scheduler_daemon.notifications.rescue import MessageRescue
from scheduler_daemon.notifications.sender import Sender
from scheduler_daemon.notifications.service import NotificationService
from scheduler_daemon.notifications.template_versions import TemplateVersions
from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.store.group_commit import MOST_IN_FLIGHT, GroupCommit
from scheduler_daemon.store.host_users import HostUserStore
from scheduler_daemon.store.mongo import Client, Database
from scheduler_daemon.store.notification_templates import NotificationTemplateStore
from scheduler_daemon.store.queue import NotificationQueue
from scheduler_daemon.store.queue_claims import QueueClaims
from scheduler_daemon.store.queue_outcomes import OutcomeStore
from scheduler_daemon.store.queue_recovery import QueueRecovery
from scheduler_daemon.store.recipients import RecipientStore
from scheduler_daemon.store.scheduled_notifications import ScheduledNotificationStore
from scheduler_daemon.store.transactions import Fence, TransactionSession
from scheduler_daemon.suites.runner import SuiteRunner
from shared.clock import Clock
from shared.errors import InvalidDefinition, SettingsError
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
        """After the last run: stores what is left, says goodbye to the mail server. May be called twice."""
        await self.services.email_sender.close()
        await self.services.http.close()
        for session in self.sessions:
            await session.close()


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

    SettingsError: SMTP_FROM is wrong.
    """
    keep = settings.message_retention
    policy = RetryPolicy(settings.message_max_attempts, settings.message_backoff, settings.message_max_backoff, keep)
    try:
        own_mailbox = parse_mailbox(settings.smtp_from)
    except InvalidDefinition as fault:
        raise SettingsError(f"SMTP_FROM: {fault.detail}; write Name <address>") from None
    sessions = tuple(TransactionSession(client) for _ in range(MOST_IN_FLIGHT))
    recorder = GroupCommit(OutcomeStore(database, sessions).record, gather_seconds=RECORD_GATHER_SECONDS)
    queue = NotificationQueue(database, keep)
    recovery = QueueRecovery(database, keep)
    versions = TemplateVersions(NotificationTemplateStore(database))

    server = SmtpServer.from_settings(settings)
    sender = None
    if server is not None:
        notifier = SmtpNotifier.for_server(server, own_mailbox, settings.smtp_connections, clock, tls_context)
        carrier = Carrier(notifier, queue, recorder, versions, clock, policy)
        claims = QueueClaims(database, fence, keep)
        sender = Sender(notifier.channel, carrier, queue, claims, recovery, fence, clock, policy)

    resolver = RecipientResolver(RecipientStore(database), HostUserStore(database, settings.host_users))
    message_domain = own_mailbox.address.rpartition("@")[2]
    fan_out = FanOut(queue, resolver, message_domain, keep, wake)
    processor = Processor(
        ScheduledNotificationStore(database), queue, versions, fan_out, rules, settings.notification_approval_above
    )
    service = NotificationService(processor, MessageRescue(recovery, fence, policy), wake)
    alerts = AlertWriter(resolver, message_domain)
    http = HttpClient(AddressGuard(settings.http_allowed_networks))
    services = Services(service, EmailSender(sender, queue, clock), http, SuiteRunner(settings.test_suites))
    return NotificationSystem(services, alerts, sessions)
