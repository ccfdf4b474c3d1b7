"""`run_statistics`, which only daemons write; and what comes next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api.store.connection import Connection
from api.store.definitions import NOT_DELETED
from api.store.errors import translated
from shared.collections import DYNAMIC_JOBS, JOB_RUNS, RUN_STATISTICS
from shared.models.run_statistics import hour_id, hour_of


class RunStatisticsStore:
    """Reads for charts: each costs by what is shown."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def hours(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """The hours that begin in this time and in which something ended, in order."""
        ids = {"$gte": hour_id(hour_of(start)), "$lt": hour_id(end)}
        return list(self._connection.collection(RUN_STATISTICS).find({"_id": ids}).sort("_id", 1))

    @translated()
    def latest_runs(self, job_id: str, count: int) -> list[dict[str, Any]]:
        """Of a job, the latest scheduledFor first."""
        fields = {"state": 1, "scheduledFor": 1, "durationMs": 1}
        found = self._connection.collection(JOB_RUNS).find({"jobId": job_id}, fields)
        return list(found.sort([("scheduledFor", -1), ("_id", -1)]).limit(count))

    @translated()
    def due_jobs(self, before: datetime, most: int) -> Sequence[dict[str, Any]]:
        """Jobs whose next run is before that, the next one first. Index `due`."""
        wanted = {"daemon.nextRun": {"$lt": before}, **NOT_DELETED}
        return list(self._connection.collection(DYNAMIC_JOBS).find(wanted).sort("daemon.nextRun", 1).limit(most))
