"""`job_runs`, which only the daemon writes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from api.store.connection import Connection
from api.store.errors import NoSuchDocument, translated
from api.store.ids import by_id
from api.store.pages import Page, read_page
from shared.collections import JOB_RUNS
from shared.queries.keyset import Position


class RunFilter(NamedTuple):
    """Which runs; None: whatever. start and end are of scheduledFor, both included."""

    job_id: str | None = None
    state: str | None = None
    template: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    def conditions(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            name: value
            for name, value in (("jobId", self.job_id), ("state", self.state), ("template", self.template))
            if value is not None
        }
        span = {operator: at for operator, at in (("$gte", self.start), ("$lte", self.end)) if at is not None}
        return {**found, "scheduledFor": span} if span else found


class RunStore:
    """Runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def find(self, run_id: str) -> dict[str, Any]:
        """The run as stored; NoSuchDocument if there is none."""
        found = self._connection.collection(JOB_RUNS).find_one(by_id(run_id))
        if found is None:
            raise NoSuchDocument(run_id)
        return found

    @translated()
    def latest_of(self, job_ids: Iterable[str], most: int) -> dict[str, list[dict[str, Any]]]:
        """The `most` latest runs of each job, the latest first. Walks `by_job`, so far and no further."""
        latest = [
            {"$sort": {"scheduledFor": -1, "_id": -1}},
            {"$limit": most},
            {"$project": {"state": 1, "scheduledFor": 1, "durationMs": 1}},
        ]
        stages: list[dict[str, Any]] = [
            {"$documents": [{"jobId": job_id} for job_id in job_ids]},
            {
                "$lookup": {
                    "from": JOB_RUNS,
                    "localField": "jobId",
                    "foreignField": "jobId",
                    "pipeline": latest,
                    "as": "runs",
                }
            },
        ]
        return {found["jobId"]: found["runs"] for found in self._connection.database.aggregate(stages)}

    def page(self, which: RunFilter, limit: int, position: Position | None) -> Page:
        """The latest scheduledFor first."""
        return read_page(self._connection, JOB_RUNS, which.conditions(), "scheduledFor", limit, position)
