"""Takes scheduled notifications through their moments: plans the new, queues the due, quarantines the broken."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog

from scheduler_daemon.notifications import progress as rules
from scheduler_daemon.notifications.fan_out import FanOut, FanOutReport, Occurrence
from scheduler_daemon.notifications.queue_check import QueueCheck
from scheduler_daemon.notifications.template_versions import TemplateVersions
from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.store.queue import NotificationQueue
from scheduler_daemon.store.scheduled_notifications import ScheduledNotificationStore
from shared.errors import InvalidDefinition, LeadershipLost, StoreError
from shared.models.definitions import Quarantine
from shared.models.notification_models import (
    LastOccurrence,
    NotificationProgress,
    ScheduledNotification,
)

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 50
MANY_ADDRESSES = 200

Document = dict[str, Any]
Report = Counter[str]
Write = Callable[[Document, dict[str, Any]], Awaitable[bool]]


class Processor:
    """Each step is one compare-and-set; stopping anywhere, repeating, or two at once changes nothing."""

    def __init__(
        self,
        schedules: ScheduledNotificationStore,
        queue: NotificationQueue,
        versions: TemplateVersions,
        fan_out: FanOut,
        rules: StandingRules,
        approval_above: int | None = None,
    ) -> None:
        """approval_above: more recipients than this need an approval."""
        self._schedules = schedules
        self._queue = queue
        self._versions = versions
        self._fan_out = fan_out
        self._rules = rules
        self._approval_above = approval_above
        self._check = QueueCheck(schedules, queue, versions, fan_out)

    async def run(self, now: datetime, batch_size: int) -> Report:
        """Counts: planned, occurrences, queued, duplicates, failed, cancelled, quarantined, skipped, excluded ..."""
        report: Report = Counter()

        async def plan(document: Document) -> bool:
            return await self._plan(document, now, report)

        async def queue(document: Document) -> bool:
            return await self._queue_due(document, now, batch_size, report)

        await self._each(lambda: self._schedules.unplanned(MOST_AT_ONCE), plan, self._schedules.plan, now, report)
        await self._each(lambda: self._schedules.due(now, MOST_AT_ONCE), queue, self._schedules.advance, now, report)
        await self._check.run(now, batch_size, report)
        return report

    async def quarantine_malformed(self, now: datetime) -> int:
        """Those that can never fall due because their nextRun is not a date."""
        fault = InvalidDefinition("daemon.nextRun", "is not a date", "malformed")
        documents = await self._schedules.with_bad_next_run(MOST_AT_ONCE)
        return sum([await self._quarantine(each, fault, self._schedules.advance, now) for each in documents])

    async def _each(
        self,
        fetch: Callable[[], Awaitable[list[Document]]],
        handle: Callable[[Document], Awaitable[bool]],
        write: Write,
        now: datetime,
        report: Report,
    ) -> None:
        """Until none is left, or nothing moves any more (then another processor is at the same ones)."""
        moved = True
        while moved:
            moved = False
            documents = await fetch()
            await self._rules.refresh(documents)
            for document in documents:
                try:
                    moved |= await handle(document)
                except (StoreError, LeadershipLost):
                    raise
                except Exception as fault:
                    if not isinstance(fault, InvalidDefinition):
                        log.exception("scheduled_notification_broke", scheduled_notification_id=_name(document))
                        fault = InvalidDefinition("", f"unexpected {type(fault).__name__}: {fault}", "unexpected")
                    done = await self._quarantine(document, fault, write, now)
                    report["quarantined"] += done
                    moved |= done

    async def _plan(self, document: Document, now: datetime, report: Report) -> bool:
        scheduled = await _read(document)
        if scheduled.deleted_at is None:
            self._rules.exclusions_of(scheduled.schedule)
            await self._versions.of(scheduled)
        else:
            report["cancelled"] += await self._queue.cancel_of(scheduled.id, now)
        if scheduled.messages_held is not None:
            report["released"] += await self._queue.release_of(scheduled.id)
        progress = rules.planned(scheduled)
        if not await self._schedules.plan(document, _stored(progress)):
            return False
        report["planned"] += 1
        log.info(
            "scheduled_notification_planned",
            scheduled_notification_id=scheduled.id,
            revision=scheduled.revision,
            next_run=progress.next_run,
        )
        return True

    async def _queue_due(self, document: Document, now: datetime, batch_size: int, report: Report) -> bool:
        scheduled = await _read(document)
        due = rules.due_now(scheduled, now, self._rules.exclusions_of(scheduled.schedule))
        last: LastOccurrence | None = None
        if due.occurrences:
            if (recipients := await self._unapproved(scheduled)) is not None:
                return await self._hold(document, scheduled, recipients, report)
            template = await self._versions.of(scheduled)
            for at in due.occurrences:
                fanned = await self._fan_out.run(
                    Occurrence(scheduled, template, at), now, lambda: self._in_force(scheduled), batch_size
                )
                _add_up(report, fanned)
                if not fanned.complete:
                    return await self._overtaken(scheduled, now, report)
                last = LastOccurrence(
                    scheduled_for=at, queued_at=now, queued=fanned.stored, revision=scheduled.revision
                )
        progress = rules.advanced(scheduled, due, last)
        if due.cursor is None and progress.next_run is not None and progress.next_run <= now:
            raise InvalidDefinition("daemon.nextRun", "does not belong to the schedule", "malformed")
        if not await self._schedules.advance(document, _stored(progress)):
            return await self._overtaken(scheduled, now, report)
        report["occurrences"] += len(due.occurrences)
        report["skipped"] += due.skipped
        report["excluded"] += due.excluded
        log.info(
            "scheduled_notification_queued",
            scheduled_notification_id=scheduled.id,
            occurrences=len(due.occurrences),
            skipped=due.skipped,
            excluded=due.excluded,
            messages=last.queued if last else 0,
            next_run=progress.next_run,
        )
        return True

    async def _unapproved(self, scheduled: ScheduledNotification) -> int | None:
        """How many recipients there are, if nobody approved of so many: groups grow, and so do the host's users."""
        if self._approval_above is None or scheduled.purpose == "test":
            return None
        recipients, approval = await self._fan_out.count(scheduled), scheduled.approval
        approved = 0 if approval is None else approval.covers
        return recipients if recipients > max(self._approval_above, approved) else None

    async def _hold(
        self, document: Document, scheduled: ScheduledNotification, recipients: int, report: Report
    ) -> bool:
        progress = rules.held_for_approval(scheduled, recipients)
        if not await self._schedules.advance(document, _stored(progress)):
            return False
        report["held"] += 1
        log.warning(
            "scheduled_notification_awaits_approval", scheduled_notification_id=scheduled.id, recipients=recipients
        )
        return True

    async def _in_force(self, scheduled: ScheduledNotification) -> bool:
        return await self._schedules.revision(scheduled.id) == (scheduled.revision, False)

    async def _overtaken(self, scheduled: ScheduledNotification, now: datetime, report: Report) -> bool:
        """It was changed, deleted, or queued by another processor while it was being queued here."""
        current = await self._schedules.revision(scheduled.id)
        if current is None or current[1]:
            report["cancelled"] += await self._queue.cancel_of(scheduled.id, now)
        return False

    async def _quarantine(self, document: Document, fault: InvalidDefinition, write: Write, now: datetime) -> bool:
        quarantine = Quarantine(reason=fault.detail[:1000], field=fault.field, at=now)
        kept = _progress_of(document).model_copy(update={"quarantine": quarantine, "next_run": None})
        if not await write(document, _stored(kept)):
            return False
        log.error(
            "scheduled_notification_quarantined",
            scheduled_notification_id=_name(document),
            field=fault.field,
            reason=fault.detail,
        )
        return True


async def _read(document: Document) -> ScheduledNotification:
    """Validating thousands of addresses takes long enough to be done beside the loop."""
    recipients = document.get("recipients")
    addresses = recipients.get("addresses") if isinstance(recipients, dict) else None
    if isinstance(addresses, list) and len(addresses) > MANY_ADDRESSES:
        return await asyncio.to_thread(ScheduledNotification.from_document, document)
    return ScheduledNotification.from_document(document)


def _progress_of(document: Document) -> NotificationProgress:
    """What was reached before, if it can be read; a document that is quarantined may have any shape."""
    try:
        return NotificationProgress.model_validate(document.get("daemon"))
    except ValueError:
        return NotificationProgress()


def _stored(progress: NotificationProgress) -> dict[str, Any]:
    return progress.model_dump(by_alias=True)


def _name(document: Document) -> str:
    return str(document.get("_id"))[:100]


def _add_up(report: Report, fanned: FanOutReport) -> None:
    for word in ("queued", "duplicates", "failed", "suppressed", "unreachable", "missing_people", "missing_groups"):
        report[word] += getattr(fanned, word)
