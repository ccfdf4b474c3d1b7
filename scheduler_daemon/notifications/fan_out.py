"""One occurrence of a scheduled notification becomes one queue item per recipient and channel."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from scheduler_daemon.notifications.occurrence_messages import Occurrence, OccurrenceMessages
from scheduler_daemon.notifications.recipients import Missing, RecipientResolver
from scheduler_daemon.notifications.suppression import suppress
from scheduler_daemon.store.queue import NotificationQueue
from scheduler_daemon.store.suppressions import SuppressionList
from scheduler_daemon.uninterrupted import uninterrupted
from shared.models.notification_models import ScheduledNotification
from shared.models.queue import QueueState

__all__ = ["MOST_ITEMS", "FanOut", "FanOutReport", "Occurrence"]

log = structlog.get_logger(__name__)

MOST_ITEMS = 500
MOST_INSERTS = 2
"""At once: while the server stores one batch, the next one is made."""

Document = dict[str, Any]


@dataclass(slots=True)
class FanOutReport:
    """Messages of one occurrence. stored: how many the queue holds at the end; failed: recorded as failed when queued.

    complete False: the definition was changed meanwhile, and the rest was left out.
    """

    queued: int = 0
    duplicates: int = 0
    stored: int = 0
    failed: int = 0
    suppressed: int = 0
    unreachable: int = 0
    missing_people: int = 0
    missing_groups: int = 0
    complete: bool = True


class FanOut:
    """Repeating it is harmless: a message's identity is its source, occurrence, channel and address."""

    def __init__(
        self,
        queue: NotificationQueue,
        suppressions: SuppressionList,
        resolver: RecipientResolver,
        message_domain: str,
        keep: timedelta,
        wake: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._suppressions = suppressions
        self._resolver = resolver
        self._message_domain = message_domain
        self._keep = keep
        self._wake = wake

    async def count(self, scheduled: ScheduledNotification) -> int:
        """How many recipients it has at most."""
        return await self._resolver.count(scheduled.recipients)

    async def run(
        self, occurrence: Occurrence, now: datetime, still_in_force: Callable[[], Awaitable[bool]], batch_size: int
    ) -> FanOutReport:
        """Queues every message of the occurrence that is not there yet, at most `batch_size` in one insert."""
        report, missing = FanOutReport(), Missing()
        messages = OccurrenceMessages(occurrence, now, self._message_domain, self._keep)
        inserts, buffer = _Inserts(), dict[str, Document]()

        async def flush() -> None:
            documents = list(buffer.values())
            buffer.clear()
            await inserts.add(self._insert(documents, messages, report))

        try:
            async for people in self._resolver.batches(occurrence.scheduled.recipients, missing):
                for person in people:
                    for channel in occurrence.scheduled.channels:
                        address = person.address_on(channel)
                        if address is None:
                            report.unreachable += 1
                            continue
                        identity = messages.identity(channel, address)
                        if identity not in buffer:
                            buffer[identity] = messages.message(person, channel, address, identity)
                    if len(buffer) >= batch_size:
                        if not await still_in_force():
                            report.complete = False
                            return report
                        await flush()
            if buffer:
                await flush()
        finally:
            await uninterrupted(inserts.settle())
        report.stored = report.queued
        if report.duplicates:  # queued before, or named twice: only the queue tells which
            report.stored = await self._queue.count_of(occurrence.scheduled.id, occurrence.at)
        report.missing_people, report.missing_groups = missing.people, missing.groups
        return report

    async def _insert(self, documents: list[Document], messages: OccurrenceMessages, report: FanOutReport) -> None:
        await suppress(documents, self._suppressions, self._keep)
        result = await self._queue.insert(documents)
        report.queued += result.inserted
        report.duplicates += result.duplicates
        report.failed += sum(document["state"] == QueueState.FAILED.value for document in documents)
        report.suppressed += sum(document["state"] == QueueState.SUPPRESSED.value for document in documents)
        for place in result.refused:
            log.error("message_not_storable", item_id=documents[place]["_id"])
        if result.refused:
            recorded = await self._queue.insert([messages.refused(documents[place]) for place in result.refused])
            report.queued += recorded.inserted
            report.duplicates += recorded.duplicates
            report.failed += recorded.inserted
        self._wake()


class _Inserts:
    """Inserts under way. The first error is raised by the next `add`, or by `settle`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, insert: Coroutine[Any, Any, None]) -> None:
        """Begins it as soon as there is room."""
        while len(self._tasks) >= MOST_INSERTS:
            done, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                try:
                    task.result()
                except BaseException:
                    insert.close()
                    raise
        self._tasks.add(asyncio.create_task(insert))

    async def settle(self) -> None:
        """Waits for all."""
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = set()
        for result in results:
            if isinstance(result, BaseException):
                raise result
