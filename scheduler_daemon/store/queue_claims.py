"""Claiming messages under the fence: what is due becomes `sending`, its deliveries `started`, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from scheduler_daemon.store.mongo import Database
from scheduler_daemon.store.resting_sources import RestingSources
from scheduler_daemon.store.suppressions import SuppressionList
from scheduler_daemon.store.transactions import Fence
from shared.collections import DELIVERIES, NOTIFICATION_QUEUE
from shared.errors import CommitUnknown, DocumentRefused, DuplicateDocument, InvalidDefinition, TransactionConflict
from shared.models.notification_models import Channel
from shared.models.queue import Delivery, DeliveryState, QueueItem, QueueState
from shared.queries import notifications as queries
from shared.queries.suppressions import Subject

Document = dict[str, Any]
INDEX = "sendable"


@dataclass(slots=True)
class Claimed:
    """What a claim found: items to send, and which were ended instead because of shape, age or suppression.

    held, cancelled: their scheduled notification is paused, or deleted.
    """

    items: list[QueueItem] = field(default_factory=list)
    malformed: list[tuple[Any, str]] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    suppressed: list[tuple[str, str]] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    @property
    def looked_at(self) -> int:
        ended = len(self.malformed) + len(self.expired) + len(self.suppressed) + len(self.cancelled)
        return len(self.items) + ended + len(self.held)

    def add(self, other: "Claimed") -> None:
        self.items += other.items
        self.malformed += other.malformed
        self.expired += other.expired
        self.suppressed += other.suppressed
        self.held += other.held
        self.cancelled += other.cancelled


class QueueClaims:
    """Takes messages for a sender. Only the present leader can."""

    def __init__(self, database: Database, fence: Fence, keep: timedelta, suppressions: SuppressionList) -> None:
        self._queue = database[NOTIFICATION_QUEUE]
        self._deliveries = database[DELIVERIES]
        self._fence = fence
        self._keep = keep
        self._suppressions = suppressions
        self._resting = RestingSources(database, keep)

    async def claim(self, channel: Channel, now: datetime, limit: int, token: str) -> Claimed:
        """Takes up to `limit` messages that are due; their deliveries are recorded as started in the same commit.

        Expired, suppressed and malformed ones are ended on the way, those of paused notifications put aside.
        LeadershipLost if another process has taken over.
        """
        try:
            return await self._claim(channel, now, limit, token)
        except (DuplicateDocument, DocumentRefused):
            total = Claimed()
        for _ in range(limit):
            try:
                one = await self._claim(channel, now, 1, token)
            except (DuplicateDocument, DocumentRefused) as fault:
                one = await self._spoil_first(channel, now, fault)
            if one.looked_at == 0:
                break
            total.add(one)
        return total

    async def _claim(self, channel: Channel, now: datetime, limit: int, token: str) -> Claimed:
        epoch = self._fence.epoch
        claimed = Claimed()

        async def work(session: AsyncClientSession) -> None:
            nonlocal claimed
            claimed = _sorted_out(await self._waiting(channel, now, limit, session), now)
            await self._keep_resting(claimed, now, session)
            await self._keep_back(claimed, session)
            claimed.items = [_taken(item, token, epoch) for item in claimed.items]
            await self._end(claimed, now, session)
            if not claimed.items:
                return
            result = await self._queue.update_many(
                queries.still_waiting([item.id for item in claimed.items]), queries.claim(token, epoch), session=session
            )
            if result.modified_count != len(claimed.items):
                raise TransactionConflict("a message changed while it was claimed")
            await self._deliveries.insert_many(
                [_started(item, now) for item in claimed.items], ordered=False, session=session
            )

        try:
            await self._fence.fenced(work)
        except CommitUnknown:
            # The next transaction of the same session decides whether the commit happened.
            ids = [item.id for item in claimed.items]
            held = await self._fence.fenced(lambda session: self._held_of(ids, token, session))
            claimed.items = [item for item in claimed.items if item.id in held]
        return claimed

    async def _waiting(
        self, channel: Channel, now: datetime, limit: int, session: AsyncClientSession
    ) -> list[Document]:
        """Half of the places are offered to retries first, so that neither kind starves the other."""
        retry = queries.waiting_messages(channel, QueueState.RETRY_WAIT.value, now)
        found = await self._queue.find(retry, session=session, hint=INDEX).limit(max(1, limit // 2)).to_list()
        if len(found) < limit:
            new = queries.waiting_messages(channel, QueueState.PENDING.value, now)
            found += await self._queue.find(new, session=session, hint=INDEX).limit(limit - len(found)).to_list()
        return found

    async def _keep_resting(self, claimed: Claimed, now: datetime, session: AsyncClientSession) -> None:
        """A pause or deletion may have come since the messages were queued."""
        kept = await self._resting.keep_back(claimed.items, now, session)
        claimed.held, claimed.cancelled = kept.held, kept.cancelled
        away = {*kept.held, *kept.cancelled}
        claimed.items = [each for each in claimed.items if each.id not in away]

    async def _keep_back(self, claimed: Claimed, session: AsyncClientSession) -> None:
        """The list may have grown since the messages were queued."""
        kept = await self._suppressions.keeping_back(map(_subject, claimed.items), session)
        if kept:
            claimed.suppressed = [(each.id, kept[_subject(each)]) for each in claimed.items if _subject(each) in kept]
            claimed.items = [each for each in claimed.items if _subject(each) not in kept]

    async def _end(self, claimed: Claimed, now: datetime, session: AsyncClientSession) -> None:
        if claimed.expired:
            late = queries.ended(QueueState.DEAD, "expired", "its time to be sent has passed", now, self._keep)
            await self._queue.update_many(queries.still_waiting(claimed.expired), late, session=session)
        for item_id, reason in claimed.suppressed:
            kept = queries.ended(QueueState.SUPPRESSED, "suppressed", reason, now, self._keep)
            await self._queue.update_one(queries.still_waiting([item_id]), kept, session=session)
        for identity, reason in claimed.malformed:
            bad = queries.ended(QueueState.DEAD, "malformed", reason, now, self._keep)
            await self._queue.update_one(queries.still_waiting([identity]), bad, session=session)

    async def _held_of(self, ids: Sequence[str], token: str, session: AsyncClientSession) -> set[str]:
        criteria = {"_id": {"$in": list(ids)}, "state": QueueState.SENDING.value, "token": token}
        found = await self._queue.find(criteria, {"_id": 1}, session=session).to_list()
        return {each["_id"] for each in found}

    async def _spoil_first(self, channel: Channel, now: datetime, fault: Exception) -> Claimed:
        """Ends the one message that makes its own claim impossible."""

        async def work(session: AsyncClientSession) -> Claimed:
            found = await self._waiting(channel, now, 1, session)
            culprit = Claimed(malformed=[(each["_id"], f"cannot be claimed: {fault}") for each in found])
            await self._end(culprit, now, session)
            return culprit

        return await self._fence.fenced(work)


def _sorted_out(documents: Sequence[Document], now: datetime) -> Claimed:
    claimed = Claimed()
    for document in documents:
        try:
            item = QueueItem.from_document(document)
        except InvalidDefinition as fault:
            claimed.malformed.append((document["_id"], str(fault)))
            continue
        if item.expires_at is not None and item.expires_at <= now:
            claimed.expired.append(item.id)
        else:
            claimed.items.append(item)
    return claimed


def _subject(item: QueueItem) -> Subject:
    return Subject(item.channel, item.recipient.address, item.category)


def _taken(item: QueueItem, token: str, epoch: int) -> QueueItem:
    return item.model_copy(
        update={
            "state": QueueState.SENDING,
            "token": token,
            "epoch": epoch,
            "handoff_at": None,
            "attempt": item.attempt + 1,
        }
    )


def _started(item: QueueItem, now: datetime) -> Document:
    return Delivery(
        id=queries.delivery_id(item.id, item.attempt),
        item_id=item.id,
        attempt=item.attempt,
        channel=item.channel,
        address=item.recipient.address,
        message_id=item.message_id,
        state=DeliveryState.STARTED,
        token=item.token or "",
        started_at=now,
    ).to_document()
