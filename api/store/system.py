"""What MongoDB alone tells about the whole system: daemons, leader, depths. Counts are bounded."""

from datetime import datetime
from typing import Any, NamedTuple

from api.store.backlog import Backlog, BacklogStore
from api.store.connection import Connection
from api.store.definitions import NOT_DELETED
from api.store.errors import translated
from api.store.failing import Failing, FailingStore
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

MOST_DAEMONS = 100


class Facts(NamedTuple):
    """What was found. Numbers stop at 10,000; None: could not be counted in time."""

    heartbeats: list[dict[str, Any]]
    channels: list[dict[str, Any]]
    lease: dict[str, Any] | None
    maintenance: dict[str, Any] | None
    queues: dict[str, dict[str, int | None]]
    backlog: Backlog
    failing: Failing
    unplanned: int | None
    open_commands: int | None
    quarantined: dict[str, int | None]


class SystemStore:
    """Read-only facts for the status."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._backlog = BacklogStore(connection)
        self._failing = FailingStore(connection, self._backlog)

    @translated()
    def heard_of_a_daemon(self, since: datetime) -> bool:
        """Whether a daemon has beaten since then."""
        beats = {"_id": {"$gte": HEARTBEAT_PREFIX, "$lt": HEARTBEAT_PREFIX + "\uffff"}, "beatAt": {"$gte": since}}
        return self._connection.collection(SCHEDULER_STATE).find_one(beats, {"_id": 1}) is not None

    @translated()
    def heartbeats(self) -> list[dict[str, Any]]:
        """Of the daemons that live, and of those that ended in the last day without saying so."""
        beats = {"_id": {"$gte": HEARTBEAT_PREFIX, "$lt": HEARTBEAT_PREFIX + "\uffff"}}
        return list(self._connection.collection(SCHEDULER_STATE).find(beats).sort("_id", 1).limit(MOST_DAEMONS))

    @translated()
    def facts(self, now: datetime) -> Facts:
        """All that the status needs, in about thirty indexed reads."""
        state = self._connection.collection(SCHEDULER_STATE)
        quarantined = {**NOT_DELETED, "daemon.quarantine.at": {"$exists": True}}
        return Facts(
            heartbeats=self.heartbeats(),
            channels=list(
                state.find({"_id": {"$gte": CHANNEL_PREFIX, "$lt": CHANNEL_PREFIX + "\uffff"}}).limit(MOST_DAEMONS)
            ),
            lease=state.find_one({"_id": LEADER_ID}),
            maintenance=self._connection.collection(CONTROLS).find_one({"_id": MAINTENANCE_ID}),
            queues={
                "runs": {each.value: self._backlog.count(JOB_RUNS, {"state": each.value}) for each in LIVE_RUNS},
                "messages": {
                    each.value: self._backlog.count(NOTIFICATION_QUEUE, {"state": each.value})
                    for each in LIVE_MESSAGES + HELD_MESSAGES
                },
            },
            backlog=self._backlog.read(now),
            failing=self._failing.read(now),
            unplanned=self._backlog.count(DYNAMIC_JOBS, {"plannedRevision": None, **NOT_DELETED}),
            open_commands=self._backlog.count(COMMANDS, {"handledAt": None}),
            quarantined={
                "jobs": self._backlog.count(DYNAMIC_JOBS, quarantined),
                "scheduledNotifications": self._backlog.count(SCHEDULED_NOTIFICATIONS, quarantined),
            },
        )

    @translated()
    def ever_made(self, document_id: str) -> bool:
        """Whether a definition of this id exists or was deleted. The audit log never forgets a deletion."""
        made = self._connection.collection(AUDIT_LOG).find_one({"documentId": document_id}, {"_id": 1})
        return made is not None

    @translated()
    def is_new(self) -> bool:
        """Whether nobody has made a job or a scheduled notification yet; tombstones count as made."""
        collections = (DYNAMIC_JOBS, SCHEDULED_NOTIFICATIONS)
        return all(self._connection.collection(name).find_one({}, {"_id": 1}) is None for name in collections)
