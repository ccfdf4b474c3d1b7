"""Repairs the queue after a take-over or a hand in the database, and carries out what people decide on messages."""

from datetime import datetime
from typing import Any

import structlog

from scheduler_daemon.notifications import outcomes
from scheduler_daemon.notifications.outcomes import RetryPolicy
from scheduler_daemon.store.queue_recovery import QueueRecovery
from scheduler_daemon.store.transactions import Fence
from shared.errors import InvalidDefinition
from shared.models.queue import HELD, LIVE, TRANSITIONS, QueueItem, QueueState
from shared.queries.notifications import terminal_fields

log = structlog.get_logger(__name__)

Answer = tuple[bool, str]
AGAIN_FROM = tuple(state for state, following in TRANSITIONS.items() if QueueState.PENDING in following)
DECISIONS = (QueueState.PENDING, QueueState.SENT, QueueState.FAILED)
"""What a person can know of a message whose end is unknown; that it was delivered is for the provider to say."""


class MessageRescue:
    """Every change is a compare-and-set on the state that was read."""

    def __init__(self, recovery: QueueRecovery, fence: Fence, policy: RetryPolicy) -> None:
        self._recovery = recovery
        self._fence = fence
        self._policy = policy

    async def release_dead_epochs(self, now: datetime) -> int:
        """Messages that senders of earlier epochs held; how many."""
        return await self._recovery.release_dead_epochs(
            self._fence, lambda document: outcomes.released(document, now, self._policy)
        )

    async def end_malformed(self, now: datetime) -> int:
        """Messages that no notifier would ever find become dead, with the reason; how many."""
        count = await self._recovery.end_malformed(now, _fault_of)
        if count:
            log.error("messages_malformed", messages=count)
        return count

    async def retry(self, item_id: str, now: datetime) -> Answer:
        """Sends it again, now. Its expiry is lifted, as a person wants it late."""
        state = _state_of(await self._recovery.read(item_id))
        if state is None:
            return False, "there is no such message"
        if state not in AGAIN_FROM or state is QueueState.SENDING:
            return False, f"the message is {state.value}; it cannot be sent again"
        changes: dict[str, Any] = {
            "state": QueueState.PENDING.value,
            "sendAfter": now,
            "expiresAt": None,
            "token": None,
            "handoffAt": None,
            "providerReference": None,
            "finishedAt": None,
            "expireAt": None,
        }
        if state in HELD:
            changes["ambiguous"] = True
        return await self._decide(item_id, state, changes, "the message is sent again")

    async def resolve(self, item_id: str, target: str, now: datetime) -> Answer:
        """A person says what became of a message whose end is unknown: sent, failed, or to be sent again (pending)."""
        state = _state_of(await self._recovery.read(item_id))
        if state is None:
            return False, "there is no such message"
        if state not in HELD:
            return False, f"the message is {state.value}; only one whose end is unknown can be decided"
        if target not in {each.value for each in DECISIONS}:
            return False, f"decide for {', '.join(each.value for each in DECISIONS)}"
        if target == QueueState.PENDING.value:
            return await self.retry(item_id, now)
        changes = terminal_fields(QueueState(target), now, self._policy.keep)
        return await self._decide(item_id, state, changes, f"the message counts as {target}")

    async def _decide(self, item_id: str, state: QueueState, changes: dict[str, Any], detail: str) -> Answer:
        if not await self._recovery.change(item_id, state.value, changes):
            return False, "the message has just changed; look again"
        log.info("message_decided", item_id=item_id, before=state.value, after=changes["state"])
        return True, detail


def _state_of(document: dict[str, Any] | None) -> QueueState | None:
    state = None if document is None else document.get("state")
    return QueueState(state) if isinstance(state, str) and state in set(QueueState) else None


def _fault_of(document: dict[str, Any]) -> str:
    try:
        item = QueueItem.from_document(document)
    except InvalidDefinition as fault:
        return str(fault)
    return f"sendAfter: {item.send_after} is stored in the wrong type" if item.state in LIVE else "malformed"
