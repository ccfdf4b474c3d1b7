"""Everything the API reads and writes. The only package of the API that uses the database driver."""

from functools import cached_property

from api.store.actor import Actor
from api.store.audit_log import AuditLogStore
from api.store.audit_subjects import AuditSubjects
from api.store.calendars import CalendarStore
from api.store.catalogue import CatalogueStore
from api.store.commands import CommandStore
from api.store.connection import Connection
from api.store.diagnosis import DiagnosisStore
from api.store.exports import ExportStore
from api.store.groups import GroupStore
from api.store.host_user_preferences import HostUserPreferencesStore
from api.store.idempotency import IdempotencyStore
from api.store.jobs import JobStore
from api.store.maintenance import MaintenanceStore
from api.store.messages import MessageStore
from api.store.notification_templates import NotificationTemplateStore
from api.store.provider_events import ProviderEventStore
from api.store.rate_counts import FailedLoginStore
from api.store.recipients import RecipientStore
from api.store.run_logs import RunLogStore
from api.store.run_statistics import RunStatisticsStore
from api.store.runs import RunStore
from api.store.scheduled_notifications import ScheduledNotificationStore
from api.store.suppressions import SuppressionStore
from api.store.system import SystemStore
from api.store.tokens import TokenStore
from shared.clock import Clock
from shared.settings import Settings

__all__ = ["Actor", "Store"]


class Store:
    """One store per collection, on one connection that opens at first use."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.connection = Connection(settings)
        self._settings = settings
        self._clock = clock

    @cached_property
    def jobs(self) -> JobStore:
        return JobStore(self.connection, self._clock, self.catalogue)

    @cached_property
    def runs(self) -> RunStore:
        return RunStore(self.connection)

    @cached_property
    def run_statistics(self) -> RunStatisticsStore:
        return RunStatisticsStore(self.connection)

    @cached_property
    def run_logs(self) -> RunLogStore:
        return RunLogStore(self.connection)

    @cached_property
    def commands(self) -> CommandStore:
        return CommandStore(self.connection, self._clock, self.catalogue)

    @cached_property
    def catalogue(self) -> CatalogueStore:
        return CatalogueStore(self.connection)

    @cached_property
    def scheduled_notifications(self) -> ScheduledNotificationStore:
        return ScheduledNotificationStore(self.connection, self._clock)

    @cached_property
    def notification_templates(self) -> NotificationTemplateStore:
        return NotificationTemplateStore(self.connection, self._clock)

    @cached_property
    def audit_log(self) -> AuditLogStore:
        return AuditLogStore(self.connection)

    @cached_property
    def audit_subjects(self) -> AuditSubjects:
        return AuditSubjects(self.connection)

    @cached_property
    def failed_logins(self) -> FailedLoginStore:
        return FailedLoginStore(self.connection, self._settings.api_failed_logins_per_minute)

    @cached_property
    def idempotency(self) -> IdempotencyStore:
        return IdempotencyStore(self.connection)

    @cached_property
    def recipients(self) -> RecipientStore:
        return RecipientStore(self.connection, self._clock)

    @cached_property
    def groups(self) -> GroupStore:
        return GroupStore(self.connection, self._clock)

    @cached_property
    def host_user_preferences(self) -> HostUserPreferencesStore:
        return HostUserPreferencesStore(self.connection, self._clock)

    @cached_property
    def calendars(self) -> CalendarStore:
        return CalendarStore(self.connection, self._clock)

    @cached_property
    def messages(self) -> MessageStore:
        return MessageStore(self.connection)

    @cached_property
    def exports(self) -> ExportStore:
        return ExportStore(self.connection)

    @cached_property
    def suppressions(self) -> SuppressionStore:
        return SuppressionStore(self.connection, self._clock)

    @cached_property
    def provider_events(self) -> ProviderEventStore:
        return ProviderEventStore(self.connection)

    @cached_property
    def maintenance(self) -> MaintenanceStore:
        return MaintenanceStore(self.connection, self._clock)

    @cached_property
    def tokens(self) -> TokenStore:
        return TokenStore(self.connection)

    @cached_property
    def diagnosis(self) -> DiagnosisStore:
        return DiagnosisStore(self.connection, self._clock)

    @cached_property
    def system(self) -> SystemStore:
        return SystemStore(self.connection)
