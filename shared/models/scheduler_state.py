"""Who leads, since when, and which daemons are alive. `scheduler_state`."""

from typing import Any, Literal

from pydantic import Field

from shared.models.base import Document, Moment, Part

LEADER_ID = "leader"
FENCE_ID = "fence"
HEARTBEAT_PREFIX = "daemon:"


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


class Heartbeat(Document):
    """One per daemon, `_id` = `daemon:<instance>`."""

    id: str = Field(alias="_id")
    holder: Holder
    role: Literal["leader", "standby", "stopping"]
    started_at: Moment
    beat_at: Moment
    problem: str | None = None
    running: int = 0
    expire_at: Moment
