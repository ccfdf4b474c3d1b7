"""How deliveries ended: message and delivery record in one transaction. Not fenced: the claim's token protects it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import DeleteOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from scheduler_daemon.store.group_commit import GroupMismatch
from scheduler_daemon.store.mongo import Database, translated
from scheduler_daemon.store.suppressions import inserted_once
from scheduler_daemon.store.transactions import TransactionSession
from shared.collections import DELIVERIES, NOTIFICATION_QUEUE, SUPPRESSIONS
from shared.queries import notifications as queries


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt. delivery None: nothing was asked of the provider, so its record is taken back.

    suppression: the entry that this end puts on the suppression list.
    """

    item_id: str
    token: str
    attempt: int
    changes: Mapping[str, Any]
    delivery: queries.Update | None
    suppression: Mapping[str, Any] | None = None


class OutcomeStore:
    """Commits groups of outcomes, each on a free session of its own."""

    def __init__(self, database: Database, sessions: Sequence[TransactionSession]) -> None:
        self._queue = database[NOTIFICATION_QUEUE]
        self._deliveries = database[DELIVERIES]
        self._suppressions = database[SUPPRESSIONS]
        self._free = list(sessions)

    async def record(self, outcomes: Sequence[Outcome]) -> list[bool]:
        """For each outcome whether it stands. False: the claim was lost. GroupMismatch: some of several were lost."""
        session = self._free.pop()
        try:
            await session.run(lambda transaction: self._write(outcomes, transaction))
        except GroupMismatch:
            if len(outcomes) > 1:
                raise
            return [await self._stands_already(outcomes[0])]
        finally:
            self._free.append(session)
        return [True] * len(outcomes)

    async def _write(self, outcomes: Sequence[Outcome], transaction: AsyncClientSession) -> None:
        items = [UpdateOne(queries.held(each.item_id, each.token), {"$set": dict(each.changes)}) for each in outcomes]
        result = await self._queue.bulk_write(items, ordered=False, session=transaction)
        if result.matched_count != len(items):
            raise GroupMismatch(f"{len(items) - result.matched_count} of {len(items)} claims were lost")
        await self._deliveries.bulk_write(
            [_delivery_write(each) for each in outcomes], ordered=False, session=transaction
        )
        entries = [inserted_once(each.suppression) for each in outcomes if each.suppression is not None]
        if entries:
            await self._suppressions.bulk_write(entries, ordered=False, session=transaction)

    async def _stands_already(self, outcome: Outcome) -> bool:
        """An earlier try may have been committed without an answer."""
        state = outcome.changes["state"]
        with translated():
            found = await self._queue.find_one({"_id": outcome.item_id, "token": outcome.token, "state": state})
        return found is not None


def _delivery_write(outcome: Outcome) -> UpdateOne | DeleteOne:
    criteria = queries.started_delivery(outcome.item_id, outcome.attempt, outcome.token)
    if outcome.delivery is None:
        return DeleteOne(criteria)
    return UpdateOne(criteria, outcome.delivery)
