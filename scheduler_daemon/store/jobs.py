"""`dynamic_jobs`: reads for the planner. Its writes happen in store/passes.py, inside the fenced transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scheduler_daemon.store.mongo import Database, translated
from shared.clock import EPOCH
from shared.collections import DYNAMIC_JOBS
from shared.queries import jobs as queries

JobDocument = dict[str, Any]

_MOST_OF_A_TEMPLATE = 100


class JobStore:
    """Reads jobs as raw documents: the planner judges them."""

    def __init__(self, database: Database) -> None:
        self._jobs = database[DYNAMIC_JOBS]

    async def due(self, now: datetime, limit: int) -> list[JobDocument]:
        with translated():
            return await self._jobs.find(queries.due(now)).sort("daemon.nextRun", 1).limit(limit).to_list()

    async def unplanned(self, limit: int) -> list[JobDocument]:
        with translated():
            return await self._jobs.find(queries.unplanned()).limit(limit).to_list()

    async def next_moment(self, now: datetime) -> datetime | None:
        """When the next job is due, which may be in the past. `now` if the next one must first be put aside."""
        with translated():
            found = await self._jobs.find_one(queries.has_next_run(EPOCH), {"daemon": 1}, sort=[("daemon.nextRun", 1)])
            if found is None:
                return None
            moment = found["daemon"].get("nextRun") if isinstance(found["daemon"], dict) else None
            if isinstance(moment, datetime):
                return moment
            # A date within a list: it sorts among the dates, and would hide the jobs after it.
            await self._jobs.update_one({"_id": found["_id"]}, {"$unset": {"plannedRevision": ""}})
        return now

    async def of_templates(self, types: Sequence[str]) -> list[JobDocument]:
        """Enabled jobs of these templates. Index `by_template`."""
        with translated():
            active = {"template": {"$in": list(types)}, "enabled": True, "deletedAt": None}
            return await self._jobs.find(active).limit(_MOST_OF_A_TEMPLATE).to_list()

    async def by_id(self, job_id: str) -> JobDocument | None:
        with translated():
            return await self._jobs.find_one({"_id": job_id})

    async def look_again_at_untimely(self) -> int:
        """Sends jobs whose nextRun is no date back to the planner, which puts them aside. Answers how many."""
        with translated():
            result = await self._jobs.update_many(queries.next_run_is_no_date(), {"$unset": {"plannedRevision": ""}})
        return result.modified_count

    async def look_again_at_missing_templates(self, installed: Sequence[str]) -> int:
        """Sends jobs that waited for one of the installed templates back to the planner. Answers how many."""
        with translated():
            result = await self._jobs.update_many(
                queries.without_template(installed), {"$unset": {"plannedRevision": ""}}
            )
        return result.modified_count
