"""Repairs what a crash or a hand in the database left behind. At each take-over, and now and then."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import structlog

from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.scheduling.executor import Executor, checked
from scheduler_daemon.scheduling.loop import Loop
from scheduler_daemon.scheduling.outcome import Interrupted, Retention, conclude
from scheduler_daemon.scheduling.pass_alerts import PassAlerts
from scheduler_daemon.scheduling.recorder import Recorder
from scheduler_daemon.store.jobs import JobStore
from scheduler_daemon.store.passes import Change, PassStore
from scheduler_daemon.store.runs import RunStore
from scheduler_daemon.store.transactions import MOST_DOCUMENTS, Fence
from shared.clock import Clock
from shared.errors import InvalidDefinition, LeadershipLost
from shared.queries import runs as queries

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 5.0
STRANDED_AFTER = timedelta(seconds=30)


class MessageRescue(Protocol):
    """What the notification system repairs of its own."""

    async def reconcile(self, now: datetime) -> int: ...

    async def repair_malformed(self, now: datetime) -> int: ...


class Rescuer(Loop):
    """Ends or repeats runs that nobody executes, and puts malformed documents where people see them."""

    name = "rescuer"

    def __init__(
        self,
        jobs: JobStore,
        runs: RunStore,
        passes: PassStore,
        fence: Fence,
        executor: Executor,
        recorder: Recorder,
        templates: Mapping[str, JobTemplate],
        messages: MessageRescue,
        alerts: PassAlerts,
        clock: Clock,
        retention: Retention,
        wake: Callable[[], None],
        on_waiting: Callable[[str], None],
        clock_is_trusted: Callable[[], bool],
    ) -> None:
        """wake: something can start now, or can be sent; on_waiting: told each job of which runs wait, so that the
        end of one lets the next start without us.
        """
        super().__init__()
        self._jobs = jobs
        self._runs = runs
        self._passes = passes
        self._fence = fence
        self._executor = executor
        self._recorder = recorder
        self._templates = templates
        self._messages = messages
        self._alerts = alerts
        self._wake = wake
        self._clock = clock
        self._retention = retention
        self._on_waiting = on_waiting
        self._clock_is_trusted = clock_is_trusted
        self._suspected: set[Any] = set()

    async def take_over(self, epoch: int) -> None:
        """Everything that earlier epochs left running becomes pending, or interrupted; then messages likewise."""
        await self._jobs.look_again_at_missing_templates(list(self._templates))
        before: set[str] = set()
        while left := await self._runs.running_of_dead_epochs(epoch, MOST_DOCUMENTS):
            identities = {repr(run["_id"]) for run in left}
            if identities <= before:  # e.g. an identity that does not survive the way to us and back
                log.error("runs_not_reclaimable", runs=[str(run["_id"]) for run in left[:20]], count=len(left))
                break
            before = identities
            await self._reclaim(left)
            log.warning("runs_reclaimed", epoch=epoch, runs=len(left))
        messages = await self._messages.reconcile(self._clock.now())
        if messages:
            log.warning("messages_reclaimed", epoch=epoch, messages=messages)
        self.wake()  # what waits behind another run shall not wait for our next turn as well

    async def run_once(self) -> float:
        try:
            epoch = self._fence.epoch
        except LeadershipLost:
            return PAUSE_SECONDS  # a standby repairs nothing
        untimely = await self._jobs.look_again_at_untimely()
        malformed = await self._messages.repair_malformed(self._clock.now())
        if untimely or malformed:
            log.error("malformed_documents_found", jobs=untimely, notifications=malformed)
        await self._reclaim_stranded(epoch)
        await self._release_waiting()
        await self._end_late()
        return PAUSE_SECONDS

    async def _reclaim_stranded(self, epoch: int) -> None:
        """Running by our own epoch, yet not executed here: an invariant is broken; mended and said loudly."""
        before = self._clock.now() - STRANDED_AFTER
        running = await self._runs.running_of_epoch(epoch, before)
        unheld = [run for run in running if not self._executor.holds(str(run["_id"]))]
        # Twice in a row: a claim may be committed and about to start while we look.
        stranded = [run for run in unheld if run.get("token") in self._suspected]
        self._suspected = {run.get("token") for run in unheld if isinstance(run.get("token"), str)}
        if stranded:
            log.error("runs_stranded", runs=[str(run["_id"]) for run in stranded[:20]], count=len(stranded))
            await self._reclaim(stranded[:MOST_DOCUMENTS])
            self._wake()

    async def _release_waiting(self) -> None:
        """Tells the claimer which jobs have waiting runs: a new leader knows of none that its predecessor left."""
        jobs = await self._runs.jobs_with_waiting()
        malformed = [job_id for job_id in jobs if not isinstance(job_id, str)]
        if malformed:
            free, _ = await self._runs.first_waiting(malformed)
            changes: list[Change] = [(queries.still_waiting(run["_id"]), queries.released()) for run in free]
            await self._passes.reclaim(changes[:MOST_DOCUMENTS])
        for job_id in jobs:
            if isinstance(job_id, str):
                self._on_waiting(job_id)
        if jobs:
            self._wake()

    async def _end_late(self) -> None:
        """Start deadlines pass also while no slot is free: whoever looks shall see it."""
        if not self._clock_is_trusted():
            return
        now = self._clock.now()
        late = await self._runs.late_to_start(now, MOST_DOCUMENTS)
        if late:
            notices = await self._alerts.of_late(late, now)
            await self._passes.skip_late(late, notices, now)
            if notices:
                self._wake()
            log.warning("start_deadlines_missed", runs=[str(run["_id"]) for run in late[:20]], count=len(late))

    async def _reclaim(self, left: Sequence[dict[str, Any]]) -> None:
        """Repeats or ends what nobody executes. An end goes the way of every end: it is counted, and told."""
        now = self._clock.now()
        changes: list[Change] = []
        ends: list[asyncio.Future[None]] = []
        for found in left:
            run = {**found, "token": found.get("token")}
            try:
                checked(run)
            except InvalidDefinition as fault:
                changes.append(queries.spoiled(run["_id"], str(fault), now, self._retention.failure))
                continue
            template = self._templates.get(run["template"])
            interrupted = Interrupted(repeat=template is not None and template.on_interrupt == "retry")
            conclusion = conclude(run, interrupted, now, self._retention)
            if conclusion.terminal:
                stored = asyncio.get_running_loop().create_future()
                ends.append(stored)
                self._recorder.record(run, interrupted, partial(_done, stored))
            else:
                changes.append((queries.held_by(run["token"], run["_id"]), conclusion.update))
        if changes:
            await self._passes.reclaim(changes)
        if ends:
            await asyncio.wait(ends)


def _done(stored: "asyncio.Future[None]") -> None:
    if not stored.done():
        stored.set_result(None)
