"""When a scheduled notification falls due, and what becomes of its occurrences. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.clock import MILLISECOND
from shared.models.notification_models import LastOccurrence, NotificationProgress, ScheduledNotification
from shared.models.policies import Misfire
from shared.models.schedule import OnceSchedule
from shared.schedule.exclusions import NO_EXCLUSIONS, Exclusions
from shared.schedule.misfire import due_occurrences
from shared.schedule.occurrences import jittered, next_occurrence

MISFIRE = Misfire(policy="latest", window=timedelta(hours=24))
JUST_PAST = timedelta(seconds=60)
"""A single moment that had just passed when its definition was saved still counts."""


@dataclass(slots=True)
class DueNow:
    """occurrences: to be queued, in order; cursor: all up to here is decided.

    skipped: how many are not queued, because they are too late or because their day is excluded; excluded: these alone.
    """

    occurrences: list[datetime] = field(default_factory=list)
    skipped: int = 0
    cursor: datetime | None = None
    excluded: int = 0


def is_active(scheduled: ScheduledNotification, now: datetime) -> bool:
    """Neither deleted nor paused."""
    if scheduled.deleted_at is not None:
        return False
    pause = scheduled.pause
    return pause is None or (pause.until is not None and pause.until <= now)


def planned(scheduled: ScheduledNotification) -> NotificationProgress:
    """The daemon's sub-document for a definition that is new or was changed; an old quarantine is lifted."""
    progress = scheduled.daemon.model_copy(
        update={"cursor": _since(scheduled), "quarantine": None, "completed": False, "next_run": None}
    )
    if scheduled.deleted_at is not None:
        return progress
    pause = scheduled.pause
    if pause is not None and pause.until is None:
        return progress
    return _towards_next(scheduled, progress)


def due_now(scheduled: ScheduledNotification, now: datetime, exclusions: Exclusions = NO_EXCLUSIONS) -> DueNow:
    """Decides on every occurrence whose moment has come."""
    if not is_active(scheduled, now):
        return DueNow()
    decided = due_occurrences(
        scheduled.schedule, scheduled.id, _start(scheduled), now, scheduled.created_at, MISFIRE, exclusions
    )
    expires_after = scheduled.expires_after
    runs = [at for at in decided.runs if expires_after is None or at + expires_after > now]
    expired = len(decided.runs) - len(runs)
    most = scheduled.schedule.max_runs
    if most is not None:
        runs = runs[: max(0, most - scheduled.daemon.occurrences_queued)]
    excluded = sum(each.count for each in decided.excluded)
    skipped = expired + excluded + sum(each.count for each in decided.skipped)
    return DueNow(runs, skipped, decided.cursor, excluded)


def advanced(
    scheduled: ScheduledNotification, due: DueNow, last: LastOccurrence | None, now: datetime
) -> NotificationProgress:
    """The sub-document after the due occurrences were queued. last: the newest of them."""
    before = scheduled.daemon
    progress = before.model_copy(
        update={
            "cursor": due.cursor or before.cursor or _since(scheduled),
            "last_run": last or before.last_run,
            "occurrences_queued": before.occurrences_queued + len(due.occurrences),
            "occurrences_skipped": before.occurrences_skipped + due.skipped,
            "next_run": None,
        }
    )
    pause = scheduled.pause
    if not is_active(scheduled, now) and (pause is None or pause.until is None or scheduled.deleted_at is not None):
        return progress
    return _towards_next(scheduled, progress)


def _towards_next(scheduled: ScheduledNotification, progress: NotificationProgress) -> NotificationProgress:
    most = scheduled.schedule.max_runs
    if most is not None and progress.occurrences_queued >= most:
        return progress.model_copy(update={"completed": True})
    cursor = _after_pause(scheduled, progress.cursor or _since(scheduled))
    following = next_occurrence(scheduled.schedule, cursor, scheduled.created_at)
    if following is None:
        return progress.model_copy(update={"completed": True})
    acts_at = jittered(scheduled.schedule, scheduled.id, following.at, scheduled.created_at)
    return progress.model_copy(update={"next_run": acts_at})


def _since(scheduled: ScheduledNotification) -> datetime:
    """Nothing up to here is caught up: the present rule is not older, or it was decided on before."""
    since = scheduled.schedule_since
    if isinstance(scheduled.schedule, OnceSchedule):
        since -= JUST_PAST
    return max(since, scheduled.daemon.cursor or since)


def _start(scheduled: ScheduledNotification) -> datetime:
    return _after_pause(scheduled, scheduled.daemon.cursor or _since(scheduled))


def _after_pause(scheduled: ScheduledNotification, cursor: datetime) -> datetime:
    """The time of a pause is not caught up; the moment at which it ends counts again."""
    pause = scheduled.pause
    if pause is None or pause.until is None:
        return cursor
    return max(cursor, pause.until - MILLISECOND)
