"""Messages whose address is on the suppression list are queued as `suppressed`: seen, and not sent."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from scheduler_daemon.store.suppressions import SuppressionList
from shared.models.notification_models import Channel
from shared.models.queue import QueueState
from shared.queries.notifications import ended
from shared.queries.suppressions import Subject


async def suppress(messages: Sequence[dict[str, Any]], suppressions: SuppressionList, keep: timedelta) -> None:
    """Ends those of the new messages that nobody wants, in place. One read for all of them."""
    waiting = {_subject(each): each for each in messages if each["state"] == QueueState.PENDING.value}
    for subject, reason in (await suppressions.keeping_back(waiting)).items():
        message = waiting[subject]
        message.update(ended(QueueState.SUPPRESSED, "suppressed", reason, message["createdAt"], keep)["$set"])


def _subject(message: dict[str, Any]) -> Subject:
    return Subject(Channel(message["channel"]), message["recipient"]["address"], message["category"])
