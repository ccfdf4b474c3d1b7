"""`calendars` and `controls`: what the API decrees for all schedules. The daemon reads them only."""

from collections.abc import Sequence
from typing import Any

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import CALENDARS, CONTROLS, DYNAMIC_JOBS, SCHEDULED_NOTIFICATIONS
from shared.models.calendars import MOST_STORED
from shared.models.maintenance import MAINTENANCE_ID
from shared.queries.calendars import without_calendar

Document = dict[str, Any]

MOST_READ = MOST_STORED + 100
"""The API stops at MOST_STORED, give or take what is created at the same moment."""


class CalendarStore:
    """Reads raw documents: any of them may be malformed."""

    def __init__(self, database: Database) -> None:
        self._calendars = database[CALENDARS]
        self._controls = database[CONTROLS]
        self._users = [database[DYNAMIC_JOBS], database[SCHEDULED_NOTIFICATIONS]]

    async def all(self) -> list[Document]:
        """Every calendar, up to MOST_READ."""
        with translated():
            return await self._calendars.find().sort("_id", 1).limit(MOST_READ).to_list()

    async def maintenance(self) -> Document | None:
        """The document that says whether maintenance mode is on; None if it never was."""
        with translated():
            return await self._controls.find_one({"_id": MAINTENANCE_ID})

    async def look_again_at_users(self, calendar_ids: Sequence[str]) -> int:
        """Sends what was put aside for want of these calendars back to be planned. Answers how many."""
        with translated():
            results = [
                await users.update_many(without_calendar(calendar_ids), {"$unset": {"plannedRevision": ""}})
                for users in self._users
            ]
        return sum(result.modified_count for result in results)
