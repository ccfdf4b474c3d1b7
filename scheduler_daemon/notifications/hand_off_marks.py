"""Marks messages shortly before their turn, several in one write, so that no connection waits for the database.

A mark may be older than the irrevocable step only if sending again under the same id does no harm (e-mail: the same
Message-ID): a message that was marked and not sent is taken for perhaps sent after a crash.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from scheduler_daemon.notifications.notifiers.notifier import ClaimLost
from scheduler_daemon.store.group_commit import GroupCommit, GroupMismatch
from scheduler_daemon.store.queue import NotificationQueue
from shared.clock import Clock
from shared.models.queue import QueueItem

FRESH_SECONDS = 1.0
"""An older mark is made again: until then a successor may have taken the message."""


class Mark:
    """The mark of one message."""

    def __init__(self, marks: "HandOffMarks", item: QueueItem) -> None:
        self._marks = marks
        self._item = item
        self.made_at: float | None = None

    async def make(self) -> None:
        """Unless there is a fresh one. ClaimLost: the message must not be sent."""
        now = self._marks.clock.monotonic()
        if self.made_at is None or now - self.made_at > FRESH_SECONDS:
            if not await self._marks.group.submit(self._item):
                raise ClaimLost(f"{self._item.id} is not held any more")
            self.made_at = now


class HandOffMarks:
    """ahead: how many messages may be marked or on their way at once; 0: each is marked right before its step."""

    def __init__(self, queue: NotificationQueue, clock: Clock, ahead: int) -> None:
        self._queue = queue
        self._turn = asyncio.Semaphore(ahead) if ahead else None
        self.clock = clock
        self.group: GroupCommit[QueueItem, bool] = GroupCommit(self._commit)

    @asynccontextmanager
    async def turn(self, item: QueueItem) -> AsyncIterator[Mark]:
        """Waits until it is nearly the message's turn. The mark is to be made, again, before the irrevocable step."""
        mark = Mark(self, item)
        if self._turn is None:
            yield mark
        else:
            async with self._turn:
                await mark.make()
                yield mark

    async def close(self) -> None:
        await self.group.close()

    async def _commit(self, items: Sequence[QueueItem]) -> list[bool]:
        matched = await self._queue.hand_off(items, self.clock.now())
        if matched == len(items) or len(items) == 1:
            return [matched == len(items)] * len(items)
        raise GroupMismatch(f"{len(items) - matched} of {len(items)} claims were lost")
