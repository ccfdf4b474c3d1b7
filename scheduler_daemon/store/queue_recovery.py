"""`notification_queue` after a crash, a hand in the database, or a person's decision."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pymongo import DeleteOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from scheduler_daemon.store.mongo import Database, translated
from scheduler_daemon.store.transactions import MOST_DOCUMENTS, Fence
from shared.collections import DELIVERIES, NOTIFICATION_QUEUE
from shared.models.notification_models import Channel
from shared.models.queue import QueueState
from shared.queries import notifications as queries

Document = dict[str, Any]


class Release(NamedTuple):
    """What becomes of a message whose sender is gone. delivery None: its record, if any, is taken back."""

    update: queries.Update
    delivery: queries.Update | None


class QueueRecovery:
    """Conditional updates on raw documents, since any of them may be malformed."""

    def __init__(self, database: Database, keep: timedelta) -> None:
        self._queue = database[NOTIFICATION_QUEUE]
        self._deliveries = database[DELIVERIES]
        self._keep = keep

    async def release_dead_epochs(self, fence: Fence, decide: Callable[[Document], Release]) -> int:
        """Takes every message from the senders of earlier epochs; how many."""
        return await self._release_all(fence, queries.sending_of_other_epochs(fence.epoch), decide)

    async def release_abandoned(
        self, fence: Fence, channel: Channel, held: Sequence[str], decide: Callable[[Document], Release]
    ) -> int:
        """Takes a channel's messages of this epoch that no token in `held` stands for; how many."""
        criteria = queries.abandoned(channel, fence.epoch, held)
        return await self._release_all(fence, criteria, decide)

    async def end_malformed(self, now: datetime, reason: Callable[[Document], str]) -> int:
        """Ends messages that no notifier would ever find; how many. Cheap when there are none."""
        count = 0
        for criteria in queries.malformed_messages():
            with translated():
                found = await self._queue.find(criteria).limit(MOST_DOCUMENTS).to_list()
            for document in found:
                bad = queries.ended(QueueState.DEAD, "malformed", reason(document), now, self._keep)
                with translated():
                    result = await self._queue.update_one(queries.unchanged(document), bad)
                count += result.modified_count
        return count

    async def read(self, item_id: str) -> Document | None:
        with translated():
            return await self._queue.find_one({"_id": item_id})

    async def change(self, item_id: str, state: str, changes: Mapping[str, Any]) -> bool:
        """Sets `changes` if the message is still in `state`."""
        with translated():
            result = await self._queue.update_one({"_id": item_id, "state": state}, {"$set": dict(changes)})
        return result.matched_count == 1

    async def _release_all(self, fence: Fence, criteria: queries.Filter, decide: Callable[[Document], Release]) -> int:
        total = 0

        async def work(session: AsyncClientSession) -> int:
            return await self._release_some(criteria, decide, session)

        while count := await fence.fenced(work):
            total += count
        return total

    async def _release_some(
        self, criteria: queries.Filter, decide: Callable[[Document], Release], session: AsyncClientSession
    ) -> int:
        found = await self._queue.find(criteria, session=session, hint="sending").limit(MOST_DOCUMENTS // 2).to_list()
        if not found:
            return 0
        releases = [(document, decide(document)) for document in found]
        result = await self._queue.bulk_write(
            [UpdateOne(queries.unchanged(document), release.update) for document, release in releases],
            ordered=False,
            session=session,
        )
        deliveries = [write for document, release in releases for write in _delivery_writes(document, release)]
        if deliveries:
            await self._deliveries.bulk_write(deliveries, ordered=False, session=session)
        return result.modified_count


def _delivery_writes(document: Document, release: Release) -> list[UpdateOne | DeleteOne]:
    identity, attempt, token = document["_id"], document.get("attempt"), document.get("token")
    if not (isinstance(identity, str) and isinstance(attempt, int) and isinstance(token, str)):
        return []
    criteria = queries.started_delivery(identity, attempt, token)
    return [DeleteOne(criteria) if release.delivery is None else UpdateOne(criteria, release.delivery)]
