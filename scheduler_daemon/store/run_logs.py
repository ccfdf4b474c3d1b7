"""`job_run_logs`, and what running attempts report into `job_runs`. Not fenced: it tells, and decides nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateMany, UpdateOne

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import JOB_RUN_LOGS, JOB_RUNS
from shared.queries import run_logs as queries

Change = tuple[dict[str, Any], dict[str, Any]]

MOST_RUNS_SWEPT = 10_000


class RunLogStore:
    """Pages of logs and marks of running runs, many at a time."""

    def __init__(self, database: Database) -> None:
        self._pages = database[JOB_RUN_LOGS]
        self._runs = database[JOB_RUNS]

    async def write(self, pages: Sequence[Change], marks: Sequence[Change]) -> None:
        """Upserts pages; sets marks on runs that are still held. May be repeated."""
        with translated():
            if pages:
                changes = [UpdateOne(criteria, update, upsert=True) for criteria, update in pages]
                await self._pages.bulk_write(changes, ordered=False)
            if marks:
                await self._runs.bulk_write([UpdateOne(*mark) for mark in marks], ordered=False)

    async def let_expire(self, run_ids: Sequence[Any], now: datetime) -> None:
        """Pages of those of the runs that have ended expire with them; pages of runs that are gone, now."""
        with translated():
            ends: dict[Any, Any] = dict.fromkeys(run_ids, now)
            async for run in self._runs.find({"_id": {"$in": list(run_ids)}}, {"expireAt": 1}):
                ends[run["_id"]] = run.get("expireAt")
            changes = [
                UpdateMany(*queries.expiring_with(identity, end))
                for identity, end in ends.items()
                if isinstance(end, datetime)
            ]
            if changes:
                await self._pages.bulk_write(changes, ordered=False)

    async def runs_of_unfinished(self, now: datetime) -> list[Any]:
        """The runs whose pages do not expire with them yet: those that run, and those that a crash left behind."""
        pipeline: list[dict[str, Any]] = [
            {"$match": queries.of_unfinished(now)},
            {"$group": {"_id": "$runId"}},
            {"$limit": MOST_RUNS_SWEPT},
        ]
        with translated():
            cursor = await self._pages.aggregate(pipeline)
            return [each["_id"] for each in await cursor.to_list() if isinstance(each["_id"], str)]
