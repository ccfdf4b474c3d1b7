"""Claims queued messages of one channel as fast as its carrier takes them, until nothing is due."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

import structlog

from scheduler_daemon.metrics import DELIVERIES
from scheduler_daemon.notifications import outcomes
from scheduler_daemon.notifications.carrier import Carrier, Flight
from scheduler_daemon.notifications.outcomes import RetryPolicy
from scheduler_daemon.notifications.pace import Pace
from scheduler_daemon.store.channel_states import ChannelStates
from scheduler_daemon.store.queue import NotificationQueue
from scheduler_daemon.store.queue_claims import Claimed, QueueClaims
from scheduler_daemon.store.queue_recovery import QueueRecovery
from scheduler_daemon.store.transactions import Fence
from shared.clock import Clock
from shared.errors import StoreError
from shared.models.notification_models import Channel

log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS = 0.2
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class DrainLimits:
    """Bounds of one drain: messages in flight at once, messages in all, and for how long new ones are claimed."""

    in_flight: int
    most_messages: int
    longest: timedelta


@dataclass(slots=True)
class DrainReport:
    """What one drain did: messages by what became of them; rests_until and fault if the channel cannot be used."""

    counts: Counter[str] = field(default_factory=Counter)
    rests_until: datetime | None = None
    fault: str = ""


Progress = Callable[[DrainReport], None]
Flights = dict[asyncio.Task[None], Flight]


class Sender:
    """One drain at a time; a second one waits its turn, so two jobs of a template share the same connections."""

    def __init__(
        self,
        channel: Channel,
        carrier: Carrier,
        queue: NotificationQueue,
        claims: QueueClaims,
        recovery: QueueRecovery,
        fence: Fence,
        clock: Clock,
        policy: RetryPolicy,
        pace: Pace,
        states: ChannelStates,
    ) -> None:
        self._channel = channel
        self._carrier = carrier
        self._queue = queue
        self._claims = claims
        self._recovery = recovery
        self._fence = fence
        self._clock = clock
        self._policy = policy
        self._pace = pace
        self._states = states
        self._turn = asyncio.Lock()
        self._held: Counter[str] = Counter()
        self._stops: set[asyncio.Task[None]] = set()
        self._told: int | None = None

    @property
    def rests_until(self) -> datetime | None:
        """Until when a fault of the channel keeps it from being used; None if it may be used."""
        return self._carrier.health.rests_until

    async def drain(self, limits: DrainLimits, progress: Progress | None = None) -> DrainReport:
        """Sends what is due until nothing is, or a limit is reached, or the channel is at fault.

        Cancelled: claims nothing more, lets what is past its hand-off end within STOP_SECONDS, and puts the rest back.
        """
        async with self._turn:
            report, health = DrainReport(), self._carrier.health
            flights: Flights = {}
            try:
                if not health.resting:
                    await self._release_abandoned()
                    await self._drain(limits, flights, report, progress)
            finally:
                if flights:
                    await self._stop(flights)
            report.rests_until, report.fault = health.rests_until, health.reason
            await self._tell(report)
            return report

    async def close(self) -> None:
        """After the last drain; may be called twice."""
        if self._stops:
            await asyncio.wait(self._stops)
        await self._carrier.close()

    async def _drain(
        self, limits: DrainLimits, flights: Flights, report: DrainReport, progress: Progress | None
    ) -> None:
        health = self._carrier.health
        ends_at = self._clock.monotonic() + limits.longest.total_seconds()
        drained = False
        while not health.resting:
            left = limits.most_messages - report.counts["claimed"]
            may_claim = left > 0 and self._clock.monotonic() < ends_at
            room = min(1 if health.doubtful else limits.in_flight, left + len(flights)) - len(flights)
            room = min(room, self._pace.ready())
            if drained and may_claim and room > 0:
                drained = not await self._queue.any_waiting(self._channel, self._clock.now())
            worthwhile = limits.in_flight // 2 if flights and not self._pace.limited else 1
            if may_claim and not drained and room >= worthwhile:
                drained = await self._claim(room, flights, report) < room
            if flights:
                await asyncio.wait(flights, timeout=self._look_again(), return_when=asyncio.FIRST_COMPLETED)
                _collect(flights)
                if progress is not None:
                    progress(report)
            elif drained or not may_claim:
                return
            elif room < 1:
                await asyncio.sleep(self._look_again())

    def _look_again(self) -> float:
        """Seconds until something may have changed: a message fell due, or the pace allows the next one."""
        next_one = self._pace.seconds_to_next()
        return min(LOOK_AGAIN_SECONDS, next_one) if next_one else LOOK_AGAIN_SECONDS

    async def _claim(self, room: int, flights: Flights, report: DrainReport) -> int:
        """Starts what a claim brings; how many documents it looked at."""
        token = uuid.uuid4().hex
        self._held[token] += 1
        try:
            claimed = await self._claims.claim(self._channel, self._clock.now(), room, token)
            self._pace.take(len(claimed.items))
            for item in claimed.items:
                self._held[token] += 1
                flight = Flight(item)
                flights[asyncio.create_task(self._fly(flight, token, report))] = flight
        finally:
            self._let_go(token)
        report.counts["claimed"] += claimed.looked_at
        self._count(report, "dead", len(claimed.malformed) + len(claimed.expired))
        self._count(report, "suppressed", len(claimed.suppressed))
        self._count(report, "held", len(claimed.held))
        self._count(report, "cancelled", len(claimed.cancelled))
        _report_ended(claimed)
        return claimed.looked_at

    async def _fly(self, flight: Flight, token: str, report: DrainReport) -> None:
        try:
            self._count(report, await self._carrier.carry(flight), 1)
        finally:
            self._let_go(token)

    def _count(self, report: DrainReport, outcome: str, messages: int) -> None:
        report.counts[outcome] += messages
        if messages:
            DELIVERIES.labels(self._channel.value, outcome).inc(messages)

    async def _release_abandoned(self) -> None:
        """Messages of this epoch that nothing in this process holds: a claim or an outcome whose answer was lost."""
        now = self._clock.now()
        count = await self._recovery.release_abandoned(
            self._fence, self._channel, list(self._held), lambda each: outcomes.released(each, now, self._policy)
        )
        if count:
            log.warning("messages_released", channel=self._channel.value, messages=count)

    async def _tell(self, report: DrainReport) -> None:
        """Whether the channel rests, for the status, whenever that changes. That it cannot be stored stops nothing."""
        faults = self._carrier.health.faults
        if faults == self._told:
            return
        try:
            if report.rests_until is not None:
                await self._states.rests(self._channel, report.fault, self._clock.now(), report.rests_until)
            elif faults == 0:
                await self._states.works(self._channel)
        except StoreError as fault:
            log.warning("channel_state_not_stored", channel=self._channel.value, reason=str(fault))
            return
        self._told = faults

    async def _stop(self, flights: Flights) -> None:
        """Goes on in the background if it is itself cancelled: what was handed off deserves its record."""
        stop = asyncio.create_task(_land(flights))
        self._stops.add(stop)
        stop.add_done_callback(self._stops.discard)
        await asyncio.shield(stop)

    def _let_go(self, token: str) -> None:
        self._held[token] -= 1
        if self._held[token] <= 0:
            del self._held[token]


async def _land(flights: Flights) -> None:
    """Recalls what is not handed over. Cancels more than once: asyncio.wait_for may swallow it (Python 3.11)."""
    deadline = monotonic() + STOP_SECONDS
    flying = set(flights)
    while flying and monotonic() < deadline + STOP_SECONDS:
        for task in flying:
            flight = flights[task]
            flight.recalled = True
            if flight.talking or (flight.handed_off and not flight.ended and monotonic() >= deadline):
                task.cancel()
        _, flying = await asyncio.wait(flying, timeout=STOP_SECONDS / 20)
    with suppress(asyncio.CancelledError):
        _collect(flights)


def _collect(flights: Flights) -> None:
    """Forgets what has ended; a bug inside surfaces here."""
    for task in [task for task in flights if task.done()]:
        del flights[task]
        if not task.cancelled():
            task.result()


def _report_ended(claimed: Claimed) -> None:
    for identity, reason in claimed.malformed:
        log.error("message_malformed", item_id=str(identity)[:100], reason=reason)
    for identity in claimed.expired:
        log.warning("message_expired", item_id=identity)
    for identity, reason in claimed.suppressed:
        log.info("message_suppressed", item_id=identity, reason=reason)
    if claimed.held or claimed.cancelled:
        log.info("messages_held", held=len(claimed.held), cancelled=len(claimed.cancelled))
