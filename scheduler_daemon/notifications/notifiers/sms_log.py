"""The SMS provider `log`: writes what it would send into the log. For trying things out."""

import structlog

from scheduler_daemon.notifications.notifiers.notifier import HandOff
from scheduler_daemon.notifications.notifiers.sms_message import ComposedSms
from scheduler_daemon.notifications.notifiers.sms_notifier import SmsNotifier

log = structlog.get_logger(__name__)


class LogSmsNotifier(SmsNotifier):
    """Never fails."""

    async def deliver(self, message: ComposedSms, hand_off: HandOff) -> str:
        await hand_off()
        log.info(
            "sms_logged",
            item_id=message.item_id,
            to=message.to,
            text=message.text,
            segments=message.segments.count,
            encoding=message.segments.encoding,
        )
        return "log"
