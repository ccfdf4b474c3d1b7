"""What MongoDB alone tells about the whole system: daemons, leader, depths. Counts are bounded."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pymongo
from pymongo.errors import PyMongoError

from api.store.connection import Connection
from api.store.definitions import NOT_DELETED
from api.store.errors import translated
from shared.collections import (
    AUDIT_LOG,
    COMMANDS,
    CONTROLS,
    DYNAMIC_JOBS,
    JOB_RUNS,
    NOTIFICATION_QUEUE,
    SCHEDULED_NOTIFICATIONS,
    SCHEDULER_STATE,
)
from shared.models.maintenance import MAINTENANCE_ID
from shared.models.queue import HELD as HELD_MESSAGES
from shared.models.queue import LIVE as LIVE_MESSAGES
from shared.models.runs import LIVE as LIVE_RUNS
from shared.models.scheduler_state import CHANNEL_PREFIX, HEARTBEAT_PREFIX, LEADER_ID

MOST_COUNTED = 10_000
COUNT_SECONDS = 2.0
MOST_DAEMONS = 100
OVERDUE_AFTER = timedelta(seconds=60)


class Facts(NamedTuple):
    """What was found. Numbers stop at MOST_COUNTED; None: could not be counted in time."""

    heartbeats: list[dict[str, Any]]
    channels: list[dict[str, Any]]
    lease: dict[str, Any] | None
    maintenance: dict[str, Any] | None
    queues: dict[str, dict[str, int | None]]
    overdue: int | None
    unplanned: int | None
    open_commands: int | None
    quarantined: dict[str, int | None]


class SystemStore:
    """Read-only facts for the status."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def facts(self, now: datetime) -> Facts:
        """All that the status needs, in a dozen indexed reads."""
        state = self._connection.collection(SCHEDULER_STATE)
        heartbeats = state.find({"_id": {"$gte": HEARTBEAT_PREFIX, "$lt": HEARTBEAT_PREFIX + "\uffff"}})
        quarantined = {**NOT_DELETED, "daemon.quarantine.at": {"$exists": True}}
        return Facts(
            heartbeats=list(heartbeats.sort("_id", 1).limit(MOST_DAEMONS)),
            channels=list(
                state.find({"_id": {"$gte": CHANNEL_PREFIX, "$lt": CHANNEL_PREFIX + "\uffff"}}).limit(MOST_DAEMONS)
            ),
            lease=state.find_one({"_id": LEADER_ID}),
            maintenance=self._connection.collection(CONTROLS).find_one({"_id": MAINTENANCE_ID}),
            queues={
                "runs": {each.value: self._count(JOB_RUNS, {"state": each.value}) for each in LIVE_RUNS},
                "messages": {
                    each.value: self._count(NOTIFICATION_QUEUE, {"state": each.value})
                    for each in LIVE_MESSAGES + HELD_MESSAGES
                },
            },
            overdue=self._count(DYNAMIC_JOBS, {"daemon.nextRun": {"$lt": now - OVERDUE_AFTER}, **NOT_DELETED}),
            unplanned=self._count(DYNAMIC_JOBS, {"plannedRevision": None, **NOT_DELETED}),
            open_commands=self._count(COMMANDS, {"handledAt": None}),
            quarantined={
                "jobs": self._count(DYNAMIC_JOBS, quarantined),
                "scheduledNotifications": self._count(SCHEDULED_NOTIFICATIONS, quarantined),
            },
        )

    @translated()
    def ever_made(self, document_id: str) -> bool:
        """Whether a definition of this id exists, or existed and was deleted. The audit log forgets nothing."""
        made = self._connection.collection(AUDIT_LOG).find_one({"documentId": document_id}, {"_id": 1})
        return made is not None

    @translated()
    def is_new(self) -> bool:
        """Whether nobody has made a job or a scheduled notification yet; tombstones count as made."""
        collections = (DYNAMIC_JOBS, SCHEDULED_NOTIFICATIONS)
        return all(self._connection.collection(name).find_one({}, {"_id": 1}) is None for name in collections)

    def _count(self, collection: str, conditions: dict[str, Any]) -> int | None:
        try:
            with pymongo.timeout(COUNT_SECONDS):
                return self._connection.collection(collection).count_documents(conditions, limit=MOST_COUNTED)
        except PyMongoError as fault:
            if not fault.timeout:
                raise
            return None
