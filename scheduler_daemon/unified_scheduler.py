"""The one scheduler: plan, claim, dispatch. It coordinates; it holds no query and no rule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.plugins import publish
from scheduler_daemon.scheduling.claimer import Claimer
from scheduler_daemon.scheduling.command_handler import CommandHandler
from scheduler_daemon.scheduling.due_sources import DueSources
from scheduler_daemon.scheduling.executor import Executor
from scheduler_daemon.scheduling.loop import Loop
from scheduler_daemon.scheduling.observer import Observer
from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.store.mongo import Database
from scheduler_daemon.store.preparation import create_indexes, publish_catalogue
from shared.clock import Clock

log = structlog.get_logger(__name__)

Templates = Mapping[str, JobTemplate]

LONGEST_SLEEP_SECONDS = 1.0
STUCK_SLEEP_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class SchedulerParts:
    """What the scheduler coordinates.

    may_act: this process leads; may_plan: its clock can be trusted; on_pass: called after each completed pass.
    """

    observer: Observer
    claimer: Claimer
    commands: CommandHandler
    executor: Executor
    due_sources: DueSources
    rules: StandingRules
    clock: Clock
    poll_seconds: float
    may_act: Callable[[], bool]
    may_plan: Callable[[], bool]
    on_pass: Callable[[], None]


class UnifiedScheduler(Loop):
    """Decides what is due and starts it: the only loop that does."""

    name = "scheduler"

    def __init__(self, parts: SchedulerParts) -> None:
        super().__init__()
        self._parts = parts
        self._hinted = True
        self._changed = True
        self._look_at: datetime | None = None
        self._promised: datetime | None = None
        self._looked_at: datetime | None = None
        self._poll_at = 0.0

    def wake(self) -> None:
        """Something may be due: the next pass looks, whatever the plan was."""
        self._hinted = True
        super().wake()

    def wake_for_changes(self) -> None:
        """The same, when somebody else wrote: commands, changed jobs and due sources are looked at as well."""
        self._changed = True
        self._parts.due_sources.mark_stale()
        self.wake()

    def run_ended(self, template: str, job_id: str) -> None:
        """A run ended and its outcome is durable."""
        if self._parts.claimer.run_ended(template, job_id):
            self.wake()

    def look_by(self, moment: datetime) -> None:
        """Something falls due then: the next attempt of a run."""
        self._promised = _earlier(self._promised, moment)
        self._look_at = _earlier(self._look_at, moment)
        super().wake()

    async def run_once(self) -> float:
        if not self._parts.may_act():
            return LONGEST_SLEEP_SECONDS
        if self._must_look():
            await self._pass()
        return self._seconds_to_sleep()

    def _must_look(self) -> bool:
        """Whether a hint, the plan or the poll asks for a pass. The clock is read anew at least every second."""
        clock = self._parts.clock
        if clock.monotonic() >= self._poll_at:
            self._changed = True
            self._parts.due_sources.mark_stale()
            return True
        now = clock.now()
        stepped_back = self._looked_at is not None and now < self._looked_at  # the plan was made in the future
        return self._hinted or stepped_back or (self._look_at is not None and now >= self._look_at)

    async def _pass(self) -> None:
        parts = self._parts
        changed, self._changed, self._hinted = self._changed, False, False
        now = self._looked_at = parts.clock.now()
        try:
            await parts.rules.refresh()
            at_rest = parts.rules.maintenance_at(now) is not None
            more_commands = changed and await parts.commands.run_once()
            may_plan = parts.may_plan() and not at_rest
            slots = 0 if at_rest else parts.executor.free_slots
            claimed = await parts.claimer.claim(slots, now, may_plan=may_plan, changed=changed)
            for job_id in claimed.cancel_jobs:
                parts.executor.cancel_job(job_id, "replaced by a newer run")
            for run in claimed.runs:
                parts.executor.start(run)
            if more_commands or (changed and (claimed.more or not may_plan)):
                self._changed = True
            can_start = may_plan and bool(parts.executor.free_slots)
            if more_commands or (claimed.more and slots and parts.executor.free_slots) or (claimed.wrote and can_start):
                self._hinted = True  # what to wait for is asked when nothing is left to do
            elif claimed.more or not can_start:
                self._look_at = now + timedelta(seconds=LONGEST_SLEEP_SECONDS)  # the end of a run wakes the loop
            else:
                self._promised = None  # what was promised before this is stored, and found
                moment = await parts.observer.next_moment(now)
                self._look_at = _earlier(moment, self._promised)
                if self._look_at is not None and self._look_at <= now:  # seen, and nothing could be done about it
                    self._look_at = now + timedelta(seconds=STUCK_SLEEP_SECONDS)
        except BaseException:
            self._hinted, self._changed = True, self._changed or changed
            raise
        self._poll_at = parts.clock.monotonic() + parts.poll_seconds
        parts.on_pass()

    def _seconds_to_sleep(self) -> float:
        if self._hinted:
            return 0.0
        until_poll = self._poll_at - self._parts.clock.monotonic()
        seconds = min(LONGEST_SLEEP_SECONDS, max(0.0, until_poll))
        if self._look_at is not None:
            rest = (self._look_at - self._parts.clock.now()) / timedelta(seconds=1)
            seconds = min(seconds, max(0.001, rest))
        return seconds


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """None: never."""
    return one if other is None else other if one is None else min(one, other)


async def initialize_unified_scheduler(db: Database, parts: SchedulerParts, templates: Templates) -> UnifiedScheduler:
    """Prepares the database and makes the one scheduler of this process. Called once, at start."""
    await create_indexes(db)
    await publish_catalogue(db, publish(templates, parts.clock.now()))
    unified_scheduler = UnifiedScheduler(parts)
    log.info("Unified Scheduler initialized", templates=sorted(templates))
    return unified_scheduler
