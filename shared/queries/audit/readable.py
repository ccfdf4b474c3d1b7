"""Which documents must be readable by their model: what the daemon still has to act on, unless it was put aside."""

from dataclasses import dataclass

from shared import collections as names
from shared.models.base import Document
from shared.models.calendars import Calendar
from shared.models.commands import Command
from shared.models.jobs import Job
from shared.models.maintenance import MAINTENANCE_ID, Maintenance
from shared.models.notification_models import ScheduledNotification
from shared.models.queue import LIVE as LIVE_MESSAGES
from shared.models.queue import QueueItem
from shared.models.runs import LIVE as LIVE_RUNS
from shared.models.runs import Run
from shared.queries.audit.check import Filter


@dataclass(frozen=True, slots=True)
class Readable:
    """Documents that match `criteria` are valid documents of `model`."""

    name: str
    collection: str
    promise: str
    model: type[Document]
    criteria: Filter


_NOT_PUT_ASIDE: Filter = {"daemon.quarantine": None}
_MAINTENANCE: Filter = {"_id": MAINTENANCE_ID}

READABLE: tuple[Readable, ...] = (
    Readable("job_malformed", names.DYNAMIC_JOBS, "a malformed job is in quarantine", Job, _NOT_PUT_ASIDE),
    Readable(
        "scheduled_notification_malformed",
        names.SCHEDULED_NOTIFICATIONS,
        "a malformed scheduled notification is in quarantine",
        ScheduledNotification,
        _NOT_PUT_ASIDE,
    ),
    Readable(
        "run_malformed",
        names.JOB_RUNS,
        "a malformed run is ended as such",
        Run,
        {"state": {"$in": [state.value for state in LIVE_RUNS]}},
    ),
    Readable(
        "message_malformed",
        names.NOTIFICATION_QUEUE,
        "a malformed message is ended as such",
        QueueItem,
        {"state": {"$in": [state.value for state in LIVE_MESSAGES]}},
    ),
    Readable(
        "command_malformed", names.COMMANDS, "a malformed command is answered as such", Command, {"handledAt": None}
    ),
    Readable("maintenance_malformed", names.CONTROLS, "the maintenance mode can be read", Maintenance, _MAINTENANCE),
    Readable("calendar_malformed", names.CALENDARS, "a calendar can be read", Calendar, {}),
)
