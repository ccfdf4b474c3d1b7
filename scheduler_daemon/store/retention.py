"""How long things are kept: `job_runs` with `job_run_logs`, `notification_queue` with `deliveries`.

No fence: every write is conditional, touches only what has ended, and may be repeated by any leader.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateMany

from scheduler_daemon.store.mongo import Database, translated
from shared.clock import MILLISECOND
from shared.collections import (
    DELIVERIES,
    DYNAMIC_JOBS,
    JOB_RUN_LOGS,
    JOB_RUNS,
    NOTIFICATION_QUEUE,
    SCHEDULER_STATE,
)
from shared.errors import InvalidDefinition
from shared.models.scheduler_state import RETENTION_ID, RetentionState
from shared.queries import retention as queries

RunDocument = dict[str, Any]

_BY_ID = [("_id", 1)]
_REVIEWED = {"jobId": 1, "state": 1, "expireAt": 1}


class RetentionStore:
    """Reads in batches by index; never reads a whole run."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = database[SCHEDULER_STATE]
        self._runs = database[JOB_RUNS]
        self._logs = database[JOB_RUN_LOGS]

    async def state(self) -> RetentionState | None:
        """What a leader has noted; None: nothing, or nothing that can be read."""
        with translated():
            found = await self._state.find_one({"_id": RETENTION_ID})
        try:
            return None if found is None else RetentionState.from_document(found)
        except InvalidDefinition:
            return None

    async def save(self, seen: RetentionState | None, state: RetentionState) -> RetentionState | None:
        """The state as it is stored now; None if another leader was first. seen None: replaces whatever is there."""
        if seen is None:
            with translated():
                await self._state.replace_one({"_id": RETENTION_ID}, state.to_document(), upsert=True)
            return state
        state = state.model_copy(update={"n": seen.n + 1})
        with translated():
            result = await self._state.replace_one({"_id": RETENTION_ID, "n": seen.n}, state.to_document())
        return state if result.matched_count else None

    async def expiring(self, after: datetime, until: datetime, limit: int) -> list[RunDocument]:
        """The first runs that expire in (after, until], and all that expire at the same moment as the last of them."""
        with translated():
            found = (
                await self._runs.find(queries.expiring(after, until), _REVIEWED)
                .sort("expireAt", 1)
                .limit(limit)
                .to_list()
            )
            if len(found) < limit:
                return found
            last = found[-1]["expireAt"]
            same = await self._runs.find(queries.expiring(last - MILLISECOND, last), _REVIEWED).to_list()
        return [*(run for run in found if run["expireAt"] != last), *same]

    async def jobs(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What decides how many of their runs are kept."""
        projection = {"policies.keepLast": 1, "deletedAt": 1, "daemon.completed": 1}
        with translated():
            return {
                job["_id"]: job
                async for job in self._database[DYNAMIC_JOBS].find({"_id": {"$in": list(ids)}}, projection)
            }

    async def newest_ended(self, job_id: str, count: int) -> set[str]:
        """The identities of the newest ended runs of a job; one that is no text was not made by a daemon."""
        with translated():
            found = (
                await self._runs.find(queries.newest_ended(job_id), {"_id": 1})
                .sort(queries.NEWEST_FIRST)
                .limit(count)
                .to_list()
            )
        return {run["_id"] for run in found if isinstance(run["_id"], str)}

    async def move_on(self, ids: Sequence[Any], until: datetime, expire_at: datetime) -> int:
        """Runs that would expire until `until` do so at `expire_at`, their logs with them. How many runs."""
        with translated():
            # Logs first: after a crash between the two the run is still about to expire, and both are moved again.
            await self._logs.update_many({"runId": {"$in": list(ids)}}, {"$set": {"expireAt": expire_at}})
            result = await self._runs.update_many(*queries.moved_on(ids, until, expire_at), hint=_BY_ID)
        return result.modified_count

    async def ids_from(self, collection: str, after: Any, limit: int) -> list[Any]:
        """Identities of any type in their order, from `after` (included; None: the first) on. The index on `_id`."""
        cursor = self._database[collection].find({}, {"_id": 1}).sort("_id", 1).hint(_BY_ID).limit(limit)
        if after is not None:
            cursor = cursor.min([("_id", after)])
        with translated():
            return [document["_id"] async for document in cursor]

    async def keep_runs_anew(self, ids: Sequence[Any], success: timedelta, failure: timedelta, now: datetime) -> None:
        """The retention in force for those of these runs that have ended; logs expire with their run."""
        with translated():
            await self._runs.update_many(*queries.runs_kept_anew(ids, success, failure, now), hint=_BY_ID)
            logged = await self._logs.distinct("runId", {"runId": {"$in": list(ids)}})
            if logged:
                ended = {"_id": {"$in": logged}, "state": {"$in": queries.RUN_STATES}, "expireAt": {"$type": "date"}}
                runs = await self._runs.find(ended, {"expireAt": 1}).to_list()
                changes = [UpdateMany({"runId": run["_id"]}, {"$set": {"expireAt": run["expireAt"]}}) for run in runs]
                if changes:
                    await self._logs.bulk_write(changes, ordered=False)

    async def keep_messages_anew(self, ids: Sequence[Any], keep: timedelta, now: datetime) -> None:
        """The retention in force for those of these messages that have ended, and for their deliveries."""
        with translated():
            await self._database[DELIVERIES].update_many(*queries.deliveries_kept_anew(ids, keep, now))
            messages = self._database[NOTIFICATION_QUEUE]
            await messages.update_many(*queries.messages_kept_anew(ids, keep, now), hint=_BY_ID)
