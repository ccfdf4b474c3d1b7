"""NotificationService: what the rest of the daemon may ask of the notification system."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from scheduler_daemon.due_source import DueSource
from scheduler_daemon.notifications.delivery_reports import DeliveryReports
from scheduler_daemon.notifications.fan_out import MOST_ITEMS
from scheduler_daemon.notifications.processor import Processor
from scheduler_daemon.notifications.rescue import Answer, MessageRescue
from shared.collections import SCHEDULED_NOTIFICATIONS
from shared.queries.notifications import unplanned

SCHEDULES_DUE_SOURCE = DueSource(SCHEDULED_NOTIFICATIONS, filter={}, due_field="daemon.nextRun", at_once=unplanned())


class NotificationService:
    """Each method may be called at any time, twice, and by two processes at once."""

    def __init__(
        self, processor: Processor, rescue: MessageRescue, reports: DeliveryReports, wake: Callable[[], None]
    ) -> None:
        self._processor = processor
        self._rescue = rescue
        self._reports = reports
        self._wake = wake

    async def process_due(self, now: datetime, *, batch_size: int = MOST_ITEMS) -> Counter[str]:
        """Plans new and changed scheduled notifications, queues the messages of those that are due; counts of each."""
        report = await self._processor.run(now, batch_size)
        if report["planned"] or report["occurrences"]:
            self._wake()
        return report

    async def reconcile(self, now: datetime) -> int:
        """After a take-over: gives back what senders of earlier epochs held; how many messages."""
        count = await self._rescue.release_dead_epochs(now)
        if count:
            self._wake()
        return count

    async def repair_malformed(self, now: datetime) -> int:
        """Ends or quarantines documents that no query for due ones would ever find; how many. Cheap when none."""
        return await self._rescue.end_malformed(now) + await self._processor.quarantine_malformed(now)

    async def apply_delivery_reports(self, now: datetime) -> Counter[str]:
        """What providers have told of sent messages: how many delivered, bounced, ignored, postponed."""
        return await self._reports.apply_all(now)

    async def retry_message(self, item_id: str, now: datetime) -> Answer:
        """Sends a message again because a person asks for it: (accepted, why or what)."""
        answer = await self._rescue.retry(item_id, now)
        self._wake()
        return answer

    async def resolve_message(self, item_id: str, state: str, now: datetime) -> Answer:
        """A person decides what became of a message whose end is unknown: (accepted, why or what)."""
        answer = await self._rescue.resolve(item_id, state, now)
        self._wake()
        return answer
