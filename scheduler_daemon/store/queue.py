"""`notification_queue`: putting messages in, the mark before the hand-off, cancelling, counting."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateMany
from pymongo.errors import BulkWriteError, OperationFailure

from scheduler_daemon.store.mongo import DUPLICATE_KEY, Database, translated
from shared.collections import NOTIFICATION_QUEUE
from shared.errors import DocumentRefused, StoreUnavailable
from shared.models.notification_models import Channel
from shared.models.queue import QueueItem
from shared.queries import holds
from shared.queries import notifications as queries

Document = dict[str, Any]
INDEX = "sendable"
DOCUMENT_TOO_LARGE = 10334


@dataclass(slots=True)
class Inserted:
    """What became of a batch: refused are the places of documents that MongoDB will never take."""

    inserted: int = 0
    duplicates: int = 0
    refused: list[int] = field(default_factory=list)


class NotificationQueue:
    """The queue as fan-out and senders use it. A message ends together with its expiry: it stays for `keep`."""

    def __init__(self, database: Database, keep: timedelta) -> None:
        self._queue = database[NOTIFICATION_QUEUE]
        self.keep = keep

    async def insert(self, documents: Sequence[Document]) -> Inserted:
        """Inserts those whose `_id` is new; safe to repeat. A document that cannot be stored spoils no other."""
        try:
            return await self._insert(documents)
        except DocumentRefused:
            if len(documents) == 1:
                return Inserted(refused=[0])
        total = Inserted()
        for place, document in enumerate(documents):
            one = await self.insert([document])
            total.inserted += one.inserted
            total.duplicates += one.duplicates
            total.refused += [place] * len(one.refused)
        return total

    async def _insert(self, documents: Sequence[Document]) -> Inserted:
        with translated():
            try:
                result = await self._queue.insert_many(documents, ordered=False)
            except BulkWriteError as fault:
                return _read_errors(fault, len(documents))
            except OperationFailure as fault:
                if fault.code == DOCUMENT_TOO_LARGE:
                    raise DocumentRefused(str(fault)[:200]) from fault
                raise
        return Inserted(inserted=len(result.inserted_ids))

    async def hand_off(self, items: Sequence[QueueItem], now: datetime) -> int:
        """Marks that the irrevocable step begins. How many claims still hold; a message without must not be sent."""
        by_token: defaultdict[str, list[str]] = defaultdict(list)
        for item in items:
            by_token[item.token or ""].append(item.id)
        marks = [UpdateMany(queries.all_held(ids, token), queries.hand_off(now)) for token, ids in by_token.items()]
        with translated():
            result = await self._queue.bulk_write(marks, ordered=False)
        return result.matched_count

    async def any_waiting(self, channel: Channel, now: datetime) -> bool:
        """Whether a claim would find something."""
        for state in queries.WAITING_STATES:
            with translated():
                found = await self._queue.find_one(
                    queries.waiting_messages(channel, state, now), {"_id": 1}, hint=INDEX
                )
            if found is not None:
                return True
        return False

    async def count_waiting(self, channel: Channel, now: datetime, most: int) -> int:
        """How many messages are due; counting stops at `most`."""
        count = 0
        for state in queries.WAITING_STATES:
            if count < most:
                with translated():
                    count += await self._queue.count_documents(
                        queries.waiting_messages(channel, state, now), limit=most - count, hint=INDEX
                    )
        return count

    async def count_of(self, source_id: str, occurrence: datetime) -> int:
        """How many messages of this occurrence there are."""
        with translated():
            return await self._queue.count_documents(queries.messages_of_occurrence(source_id, occurrence))

    async def cancel_of(self, source_id: str, now: datetime) -> int:
        """Ends the messages of a deleted scheduled notification that nobody has begun to send."""
        with translated():
            result = await self._queue.update_many(
                queries.waiting_messages_of(source_id), queries.cancelled(now, self.keep)
            )
        return result.modified_count

    async def release_of(self, source_id: str) -> int:
        """Brings back the messages that a pause has held; a pause that still lasts holds them again."""
        with translated():
            result = await self._queue.update_many(holds.held_messages_of(source_id), holds.released())
        return result.modified_count


def _read_errors(fault: BulkWriteError, count: int) -> Inserted:
    """Only duplicates are normal. A write-concern error means that nothing is certain."""
    details: Document = dict(fault.details or {})
    if details.get("writeConcernErrors"):
        raise StoreUnavailable("the queue could not be written to a majority")
    errors = details.get("writeErrors", [])
    refused = [error["index"] for error in errors if error.get("code") != DUPLICATE_KEY]
    return Inserted(count - len(errors), len(errors) - len(refused), refused)
