"""Group commit: small writes that are ready at about the same time become one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.errors import DocumentRefused, DuplicateDocument, StoreError, TransactionConflict

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

GATHER_SECONDS = 0.003
MOST_ITEMS = 500
MOST_IN_FLIGHT = 2


class GroupMismatch(StoreError):
    """A conditional write of a group matched nothing; the group was rolled back whole."""


_DIVIDE_ON = (GroupMismatch, TransactionConflict, DuplicateDocument, DocumentRefused)


class GroupCommit(Generic[Item, Outcome]):
    """Gathers submitted items and commits them together, at most `most_in_flight` groups at a time.

    commit: writes all of its items in one transaction and returns one outcome for each, in order. It raises
    GroupMismatch if one of two or more found nothing to change; the group is then halved until the culprit is alone.
    With one item it must return that item's outcome instead. It may see an item again after an error.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]],
        *,
        gather_seconds: float = GATHER_SECONDS,
        most_items: int = MOST_ITEMS,
        most_in_flight: int = MOST_IN_FLIGHT,
    ) -> None:
        self._commit = commit
        self._gather_seconds = gather_seconds
        self._most_items = most_items
        self._most_in_flight = most_in_flight
        self._waiting: list[tuple[Item, asyncio.Future[Outcome]]] = []
        self._flushes: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def submit(self, item: Item) -> Outcome:
        """The outcome of `item` once its group is committed; the store's error if that is not known.

        A cancelled caller does not take its item back: it is committed all the same.
        """
        if self._closed:
            raise RuntimeError("the group commit is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((item, future))
        if len(self._waiting) >= self._most_items:
            self._start()
        elif self._timer is None:
            self._timer = loop.call_later(self._gather_seconds, self._start)
        return await future

    async def close(self) -> None:
        """Commits what was submitted, then refuses more. May be called twice."""
        self._closed = True
        self._start()
        while self._flushes:
            await asyncio.wait(self._flushes)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and len(self._flushes) < self._most_in_flight:
            group, self._waiting = self._waiting[: self._most_items], self._waiting[self._most_items :]
            flush = asyncio.create_task(self._flush(group))
            self._flushes.add(flush)
            flush.add_done_callback(self._ended)

    def _ended(self, flush: asyncio.Task[None]) -> None:
        self._flushes.discard(flush)
        if not flush.cancelled():
            self._start()

    async def _flush(self, group: list[tuple[Item, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._commit([item for item, _ in group])
        except _DIVIDE_ON as fault:
            if len(group) == 1:
                _reject(group, fault)
                return
            middle = len(group) // 2
            await self._flush(group[:middle])
            await self._flush(group[middle:])
        except Exception as fault:
            _reject(group, fault)
        except BaseException:
            for _, future in group:
                future.cancel()
            raise
        else:
            for (_, future), outcome in zip(group, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)


def _reject(group: list[tuple[Item, asyncio.Future[Outcome]]], fault: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(fault)
