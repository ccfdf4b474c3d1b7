"""Who leads, since when, which daemons are alive, and how long things are kept. `scheduler_state`."""

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from shared.durations import Duration
from shared.models.base import Document, Moment, Part
from shared.models.notification_models import Channel

LEADER_ID = "leader"
FENCE_ID = "fence"
RETENTION_ID = "retention"
HEARTBEAT_PREFIX = "daemon:"
CHANNEL_PREFIX = "channel:"


class Holder(Part):
    """One daemon process."""

    instance: str
    host: str
    pid: int
    boot_id: str
    lock_id: str | None = None
    """Identity of the lock file in the runtime folder: who holds that lock outlives the holder."""
    version: str


class Lease(Document):
    """The leader lease. (epoch, seq) changes with every renewal; nobody compares clocks of two machines."""

    id: str = Field(LEADER_ID, alias="_id")
    epoch: int = 0
    seq: int = 0
    holder: Holder | None = None
    released: bool = True
    lsids: list[Any] = []
    """Server sessions of the holder's transactions: a successor ends them."""
    renewed_at: Moment | None = None
    """For people and alarms only; decides nothing."""


class SettingGiven(Part):
    """A setting of a daemon that is not the default. value: as JSON; None: it is set to something not shown here."""

    name: str
    value: str | None = None
    source: str


class Heartbeat(Document):
    """One per daemon, `_id` = `daemon:<instance>`."""

    id: str = Field(alias="_id")
    holder: Holder
    role: Literal["leader", "standby", "stopping"]
    started_at: Moment
    beat_at: Moment
    problem: str | None = None
    running: int = 0
    settings: tuple[SettingGiven, ...] = ()
    expire_at: Moment


class ChannelPause(Document):
    """A channel that is at fault, `_id` = `channel:<channel>`. For people: the senders decide from what they see."""

    id: str = Field(alias="_id")
    channel: Channel
    reason: str
    at: Moment
    rests_until: Moment


class RetentionSettings(Part):
    """How long what has ended is kept."""

    success: Duration
    failure: Duration
    messages: Duration

    @property
    def shortest_of_runs(self) -> timedelta:
        return min(self.success, self.failure)


class ApplyingTo(Part):
    """How far changed settings were applied to what ended earlier: to this collection up to this `_id` (null: none)."""

    collection: str
    after: Any = None


class RetentionState(Document):
    """The settings in force, as the leader last saw them, and how far it has come. Written by compare-and-set on n.

    reviewed_until: runs that expire until then were looked at, and moved on if they are among the newest of a job.
    gapless_since: no run that ended later was removed; None: as the settings say.
    """

    id: str = Field(RETENTION_ID, alias="_id")
    n: int = 0
    settings: RetentionSettings
    reviewed_until: Moment
    gapless_since: Moment | None = None
    applying: ApplyingTo | None = None
