"""`scheduler_state`: the leader lease, its fence and the heartbeats."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pymongo
from pymongo import ReturnDocument

from scheduler_daemon.store.mongo import Client, Database, translated
from shared.collections import CODEC_OPTIONS, SCHEDULER_STATE
from shared.models.scheduler_state import FENCE_ID, LEADER_ID, Heartbeat, Holder, Lease

MOST_SESSIONS = 100


class SchedulerStateStore:
    """Every write is a compare-and-set on the epoch, or idempotent."""

    def __init__(self, client: Client, database: Database) -> None:
        self._client = client
        self._state = database[SCHEDULER_STATE]

    async def observe(self) -> Lease:
        """The lease as it is; made, released and of epoch 0, if nobody ever led."""
        with translated():
            found = await self._state.find_one({"_id": LEADER_ID})
            if found is None:
                found = await self._state.find_one_and_update(
                    {"_id": LEADER_ID},
                    {"$setOnInsert": {"epoch": 0, "seq": 0, "released": True, "lsids": []}},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
        return Lease.from_document(found or {})

    async def take(
        self, seen: Lease, holder: Holder, lsids: Sequence[Mapping[str, Any]], now: datetime
    ) -> Lease | None:
        """The lease as it was before it became ours; None if somebody was first."""
        with translated():
            before = await self._state.find_one_and_update(
                {"_id": LEADER_ID, "epoch": seen.epoch, "seq": seen.seq},
                {
                    "$set": {
                        "epoch": seen.epoch + 1,
                        "seq": 0,
                        "holder": holder.model_dump(by_alias=True),
                        "released": False,
                        "renewedAt": now,
                    },
                    "$push": {"lsids": {"$each": list(lsids), "$slice": -MOST_SESSIONS}},
                },
                return_document=ReturnDocument.BEFORE,
            )
        return None if before is None else Lease.from_document(before)

    async def end_sessions(self, lsids: Sequence[Mapping[str, Any]]) -> None:
        """Ends the transactions that an earlier leader left open; they would block ours."""
        if lsids:
            with translated():
                await self._client.admin.command({"killSessions": list(lsids)})

    async def raise_fence(self, epoch: int, lsids: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the fence stands at our epoch now: no transaction of an earlier one can commit from here on."""
        with translated():
            await self._state.update_one({"_id": FENCE_ID}, {"$setOnInsert": {"epoch": 0, "n": 0}}, upsert=True)
            await self._state.update_one({"_id": FENCE_ID, "epoch": {"$lt": epoch}}, {"$set": {"epoch": epoch, "n": 0}})
            fence = await self._state.find_one({"_id": FENCE_ID})
            await self._state.update_one({"_id": LEADER_ID, "epoch": epoch}, {"$set": {"lsids": list(lsids)}})
        return fence is not None and fence["epoch"] == epoch

    async def renew(
        self, epoch: int, seq: int, now: datetime, lsids: Sequence[Mapping[str, Any]], seconds: float
    ) -> bool:
        """Whether we still hold the lease. May be repeated. lsids: our sessions now; seconds: give up after so long."""
        with translated(), pymongo.timeout(seconds):
            result = await self._state.update_one(
                {"_id": LEADER_ID, "epoch": epoch, "released": False},
                {"$set": {"seq": seq, "renewedAt": now, "lsids": list(lsids)}},
            )
        return result.matched_count == 1

    async def release(self, epoch: int, now: datetime) -> None:
        """Gives the lease back, so that a successor need not wait."""
        with translated(), pymongo.timeout(5):
            await self._state.update_one(
                {"_id": LEADER_ID, "epoch": epoch}, {"$set": {"released": True, "renewedAt": now}}
            )

    async def beat(self, heartbeat: Heartbeat) -> None:
        """Says that this daemon is alive. For people and alarms; decides nothing."""
        document = heartbeat.to_document()
        with translated(), pymongo.timeout(5):
            await self._state.replace_one({"_id": document["_id"]}, document, upsert=True)

    async def say_goodbye(self, heartbeat_id: str) -> None:
        """Removes the heartbeat of a daemon that stops."""
        with translated(), pymongo.timeout(5):
            await self._state.delete_one({"_id": heartbeat_id})

    async def server_time(self) -> datetime:
        """The wall clock of the server."""
        with translated(), pymongo.timeout(5):
            answer: dict[str, Any] = await self._client.admin.command("hello", codec_options=CODEC_OPTIONS)
        moment: datetime = answer["localTime"]
        return moment
