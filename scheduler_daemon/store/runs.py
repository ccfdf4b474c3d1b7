"""`job_runs`: reads, and the writes that need no fence."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from pymongo import ReturnDocument

from scheduler_daemon.store.mongo import Database, translated
from shared.clock import EPOCH, LAST_MOMENT
from shared.collections import JOB_RUNS
from shared.models.runs import LIVE, RunState
from shared.queries import runs as queries
from shared.schedule.overlap import NO_LIVE_RUNS, LiveRuns

RunDocument = dict[str, Any]


class RunStore:
    """Reads runs as raw documents."""

    def __init__(self, database: Database) -> None:
        self._runs = database[JOB_RUNS]

    async def claimable(self, limit: int, full: Sequence[str] = ()) -> list[RunDocument]:
        """Pending runs in the order in which they are to start, without those of the templates that are full."""
        criteria = queries.claimable_beside(full) if full else queries.claimable()
        with translated():
            return await self._runs.find(criteria).sort(queries.START_ORDER).limit(limit).to_list()

    async def late_to_start(self, now: datetime, limit: int) -> list[RunDocument]:
        """Pending runs whose start deadline has passed: `_id`, `jobId`, `scheduledFor`, `alerts`."""
        with translated():
            found = self._runs.find(
                queries.late_to_start(now), {"jobId": 1, "scheduledFor": 1, "alerts": 1}, hint="claimable"
            )
            return await found.limit(limit).to_list()

    async def live_by_job(self, job_ids: Sequence[str]) -> dict[str, LiveRuns]:
        """How many runs of each job are alive; jobs without any are absent."""
        counts: dict[str, LiveRuns] = {}
        with translated():
            fields = {"_id": 0, "jobId": 1, "waiting": 1, "trigger": 1}
            for run in await self._runs.find(queries.live_of(job_ids), fields).to_list():
                if not isinstance(run["jobId"], str):
                    continue  # a list that holds a job's id matches, too
                active, waiting, past = counts.get(run["jobId"], NO_LIVE_RUNS)
                held, of_past = run.get("waiting") is True, run.get("trigger") == "backfill"
                counts[run["jobId"]] = LiveRuns(
                    active + (not held), waiting + (held and not of_past), past + (of_past and not held)
                )
        return counts

    async def retry_due(self, now: datetime, limit: int) -> list[str]:
        with translated():
            found = await self._runs.find(queries.retry_due(now), {"_id": 1}, hint="retries").limit(limit).to_list()
        return [run["_id"] for run in found]

    async def next_retry(self) -> datetime | None:
        with translated():
            found = await self._runs.find_one(
                {"state": RunState.RETRY_WAIT.value, "nextAttemptAt": {"$gte": EPOCH, "$lte": LAST_MOMENT}},
                {"_id": 0, "nextAttemptAt": 1},
                sort=[("nextAttemptAt", 1)],
                hint="retries",
            )
        return found["nextAttemptAt"] if found and isinstance(found["nextAttemptAt"], datetime) else None

    async def jobs_with_waiting(self) -> list[Any]:
        """Jobs of which runs wait behind another; what a malformed run has in the place of a job's id is among them."""
        pipeline = [
            {"$match": queries.waiting()},
            {"$group": {"_id": "$jobId"}},
        ]  # distinct() passes over a missing one
        with translated():
            cursor = await self._runs.aggregate(pipeline, hint="claimable")
            return [each["_id"] for each in await cursor.to_list()]

    async def first_waiting(self, job_ids: Sequence[Any]) -> tuple[list[RunDocument], set[Any]]:
        """Waiting runs (`_id`, `jobId`) of these jobs that may start now, and the jobs of which any run waits.

        A malformed one waits for nobody: it is among them, and ends as failed when it is claimed.
        """
        pipeline: list[dict[str, Any]] = [
            {"$match": {"jobId": {"$in": list(job_ids)}, **queries.waiting()}},
            {"$sort": dict(queries.WAITING_ORDER)},
            {"$group": {"_id": "$jobId", "run": {"$first": "$_id"}, "width": {"$first": "$width"}}},
        ]
        with translated():
            cursor = await self._runs.aggregate(pipeline, hint="live")
            first = await cursor.to_list()
        live = await self.live_by_job([each["_id"] for each in first if isinstance(each["_id"], str)])
        free: list[RunDocument] = []
        for each in first:
            width = _width(each)
            alive = live.get(each["_id"], NO_LIVE_RUNS).active if isinstance(each["_id"], str) else 0
            if width - alive > 1:
                free += await self._next_waiting(each["_id"], alive, width - alive)
            elif width > alive:
                free.append({"_id": each["run"], "jobId": each["_id"]})
        return free, {each["_id"] for each in first if isinstance(each["_id"], str)}

    async def _next_waiting(self, job_id: str, alive: int, most: int) -> list[RunDocument]:
        """The next ones of one job, in order, as long as the width of each leaves room beside those that are alive."""
        with translated():
            found = self._runs.find({"jobId": job_id, **queries.waiting()}, {"jobId": 1, "width": 1}, hint="live")
            runs = await found.sort(queries.WAITING_ORDER).limit(most).to_list()
        fits = takewhile(lambda place: _width(place[1]) > alive + place[0], enumerate(runs))
        return [run for _, run in fits]

    async def settled_moments(self, job_id: str, first: datetime, last: datetime) -> set[datetime]:
        """Nominal instants of a range of which a run of the job has succeeded or is alive. Index `by_job`."""
        criteria = {
            "jobId": job_id,
            "scheduledFor": {"$gte": first, "$lte": last},
            "trigger": {"$in": ["schedule", "backfill"]},
            "state": {"$in": [RunState.SUCCEEDED.value, *(state.value for state in LIVE)]},
        }
        with translated():
            found = await self._runs.find(criteria, {"_id": 0, "scheduledFor": 1}, hint="by_job").to_list()
        return {run["scheduledFor"] for run in found}

    async def of_token(self, token: str) -> list[RunDocument]:
        """What a claim holds: decides a commit whose answer was lost."""
        with translated():
            return await self._runs.find({"state": RunState.RUNNING.value, "token": token}, hint="live").to_list()

    async def running_of_dead_epochs(self, epoch: int, limit: int) -> list[RunDocument]:
        with translated():
            return await self._runs.find(queries.of_dead_epoch(epoch), hint="live").limit(limit).to_list()

    async def running_of_epoch(self, epoch: int, before: datetime) -> list[RunDocument]:
        """Running runs of one leadership that started before a moment."""
        with translated():
            return await self._runs.find(
                {"state": RunState.RUNNING.value, "epoch": epoch, "startedAt": {"$lt": before}}, hint="live"
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


def _width(run: RunDocument) -> int:
    width = run.get("width")
    return width if isinstance(width, int) else 1
