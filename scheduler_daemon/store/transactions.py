"""Transactions on dedicated server sessions, and the fence that a replaced leader cannot pass.

docs/protocols.md, "Fenced transaction": the last statement of a fenced transaction increments the fence of its epoch;
if nothing matches, the transaction is rolled back and the leadership is over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from scheduler_daemon.store.mongo import Client, Database, translate, translated
from scheduler_daemon.uninterrupted import uninterrupted
from shared.collections import SCHEDULER_STATE
from shared.errors import CommitUnknown, LeadershipLost, TransactionConflict
from shared.models.scheduler_state import FENCE_ID

Result = TypeVar("Result")
Work = Callable[[AsyncClientSession], Awaitable[Result]]

MOST_DOCUMENTS = 500
MOST_BYTES = 4 * 1024 * 1024
_CONFLICT_TRIES = 8
_COMMIT_TRIES = 5
_FIRST_PAUSE_SECONDS = 0.002


class TransactionSession:
    """One dedicated server session. Its transactions run one after another; lsid names it to a successor."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._session: AsyncClientSession | None = None
        self._turn = asyncio.Lock()

    @property
    def lsid(self) -> Mapping[str, Any]:
        return self._live_session().session_id

    async def run(self, work: Work[Result]) -> Result:
        """Runs `work` and commits. It is run again from the start after a conflict, so it must not have effects.

        CommitUnknown: the outcome of the commit is open until the next transaction of this session.
        """
        async with self._turn:
            for attempt in range(_CONFLICT_TRIES):
                try:
                    return await self._once(work)
                except TransactionConflict:
                    if attempt == _CONFLICT_TRIES - 1:
                        raise
                    await asyncio.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            with translated():
                await session.end_session()

    def _live_session(self) -> AsyncClientSession:
        if self._session is None:
            self._session = self._client.start_session(causal_consistency=False)
        return self._session

    async def _once(self, work: Work[Result]) -> Result:
        session = self._live_session()
        with translated():
            await session.start_transaction(read_concern=ReadConcern("local"), write_concern=WriteConcern("majority"))
        try:
            with translated():
                result = await work(session)
        except BaseException:
            await self._abort(session)
            raise
        await uninterrupted(self._commit(session))
        return result

    async def _abort(self, session: AsyncClientSession) -> None:
        try:
            await uninterrupted(session.abort_transaction())
        except PyMongoError:
            self._session = None  # the server ends what it does not hear of again

    async def _commit(self, session: AsyncClientSession) -> None:
        for attempt in range(_COMMIT_TRIES):
            try:
                await session.commit_transaction()
            except PyMongoError as fault:
                if not fault.has_error_label("UnknownTransactionCommitResult"):
                    raise translate(fault) from fault
                if attempt == _COMMIT_TRIES - 1:
                    raise CommitUnknown(str(fault)[:500]) from fault
            else:
                return


class Fence:
    """Runs transactions that only the present leader can commit."""

    def __init__(self, session: TransactionSession, database: Database) -> None:
        self._session = session
        self._state = database[SCHEDULER_STATE]
        self._epoch: int | None = None

    @property
    def epoch(self) -> int:
        """The epoch of this process's leadership; LeadershipLost when it does not lead."""
        if self._epoch is None:
            raise LeadershipLost("this process is not the leader")
        return self._epoch

    def arm(self, epoch: int) -> None:
        """From now on transactions are fenced with `epoch`."""
        self._epoch = epoch

    def disarm(self) -> None:
        """From now on every fenced transaction is refused."""
        self._epoch = None

    async def fenced(self, work: Work[Result]) -> Result:
        """Commits `work` if and only if this process still leads; LeadershipLost otherwise."""
        epoch = self.epoch

        async def guarded(session: AsyncClientSession) -> Result:
            result = await work(session)
            touched = await self._state.update_one(
                {"_id": FENCE_ID, "epoch": epoch}, {"$inc": {"n": 1}}, session=session
            )
            if touched.matched_count == 0:
                raise LeadershipLost(f"epoch {epoch} was replaced")
            return result

        try:
            return await self._session.run(guarded)
        except LeadershipLost:
            if self._epoch == epoch:
                self.disarm()
            raise
