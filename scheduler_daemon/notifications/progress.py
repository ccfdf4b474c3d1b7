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
from shared.schedule.sending_times import (
    AROUND_THE_WORLD,
    JUST_PAST,
    firing_exclusions,
    firing_schedule,
    follows_recipients,
    longest_wait,
)

CATCH_UP = timedelta(hours=24)
MISFIRE = Misfire(policy="latest", window=CATCH_UP)
MISFIRE_AROUND_THE_WORLD = Misfire(policy="latest", window=CATCH_UP + AROUND_THE_WORLD)


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
    """Neither deleted nor paused, nor waiting for an approval."""
    if scheduled.deleted_at is not None or awaits_approval(scheduled):
        return False
    pause = scheduled.pause
    return pause is None or (pause.until is not None and pause.until <= now)


def awaits_approval(scheduled: ScheduledNotification) -> bool:
    """Whether somebody has to approve it first."""
    return scheduled.approval is not None and scheduled.approval.at is None


def planned(scheduled: ScheduledNotification) -> NotificationProgress:
    """The daemon's sub-document for a definition that is new or was changed; an old quarantine is lifted."""
    progress = scheduled.daemon.model_copy(
        update={
            "cursor": _since(scheduled),
            "quarantine": None,
            "needs_approval": None,
            "completed": False,
            "next_run": None,
        }
    )
    return progress if _rests(scheduled) else _towards_next(scheduled, progress)


def due_now(scheduled: ScheduledNotification, now: datetime, exclusions: Exclusions = NO_EXCLUSIONS) -> DueNow:
    """Decides on every occurrence whose moment has come."""
    if not is_active(scheduled, now):
        return DueNow()
    schedule = scheduled.schedule
    decided = due_occurrences(
        firing_schedule(scheduled, schedule),
        scheduled.id,
        _start(scheduled),
        now,
        scheduled.created_at,
        MISFIRE_AROUND_THE_WORLD if follows_recipients(scheduled, schedule) else MISFIRE,
        firing_exclusions(scheduled, schedule, exclusions),
    )
    expires_after, wait = scheduled.expires_after, longest_wait(scheduled, schedule)
    runs = [at for at in decided.runs if expires_after is None or at + wait + expires_after > now]
    expired = len(decided.runs) - len(runs)
    most = scheduled.schedule.max_runs
    if most is not None:
        runs = runs[: max(0, most - scheduled.daemon.occurrences_queued)]
    excluded = sum(each.count for each in decided.excluded)
    skipped = expired + excluded + sum(each.count for each in decided.skipped)
    return DueNow(runs, skipped, decided.cursor, excluded)


def advanced(scheduled: ScheduledNotification, due: DueNow, last: LastOccurrence | None) -> NotificationProgress:
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
    return progress if _rests(scheduled) else _towards_next(scheduled, progress)


def held_for_approval(scheduled: ScheduledNotification, recipients: int) -> NotificationProgress:
    """The sub-document of one that fell due with more recipients than one person may decide about."""
    return scheduled.daemon.model_copy(update={"needs_approval": recipients, "next_run": None})


def _rests(scheduled: ScheduledNotification) -> bool:
    """Until somebody does something: it has no next moment."""
    pause = scheduled.pause
    for_good = pause is not None and pause.until is None
    return scheduled.deleted_at is not None or awaits_approval(scheduled) or for_good


def _towards_next(scheduled: ScheduledNotification, progress: NotificationProgress) -> NotificationProgress:
    most = scheduled.schedule.max_runs
    if most is not None and progress.occurrences_queued >= most:
        return progress.model_copy(update={"completed": True})
    cursor = _after_pause(scheduled, progress.cursor or _since(scheduled))
    schedule = firing_schedule(scheduled, scheduled.schedule)
    following = next_occurrence(schedule, cursor, scheduled.created_at)
    if following is None:
        return progress.model_copy(update={"completed": True})
    acts_at = jittered(schedule, scheduled.id, following.at, scheduled.created_at)
    return progress.model_copy(update={"next_run": acts_at})


def _since(scheduled: ScheduledNotification) -> datetime:
    """Nothing up to here is caught up: the present rule is not older, or it was decided on before."""
    since = scheduled.schedule_since
    if isinstance(scheduled.schedule, OnceSchedule):
        since -= JUST_PAST
        if follows_recipients(scheduled, scheduled.schedule):
            since -= AROUND_THE_WORLD
    return max(since, scheduled.daemon.cursor or since)


def _start(scheduled: ScheduledNotification) -> datetime:
    return _after_pause(scheduled, scheduled.daemon.cursor or _since(scheduled))


def _after_pause(scheduled: ScheduledNotification, cursor: datetime) -> datetime:
    """The time of a pause is not caught up; the moment at which it ends counts again."""
    pause = scheduled.pause
    if pause is None or pause.until is None:
        return cursor
    return max(cursor, pause.until - MILLISECOND)
