"""Says every few seconds that this daemon is alive, and watches the distance to the server's clock."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from scheduler_daemon.scheduling.leadership import Role
from scheduler_daemon.scheduling.loop import Loop
from scheduler_daemon.store.scheduler_state import SchedulerStateStore
from shared.clock import Clock
from shared.models.scheduler_state import HEARTBEAT_PREFIX, Heartbeat, Holder, SettingGiven

log = structlog.get_logger(__name__)

BEAT_SECONDS = 5.0
KEEP_SILENT = timedelta(hours=24)
MOST_CLOCK_DIFFERENCE = timedelta(seconds=30)


class HeartbeatLoop(Loop):
    """Writes this daemon's heartbeat. clock_is_trusted guards the creation of occurrences."""

    name = "heartbeat"

    def __init__(
        self,
        store: SchedulerStateStore,
        clock: Clock,
        holder: Holder,
        role: Callable[[], Role],
        running: Callable[[], int],
        settings: tuple[SettingGiven, ...] = (),
    ) -> None:
        super().__init__()
        self._store = store
        self._clock = clock
        self._holder = holder
        self._role = role
        self._running = running
        self._settings = settings
        self._started_at = clock.now()
        self._server_ahead = timedelta(0)
        self._compared_at = clock.now(), clock.boottime()
        self._problem: str | None = None

    @property
    def clock_is_trusted(self) -> bool:
        """False: this machine's clock and the server's differ too much to create occurrences.

        A step of the wall clock since the last comparison counts at once: the boot-time clock does not step with it.
        """
        trusted = abs(self._difference()) <= MOST_CLOCK_DIFFERENCE
        if trusted != (self._problem is None):
            self.wake()  # to compare, and to say so
        return trusted

    async def run_once(self) -> float:
        server = await self._store.server_time()
        now = self._clock.now()
        self._server_ahead, self._compared_at = server - now, (now, self._clock.boottime())
        self._judge(self._server_ahead)
        await self._store.beat(
            Heartbeat(
                id=HEARTBEAT_PREFIX + self._holder.instance,
                holder=self._holder,
                role="stopping" if self.stopping else self._role().value,
                started_at=self._started_at,
                beat_at=now,
                problem=self._problem,
                running=self._running(),
                settings=self._settings,
                expire_at=now + KEEP_SILENT,
            )
        )
        return BEAT_SECONDS

    async def say_goodbye(self) -> None:
        """Removes the heartbeat: this daemon stops on purpose."""
        await self._store.say_goodbye(HEARTBEAT_PREFIX + self._holder.instance)

    def _difference(self) -> timedelta:
        """How far the server's clock is ahead of ours now, if it went on as evenly as the boot-time clock."""
        wall, boottime = self._compared_at
        passed = timedelta(seconds=self._clock.boottime() - boottime)
        return self._server_ahead + passed - (self._clock.now() - wall)

    def _judge(self, difference: timedelta) -> None:
        seconds = round(difference.total_seconds())
        if abs(difference) <= MOST_CLOCK_DIFFERENCE:
            if self._problem is not None:
                log.info("clock_trusted_again", difference_seconds=seconds)
            self._problem = None
            return
        if self._problem is None:
            log.error("clock_not_trusted", difference_seconds=seconds)
        self._problem = (
            f"this machine's clock is {abs(seconds)} s {'behind' if seconds > 0 else 'ahead of'} MongoDB's; "
            "no new occurrence is created until they agree (check NTP)"
        )
