"""`run_statistics`: one small document for each hour. Not fenced: every daemon adds what it has ended."""

from collections.abc import Mapping
from datetime import datetime

from pymongo import UpdateOne

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import RUN_STATISTICS
from shared.models.run_statistics import KEPT, hour_id


class RunStatisticsStore:
    """Adds counts."""

    def __init__(self, database: Database) -> None:
        self._hours = database[RUN_STATISTICS]

    async def add(self, hours: Mapping[datetime, Mapping[str, int]]) -> None:
        """hours: counts by state, by the hour's beginning."""
        writes = [
            UpdateOne(
                {"_id": hour_id(hour)},
                {
                    "$inc": {f"counts.{state}": count for state, count in counts.items()},
                    "$setOnInsert": {"at": hour, "expireAt": hour + KEPT},
                },
                upsert=True,
            )
            for hour, counts in hours.items()
        ]
        with translated():
            await self._hours.bulk_write(writes, ordered=False)
