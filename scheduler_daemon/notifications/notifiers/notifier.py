"""What a sender needs of a notifier."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from scheduler_daemon.notifications.attachments import Attached
from shared.errors import SchedulerError
from shared.models.notification_models import Channel, NotificationTemplate
from shared.models.queue import QueueItem

HandOff = Callable[[], Awaitable[None]]
"""To be awaited just before the irrevocable step; ClaimLost then forbids it."""


class ClaimLost(SchedulerError):
    """Another sender may hold the message by now; it must not be sent from here."""


class Composed(Protocol):
    """A message as its provider takes it."""

    @property
    def record(self) -> Mapping[str, Any]:
        """What the delivery record keeps of it: fields of Delivery."""


class Notifier(Protocol):
    """Delivers messages of one channel to one provider."""

    channel: Channel
    marks_ahead: int
    """How many messages may be marked before their turn; 0 unless a repetition under the same id does no harm."""

    def compose(self, item: QueueItem, template: NotificationTemplate, attached: Sequence[Attached]) -> Any:
        """The message (Composed) as deliver() takes it. No I/O. InvalidDefinition: it can never be composed."""

    async def deliver(self, message: Any, hand_off: HandOff) -> str:
        """The provider's reference once it has taken the message; DeliveryError says why it did not."""

    async def close(self) -> None:
        """Closes connections. May be called twice, and deliver() may follow."""
