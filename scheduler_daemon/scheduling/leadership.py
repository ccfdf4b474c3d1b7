"""Who may act: the leader lease with its epoch, its fence and its dead-man timer. docs/protocols.md, Lease."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from enum import StrEnum
from typing import Any

import structlog

from scheduler_daemon.scheduling.dead_man import DeadMan
from scheduler_daemon.scheduling.host_lock import HostLock
from scheduler_daemon.scheduling.loop import Loop
from scheduler_daemon.store.scheduler_state import SchedulerStateStore
from scheduler_daemon.store.transactions import Fence
from shared.clock import Clock
from shared.errors import LeadershipLost, StoreError
from shared.models.scheduler_state import Holder, Lease

log = structlog.get_logger(__name__)

OBSERVE_SECONDS = 1.0
RENEWALS_PER_TTL = 10
DEADLINE_SHARE_OF_TTL = 2 / 3
SHORTEST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 10.0


class Role(StrEnum):
    """What this daemon is at the moment."""

    STANDBY = "standby"
    LEADER = "leader"


class Leadership(Loop):
    """Observes as a standby, takes the lease when it is free, renews it as the leader.

    on_taken runs with the new epoch before this process acts: it reconciles what earlier epochs left.
    """

    name = "leadership"

    def __init__(
        self,
        store: SchedulerStateStore,
        fence: Fence,
        clock: Clock,
        holder: Holder,
        host_lock: HostLock,
        dead_man: DeadMan,
        lsids: Callable[[], Sequence[Mapping[str, Any]]],
        ttl_seconds: float,
        on_taken: Callable[[int], Coroutine[Any, Any, None]],
        on_leading: Callable[[], None],
        on_observed: Callable[[], None],
    ) -> None:
        """on_leading: called when this process may act; on_observed: after each look as a standby."""
        super().__init__()
        self._store = store
        self._fence = fence
        self._clock = clock
        self._holder = holder
        self._host_lock = host_lock
        self._dead_man = dead_man
        self._lsids = lsids
        self._ttl = ttl_seconds
        self._on_taken = on_taken
        self._on_leading = on_leading
        self._on_observed = on_observed
        self._take_over: asyncio.Task[None] | None = None
        self._failures_to_take_over = 0
        self._seen: tuple[int, int] | None = None
        self._seen_since = 0.0
        self._epoch: int | None = None
        self._seq = 0
        self._deadline = 0.0
        self.role = Role.STANDBY

    @property
    def deadline_seconds(self) -> float:
        return self._ttl * DEADLINE_SHARE_OF_TTL

    async def run_once(self) -> float:
        if self._epoch is None:
            await self._observe()
            self._on_observed()
            if self._epoch is None:
                return OBSERVE_SECONDS
        else:
            await self._renew()
            self._check_take_over()
        remaining = self._deadline - self._margin - self._clock.boottime()
        return max(SHORTEST_PAUSE_SECONDS, min(self._ttl / RENEWALS_PER_TTL, remaining))

    @property
    def _margin(self) -> float:
        """How long before the deadline we stop by ourselves; the dead-man timer is for those who cannot."""
        return self.deadline_seconds / 20

    async def release(self) -> None:
        """Gives the lease back. Only after no run of ours can still be alive."""
        epoch, self._epoch = self._epoch, None
        if self._take_over is not None:
            self._take_over.cancel()
            self._take_over = None
        self._fence.disarm()
        if epoch is not None:
            await self._store.release(epoch, self._clock.now())
            log.info("leadership_released", epoch=epoch)
        self._dead_man.disarm()
        self.role = Role.STANDBY

    async def _observe(self) -> None:
        lease = await self._store.observe()
        now = self._clock.boottime()
        if (lease.epoch, lease.seq) != self._seen:
            self._seen, self._seen_since = (lease.epoch, lease.seq), now
        held = self._host_lock.acquire()
        if lease.released:
            reason = "released"
        elif held and lease.holder is not None and lease.holder.lock_id == self._host_lock.identity:
            reason = "the former leader of this host is gone"
        elif now - self._seen_since >= self._ttl:
            reason = f"silent for {self._ttl:g} s"
        else:
            return
        await self._take(lease, reason, held)

    async def _take(self, seen: Lease, reason: str, lock_held: bool) -> None:
        sent_at = self._clock.boottime()
        holder = self._holder.model_copy(update={"lock_id": self._host_lock.identity if lock_held else None})
        before = await self._store.take(seen, holder, self._lsids(), self._clock.now())
        if before is None:
            return
        epoch = seen.epoch + 1
        await self._end_sessions(before)
        if not await self._store.raise_fence(epoch, self._lsids()):
            log.warning("leadership_overtaken", epoch=epoch)
            return
        self._epoch, self._seq = epoch, 0
        self._extend(sent_at)
        self._fence.arm(epoch)
        log.info("leadership_taken", epoch=epoch, reason=reason)
        self._start_take_over(epoch)

    async def _end_sessions(self, before: Lease) -> None:
        try:
            await self._store.end_sessions(before.lsids)
        except StoreError as fault:  # the server ends them by itself after a minute
            log.warning("sessions_not_ended", error=str(fault))

    def _start_take_over(self, epoch: int) -> None:
        """Reconciles beside the renewals: it may take longer than the lease lasts."""
        if epoch != self._epoch:
            return  # the lease was lost while we waited to try again
        self._take_over = asyncio.create_task(self._on_taken(epoch), name="take-over")
        self._take_over.add_done_callback(lambda _: self.wake())

    def _check_take_over(self) -> None:
        if self._take_over is None or not self._take_over.done() or self._epoch is None:
            return
        finished, self._take_over = self._take_over, None
        fault = finished.exception()
        if fault is None:
            self.role, self._failures_to_take_over = Role.LEADER, 0
            self._on_leading()
        elif isinstance(fault, LeadershipLost):
            self._lose(str(fault))
        else:
            pause = min(LONGEST_PAUSE_SECONDS, 0.1 * 2**self._failures_to_take_over)
            self._failures_to_take_over += 1
            log.error("take_over_failed", epoch=self._epoch, error=str(fault), exc_info=fault, pause_seconds=pause)
            asyncio.get_running_loop().call_later(pause, self._start_take_over, self._epoch)

    async def _renew(self) -> None:
        epoch = self._epoch
        if epoch is None:
            return
        sent_at = self._clock.boottime()
        remaining = self._deadline - self._margin - sent_at
        if remaining <= 0:
            self._lose("the lease was not renewed in time")
        self._seq += 1
        limit = max(SHORTEST_PAUSE_SECONDS, min(remaining, self._ttl / RENEWALS_PER_TTL))
        try:
            kept = await self._store.renew(epoch, self._seq, self._clock.now(), self._lsids(), limit)
        except StoreError as fault:
            log.warning("lease_renewal_failed", epoch=epoch, error=str(fault), remaining_seconds=round(remaining, 1))
            return
        if not kept:
            self._lose("another daemon took the lease")
        self._extend(sent_at)
        if self.role is Role.STANDBY:  # taking over: no pass of the scheduler says that we are alive
            self._on_observed()

    def _extend(self, sent_at: float) -> None:
        """The deadline counts from before the renewal was sent: the server may have done it that early."""
        self._deadline = sent_at + self.deadline_seconds
        self._dead_man.arm(self._deadline - self._clock.boottime())

    def _lose(self, reason: str) -> None:
        epoch, self._epoch = self._epoch, None
        self._fence.disarm()
        self.role = Role.STANDBY
        log.error("leadership_lost", epoch=epoch, reason=reason)
        raise LeadershipLost(reason)
