"""Looks once after each fan-out whether the queue holds what was put into it, and puts in again what is missing."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import structlog

from scheduler_daemon.notifications.fan_out import FanOut, Occurrence
from scheduler_daemon.notifications.template_versions import TemplateVersions
from scheduler_daemon.store.queue import NotificationQueue
from scheduler_daemon.store.scheduled_notifications import ScheduledNotificationStore
from shared.errors import InvalidDefinition, LeadershipLost, StoreError
from shared.models.notification_models import ScheduledNotification
from shared.queries.audit.fan_outs import LOOKED_AT

log = structlog.get_logger(__name__)

SETTLES = timedelta(minutes=1)
MOST_AT_ONCE = 50


class QueueCheck:
    """One count for each occurrence. Putting in again is harmless: who has a message keeps it."""

    def __init__(
        self,
        schedules: ScheduledNotificationStore,
        queue: NotificationQueue,
        versions: TemplateVersions,
        fan_out: FanOut,
    ) -> None:
        self._schedules = schedules
        self._queue = queue
        self._versions = versions
        self._fan_out = fan_out

    async def run(self, now: datetime, batch_size: int, report: Counter[str]) -> None:
        """Checks what was queued at least a minute ago, but not so long ago that messages have expired: to put those in
        again would send them twice. Counts: repaired.
        """
        for document in await self._schedules.unchecked(now - SETTLES, MOST_AT_ONCE):
            try:
                await self._check(document, now, batch_size, report)
            except (StoreError, LeadershipLost):
                raise
            except Exception as fault:
                name = str(document["_id"])[:100]
                if isinstance(fault, InvalidDefinition):
                    log.warning("queue_not_checked", scheduled_notification_id=name, reason=str(fault))
                else:
                    log.exception("queue_check_broke", scheduled_notification_id=name)
            await self._schedules.mark_checked(document)

    async def _check(self, document: dict[str, Any], now: datetime, batch_size: int, report: Counter[str]) -> None:
        scheduled = ScheduledNotification.from_document(document)
        last = scheduled.daemon.last_run
        if last is None:
            raise InvalidDefinition("daemon.lastRun", "is missing")
        if last.queued_at < now - min(LOOKED_AT, self._queue.keep / 2):
            raise InvalidDefinition("daemon.lastRun.queuedAt", "is so long ago that messages may have expired")
        stored = await self._queue.count_of(scheduled.id, last.scheduled_for)
        if stored < last.queued:
            log.error(
                "queue_has_a_gap",
                scheduled_notification_id=scheduled.id,
                occurrence=last.scheduled_for,
                queued=last.queued,
                stored=stored,
            )
            if last.revision == scheduled.revision and scheduled.deleted_at is None:
                report["repaired"] += await self._repair(scheduled, last.scheduled_for, now, batch_size)

    async def _repair(self, scheduled: ScheduledNotification, at: datetime, now: datetime, batch_size: int) -> int:
        template = await self._versions.of(scheduled)

        async def in_force() -> bool:
            return await self._schedules.revision(scheduled.id) == (scheduled.revision, False)

        fanned = await self._fan_out.run(Occurrence(scheduled, template, at), now, in_force, batch_size)
        return fanned.queued
