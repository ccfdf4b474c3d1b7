"""`scheduler_state`: which channels rest, and why; for people. It decides nothing."""

from datetime import datetime

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import SCHEDULER_STATE
from shared.models.notification_models import Channel
from shared.models.scheduler_state import CHANNEL_PREFIX, ChannelPause


class ChannelStates:
    """One document per channel that is at fault, none for those that work."""

    def __init__(self, database: Database) -> None:
        self._state = database[SCHEDULER_STATE]

    async def rests(self, channel: Channel, reason: str, now: datetime, until: datetime) -> None:
        """The channel is at fault and is tried again at `until`."""
        pause = ChannelPause(
            id=CHANNEL_PREFIX + channel.value, channel=channel, reason=reason, at=now, rests_until=until
        )
        with translated():
            await self._state.replace_one({"_id": pause.id}, pause.to_document(), upsert=True)

    async def works(self, channel: Channel) -> None:
        with translated():
            await self._state.delete_one({"_id": CHANNEL_PREFIX + channel.value})
