"""What waits for too long, read from MongoDB without the daemon. Every read is bounded and served by an index."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from api.store.bounded import in_time
from api.store.connection import Connection
from api.store.errors import translated
from shared.collections import DELIVERIES, DYNAMIC_JOBS, JOB_RUNS, NOTIFICATION_QUEUE, SCHEDULED_NOTIFICATIONS
from shared.models.notification_models import Channel
from shared.queries import overdue, runs
from shared.queries.notifications import WAITING_STATES, waiting_messages

MOST_COUNTED = 10_000
HEADS = 50
OVERDUE_AFTER = timedelta(seconds=60)
STUCK_AFTER = timedelta(minutes=5)


class Backlog(NamedTuple):
    """None: nothing waits, or it could not be read in time. Numbers stop at MOST_COUNTED.

    oldest_run: since when the run waits that starts next. oldest_messages: by channel, since when the first message
    to send is due; silent_channels: those of them on which nothing was tried to be sent for STUCK_AFTER.
    """

    overdue_jobs: int | None = None
    overdue_notifications: int | None = None
    oldest_run: datetime | None = None
    oldest_messages: Mapping[str, datetime] = {}
    silent_channels: frozenset[str] = frozenset()


class BacklogStore:
    """Read-only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def read(self, now: datetime) -> Backlog:
        """All of it, in about ten short reads."""
        late = overdue.definitions(now - OVERDUE_AFTER)
        messages = {channel.value: since for channel in Channel if (since := self._oldest_message(channel, now))}
        silent = {name for name, since in messages.items() if since < now - STUCK_AFTER and self._is_silent(name, now)}
        return Backlog(
            self.count(DYNAMIC_JOBS, late),
            self.count(SCHEDULED_NOTIFICATIONS, late),
            self._oldest_run(),
            messages,
            frozenset(silent),
        )

    @translated()
    def count(self, collection: str, conditions: Mapping[str, Any], most: int = MOST_COUNTED) -> int | None:
        """How many, at most `most`; None: it could not be counted in time."""
        wanted = self._connection.collection(collection)
        return in_time(lambda: wanted.count_documents(conditions, limit=most))

    def _oldest_run(self) -> datetime | None:
        """Of those that start next. An earlier attempt counts: a run that is tried again has waited only since then."""
        heads = self._connection.collection(JOB_RUNS).find(runs.claimable(), ["createdAt", "attempts.finishedAt"])
        found = in_time(lambda: list(heads.sort(runs.START_ORDER).limit(HEADS)))
        waiting = [_waits_since(run) for run in found or []]
        return min((since for since in waiting if since is not None), default=None)

    def _oldest_message(self, channel: Channel, now: datetime) -> datetime | None:
        """No sort: the index answers in the order of sendAfter (see waiting_messages)."""
        queue = self._connection.collection(NOTIFICATION_QUEUE)
        due = [queue.find(waiting_messages(channel, state, now), ["sendAfter"]).limit(1) for state in WAITING_STATES]
        found = [message.get("sendAfter") for heads in due for message in in_time(heads.to_list) or []]
        return min((since for since in found if isinstance(since, datetime)), default=None)

    def _is_silent(self, channel: str, now: datetime) -> bool:
        """Whether no delivery was begun lately. If that takes too long to find out, plenty were."""
        return self.count(DELIVERIES, {"channel": channel, "startedAt": {"$gte": now - STUCK_AFTER}}, most=1) == 0


def _waits_since(run: Mapping[str, Any]) -> datetime | None:
    attempts = run.get("attempts")
    earlier = attempts if isinstance(attempts, list) else []
    moments = [run.get("createdAt"), *(each.get("finishedAt") for each in earlier if isinstance(each, Mapping))]
    return max((each for each in moments if isinstance(each, datetime)), default=None)
