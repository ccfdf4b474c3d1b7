"""The sender of a channel, if a provider is configured for it."""

from datetime import UTC, datetime

from scheduler_daemon.due_source import DueSource
from scheduler_daemon.notifications.sender import DrainLimits, DrainReport, Progress, Sender
from scheduler_daemon.store.queue import NotificationQueue
from shared.clock import Clock
from shared.collections import NOTIFICATION_QUEUE, PROVIDER_EVENTS
from shared.models.notification_models import Channel
from shared.queries.notifications import free_messages
from shared.queries.provider_events import unhandled_events

MOST_COUNTED = 10_000
NEVER = datetime.max.replace(tzinfo=UTC)

EMAIL_DUE_SOURCE = DueSource(NOTIFICATION_QUEUE, filter=free_messages(Channel.EMAIL), due_field="sendAfter")
REPORTS_DUE_SOURCE = DueSource(PROVIDER_EVENTS, filter=unhandled_events(), due_field="lookAt")
SMS_DUE_SOURCE = DueSource(
    NOTIFICATION_QUEUE, filter=free_messages(Channel.SMS), due_field="sendAfter", beside=REPORTS_DUE_SOURCE
)


class ChannelSender:
    """What the template of a channel's notifier uses."""

    def __init__(self, channel: Channel, sender: Sender | None, queue: NotificationQueue, clock: Clock) -> None:
        self._channel = channel
        self._sender = sender
        self._queue = queue
        self._clock = clock

    @property
    def configured(self) -> bool:
        return self._sender is not None

    @property
    def rests_until(self) -> datetime | None:
        """Until when messages wait whatever their time: a fault of the channel, or NEVER without a provider."""
        return NEVER if self._sender is None else self._sender.rests_until

    async def drain(self, limits: DrainLimits, progress: Progress | None = None) -> DrainReport:
        """Sends what is due; nothing without a provider. See Sender.drain."""
        if self._sender is None:
            return DrainReport()
        return await self._sender.drain(limits, progress)

    async def close(self) -> None:
        """After the last drain: stores what is left, says goodbye to the provider. May be called twice."""
        if self._sender is not None:
            await self._sender.close()

    async def waiting(self) -> int:
        """How many messages are due now; counting stops at MOST_COUNTED."""
        return await self._queue.count_waiting(self._channel, self._clock.now(), MOST_COUNTED)
