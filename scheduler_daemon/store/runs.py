"""`job_runs`: reads, and the writes that need no fence."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from scheduler_daemon.store.mongo import Database, translated
from shared.clock import EPOCH, LAST_MOMENT
from shared.collections import JOB_RUNS
from shared.models.runs import RunState
from shared.queries import runs as queries
from shared.schedule.overlap import LiveRuns

RunDocument = dict[str, Any]


class RunStore:
    """Reads runs as raw documents."""

    def __init__(self, database: Database) -> None:
        self._runs = database[JOB_RUNS]

    async def claimable(self, limit: int) -> list[RunDocument]:
        """Pending runs in the order in which they are to start."""
        with translated():
            return (
                await self._runs.find(queries.claimable())
                .sort([("priority", -1), ("scheduledFor", 1), ("_id", 1)])
                .limit(limit)
                .to_list()
            )

    async def live_by_job(self, job_ids: Sequence[str]) -> dict[str, LiveRuns]:
        """How many runs of each job are alive; jobs without any are absent."""
        counts: dict[str, LiveRuns] = {}
        with translated():
            async for run in self._runs.find(queries.live_of(job_ids), {"jobId": 1, "state": 1, "waiting": 1}):
                if not isinstance(run["jobId"], str):
                    continue  # a list that holds a job's id matches, too
                active, waiting = counts.get(run["jobId"], LiveRuns(0, 0))
                held = run.get("waiting") is True
                counts[run["jobId"]] = LiveRuns(active + (not held), waiting + held)
        return counts

    async def retry_due(self, now: datetime, limit: int) -> list[str]:
        with translated():
            found = await self._runs.find(queries.retry_due(now), {"_id": 1}).limit(limit).to_list()
        return [run["_id"] for run in found]

    async def next_retry(self) -> datetime | None:
        with translated():
            found = await self._runs.find_one(
                {"state": RunState.RETRY_WAIT.value, "nextAttemptAt": {"$gte": EPOCH, "$lte": LAST_MOMENT}},
                {"_id": 0, "nextAttemptAt": 1},
                sort=[("nextAttemptAt", 1)],
            )
        return found["nextAttemptAt"] if found and isinstance(found["nextAttemptAt"], datetime) else None

    async def jobs_with_waiting(self) -> list[Any]:
        """Jobs of which runs wait behind another; what a malformed run has in the place of a job's id is among them."""
        with translated():
            return await self._runs.distinct("jobId", {"waiting": True})

    async def first_waiting(self, job_ids: Sequence[Any]) -> list[RunDocument]:
        """The oldest waiting run (`_id`, `jobId`) of each of these jobs that has no other live run before it.

        A malformed one waits for nobody: it is among them, and ends as failed when it is claimed.
        """
        pipeline: list[dict[str, Any]] = [
            {"$match": {"waiting": True, "jobId": {"$in": list(job_ids)}}},
            {"$sort": {"jobId": 1, "scheduledFor": 1}},
            {"$group": {"_id": "$jobId", "run": {"$first": "$_id"}}},
        ]
        with translated():
            cursor = await self._runs.aggregate(pipeline)
            first = [{"_id": each["run"], "jobId": each["_id"]} for each in await cursor.to_list()]
        live = await self.live_by_job([run["jobId"] for run in first if isinstance(run["jobId"], str)])
        return [
            run
            for run in first
            if not isinstance(run["jobId"], str) or live.get(run["jobId"], LiveRuns(0, 0)).active == 0
        ]

    async def of_token(self, token: str) -> list[RunDocument]:
        """What a claim holds: decides a commit whose answer was lost."""
        with translated():
            return await self._runs.find({"state": RunState.RUNNING.value, "token": token}).to_list()

    async def running_of_dead_epochs(self, epoch: int, limit: int) -> list[RunDocument]:
        with translated():
            return await self._runs.find(queries.of_dead_epoch(epoch)).limit(limit).to_list()

    async def running_of_epoch(self, epoch: int, before: datetime) -> list[RunDocument]:
        """Running runs of one leadership that started before a moment."""
        with translated():
            return await self._runs.find(
                {"state": RunState.RUNNING.value, "epoch": epoch, "startedAt": {"$lt": before}}
            ).to_list()

    async def by_id(self, identity: str) -> RunDocument | None:
        with translated():
            return await self._runs.find_one({"_id": identity})

    async def cancel_before_start(self, identity: str, now: datetime, keep: timedelta) -> bool:
        """Whether the run was pending, waiting or between two attempts, and is cancelled now."""
        criteria, update = queries.cancelled_before_start(identity, now, keep)
        with translated():
            found = await self._runs.find_one_and_update(
                criteria, update, projection={"_id": 1}, return_document=ReturnDocument.AFTER
            )
        return found is not None
