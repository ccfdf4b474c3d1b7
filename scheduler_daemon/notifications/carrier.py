"""Carries one claimed message to its notifier, and records what came of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from scheduler_daemon.notifications import outcomes
from scheduler_daemon.notifications.attachments import AttachmentFiles
from scheduler_daemon.notifications.channel_health import ChannelHealth
from scheduler_daemon.notifications.hand_off_marks import HandOffMarks
from scheduler_daemon.notifications.notifiers.notifier import ClaimLost, Notifier
from scheduler_daemon.notifications.outcomes import RetryPolicy
from scheduler_daemon.notifications.template_versions import TemplateVersions
from scheduler_daemon.store.group_commit import GroupCommit
from scheduler_daemon.store.queue import NotificationQueue
from scheduler_daemon.store.queue_outcomes import Outcome
from shared.clock import Clock
from shared.errors import DeliveryError, InvalidDefinition, StoreError
from shared.models.notification_models import NotificationTemplate
from shared.models.queue import QueueItem, QueueState

log = structlog.get_logger(__name__)

RECORD_SECONDS = 60.0


@dataclass(slots=True)
class Flight:
    """A claimed message on its way.

    talking: with the provider, and may be cancelled (the database is never interrupted: its driver would leak the
    connection). handed_off: it can no longer be taken back. ended: only its record is missing.
    recalled: it is to be handed back at the next opportunity. record: what its delivery keeps of the message.
    """

    item: QueueItem
    talking: bool = False
    handed_off: bool = False
    ended: bool = False
    recalled: bool = False
    record: Mapping[str, Any] = field(default_factory=dict)


class _Recalled(Exception):
    """The message was not begun, and shall not be."""


class Carrier:
    """Knows nothing of the messages beside the one it carries, except whether their channel works."""

    def __init__(
        self,
        notifier: Notifier,
        queue: NotificationQueue,
        recorder: GroupCommit[Outcome, bool],
        versions: TemplateVersions,
        attachments: AttachmentFiles,
        clock: Clock,
        policy: RetryPolicy,
    ) -> None:
        self._notifier = notifier
        self._recorder = recorder
        self._versions = versions
        self._attachments = attachments
        self._clock = clock
        self._policy = policy
        self._marks = HandOffMarks(queue, clock, notifier.marks_ahead)
        self.health = ChannelHealth(notifier.channel.value, clock)

    async def carry(self, flight: Flight) -> str:
        """What became of it: sent, retried, failed, dead, unknown, handed_back or lost.

        Cancelled or recalled before the hand-off it hands the message back; cancelled after it, the end is ambiguous.
        """
        outcome, word = await self._attempt(flight)
        flight.ended, flight.talking = True, False
        if outcome is None or not await self._record(_with_record(outcome, flight.record)):
            return "lost"
        return word

    async def close(self) -> None:
        """Stores the outcomes that are left and closes the connections; may be called twice."""
        await self._marks.close()
        await self._recorder.close()
        await self._notifier.close()

    async def _attempt(self, flight: Flight) -> tuple[Outcome | None, str]:
        item = flight.item
        try:
            reference = await self._deliver(flight)
        except ClaimLost:
            log.warning("message_claim_lost", item_id=item.id, attempt=item.attempt)
            return None, "lost"
        except InvalidDefinition as fault:
            log.warning("message_failed", item_id=item.id, attempt=item.attempt, reason=str(fault))
            return outcomes.unrenderable(item, fault, self._clock.now(), self._policy), "failed"
        except DeliveryError as fault:
            return self._after_refusal(item, fault)
        except StoreError as fault:  # the mark could not be written, so nothing was handed over
            log.warning("message_handed_back", item_id=item.id, reason=str(fault))
            return outcomes.handed_back(item, None), "handed_back"
        except (asyncio.CancelledError, _Recalled):
            if flight.handed_off:
                stopped = DeliveryError("stopped before the answer came", permanent=False, ambiguous=True)
                return self._after_refusal(item, stopped)
            return outcomes.handed_back(item, None), "handed_back"
        except Exception as fault:
            log.exception("message_delivery_broke", item_id=item.id, attempt=item.attempt)
            surprise = DeliveryError(f"{type(fault).__name__}: {fault}", permanent=False, ambiguous=flight.handed_off)
            return self._after_refusal(item, surprise)
        self.health.works()
        log.debug("message_sent", item_id=item.id, attempt=item.attempt)
        return outcomes.sent(item, reference, self._clock.now(), self._policy), "sent"

    async def _deliver(self, flight: Flight) -> str:
        item = flight.item

        async def hand_off() -> None:
            flight.talking = False
            if flight.recalled:
                raise _Recalled
            await mark.make()
            flight.handed_off = True

        template = await self._versions.get(item.template_id, item.template_version)
        message = None if template.attachments else await self._composed(flight, template)
        async with self._marks.turn(item) as mark:
            if flight.recalled:
                raise _Recalled
            if message is None:  # only now: each of those that wait would hold a copy of its files
                message = await self._composed(flight, template)
            flight.talking = True
            return await self._notifier.deliver(message, hand_off)

    async def _composed(self, flight: Flight, template: NotificationTemplate) -> Any:
        files = await self._attachments.load(template.attachments)
        message = self._notifier.compose(flight.item, template, files)
        flight.record = message.record
        return message

    def _after_refusal(self, item: QueueItem, fault: DeliveryError) -> tuple[Outcome, str]:
        outcome = outcomes.refused(item, fault, self._clock.now(), self._policy)
        if fault.channel_fault:
            pause = self.health.fault(str(fault))
            if pause is not None:
                log.error(
                    "channel_paused",
                    channel=self._notifier.channel.value,
                    seconds=pause.total_seconds(),
                    reason=str(fault),
                )
            return outcome, "handed_back"
        state = outcome.changes["state"]
        if not fault.ambiguous:
            self.health.works()
        log.warning(
            "message_refused",
            item_id=item.id,
            attempt=item.attempt,
            state=state,
            ambiguous=fault.ambiguous,
            reason=str(fault),
        )
        return outcome, "retried" if state == QueueState.RETRY_WAIT.value else state

    async def _record(self, outcome: Outcome) -> bool:
        """Until it is known what the database holds. The sender later releases what a longer outage left open."""
        give_up_at, pause = self._clock.monotonic() + RECORD_SECONDS, 0.1
        while True:
            try:
                return await self._recorder.submit(outcome)
            except StoreError as fault:
                if self._clock.monotonic() > give_up_at:
                    log.error("message_outcome_not_recorded", item_id=outcome.item_id, reason=str(fault))
                    return False
            await asyncio.sleep(pause)
            pause = min(2.0, pause * 2)


def _with_record(outcome: Outcome, record: Mapping[str, Any]) -> Outcome:
    if outcome.delivery is None or not record:
        return outcome
    return replace(outcome, delivery={"$set": {**outcome.delivery["$set"], **record}})
