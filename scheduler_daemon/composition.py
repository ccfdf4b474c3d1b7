"""Builds every object of the daemon; the only file that knows all classes."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.notifications.composition import NotificationSystem, build_services
from scheduler_daemon.scheduling.announcer import Announcer
from scheduler_daemon.scheduling.claimer import Claimer
from scheduler_daemon.scheduling.command_handler import CommandHandler
from scheduler_daemon.scheduling.dead_man import DeadManTimer
from scheduler_daemon.scheduling.due_sources import DueSources
from scheduler_daemon.scheduling.executor import Executor
from scheduler_daemon.scheduling.heartbeat import HeartbeatLoop
from scheduler_daemon.scheduling.host_lock import HostLock, boot_id, runtime_folder
from scheduler_daemon.scheduling.job_reader import JobReader
from scheduler_daemon.scheduling.leadership import Leadership, Role
from scheduler_daemon.scheduling.observer import Observer
from scheduler_daemon.scheduling.outcome import Retention
from scheduler_daemon.scheduling.planner import Planner
from scheduler_daemon.scheduling.recorder import Recorder
from scheduler_daemon.scheduling.rescuer import Rescuer
from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.scheduling.template_limits import TemplateLimits
from scheduler_daemon.scheduling.watcher import Watcher
from scheduler_daemon.store.alerts import AlertStore
from scheduler_daemon.store.calendars import CalendarStore
from scheduler_daemon.store.changes import ChangeStore
from scheduler_daemon.store.commands import CommandStore
from scheduler_daemon.store.due_sources import DueSourceStore
from scheduler_daemon.store.finishes import FinishStore
from scheduler_daemon.store.jobs import JobStore
from scheduler_daemon.store.mongo import Client, Database
from scheduler_daemon.store.passes import PassStore
from scheduler_daemon.store.runs import RunStore
from scheduler_daemon.store.scheduler_state import SchedulerStateStore
from scheduler_daemon.store.transactions import Fence, TransactionSession
from scheduler_daemon.systemd import SystemdNotifier
from scheduler_daemon.unified_scheduler import SchedulerParts, UnifiedScheduler, initialize_unified_scheduler
from shared import __version__
from shared.clock import Clock
from shared.models.scheduler_state import Holder
from shared.settings import Settings

FLUSHES_IN_FLIGHT = 2


@dataclass(frozen=True, slots=True)
class Daemon:
    """Everything that the supervisor starts and stops."""

    scheduler: UnifiedScheduler
    leadership: Leadership
    executor: Executor
    recorder: Recorder
    rescuer: Rescuer
    heartbeat: HeartbeatLoop
    watcher: Watcher
    notifications: NotificationSystem
    sessions: list[TransactionSession]


class _Wiring:
    """Calls that go back to the scheduler, which is made last."""

    def __init__(self, systemd: SystemdNotifier) -> None:
        self.scheduler: UnifiedScheduler | None = None
        self._systemd = systemd

    def lead(self) -> None:
        self._systemd.status("leader")
        self.wake_for_changes()

    def wake_for_changes(self) -> None:
        if self.scheduler is not None:
            self.scheduler.wake_for_changes()

    def run_ended(self, template: str, job_id: str) -> None:
        if self.scheduler is not None:
            self.scheduler.run_ended(template, job_id)


async def compose(
    settings: Settings,
    client: Client,
    database: Database,
    templates: Mapping[str, JobTemplate],
    clock: Clock,
    systemd: SystemdNotifier,
) -> Daemon:
    """The daemon, ready to run. The database must be reachable: it is prepared here."""
    wiring = _Wiring(systemd)
    fenced_session = TransactionSession(client)
    finish_sessions = [TransactionSession(client) for _ in range(FLUSHES_IN_FLIGHT)]
    fence = Fence(fenced_session, database)
    rules = StandingRules(CalendarStore(database), clock, settings.daemon_poll_seconds)
    notifications = build_services(
        settings, client=client, database=database, fence=fence, clock=clock, wake=wiring.wake_for_changes, rules=rules
    )
    services = notifications.services
    sessions = [fenced_session, *finish_sessions]
    retention = Retention(settings.run_retention_success, settings.run_retention_failure)
    jobs, runs = JobStore(database), RunStore(database)
    passes = PassStore(database, fence, retention.success, retention.failure)
    state = SchedulerStateStore(client, database)
    outcomes = Announcer(
        FinishStore(database), AlertStore(database), notifications.alerts, clock, wiring.wake_for_changes
    )
    recorder = Recorder(outcomes, finish_sessions, clock, retention)
    executor = Executor(templates, services, recorder, clock, settings.daemon_max_concurrent_runs, wiring.run_ended)
    due_sources = DueSources(DueSourceStore(database), templates, services)
    reader = JobReader(templates)
    planner = Planner(reader, retention.success)
    holder = _holder()
    observer = Observer(jobs, runs, reader, due_sources, settings.daemon_batch_size)
    limits = TemplateLimits(templates, settings.daemon_template_limits, executor.running_of)
    claimer = Claimer(
        observer, runs, passes, fence, planner, due_sources, limits, holder.instance, settings.daemon_batch_size
    )
    commands = CommandHandler(
        CommandStore(database), jobs, runs, passes, reader, executor, services.notifications, clock,
        retention.success, claimer.expect_waiting,
    )  # fmt: skip
    rescuer = Rescuer(jobs, runs, passes, fence, executor, templates, services.notifications, clock, retention)
    leadership = Leadership(
        state,
        fence,
        clock,
        holder,
        HostLock(runtime_folder(settings.daemon_runtime_folder), _database_key(settings)),
        DeadManTimer(),
        lambda: [*(session.lsid for session in sessions), *notifications.lsids],
        settings.daemon_lease_ttl_seconds,
        on_taken=rescuer.take_over,
        on_leading=wiring.lead,
        on_observed=systemd.alive,
    )
    heartbeat = HeartbeatLoop(state, clock, holder, lambda: leadership.role, lambda: executor.running)
    parts = SchedulerParts(
        observer,
        claimer,
        commands,
        executor,
        due_sources,
        clock,
        _poll_seconds(settings, systemd),
        may_act=lambda: leadership.role is Role.LEADER,
        may_plan=lambda: heartbeat.clock_is_trusted,
        on_pass=systemd.alive,
    )
    scheduler = await initialize_unified_scheduler(database, parts, templates)
    wiring.scheduler = scheduler
    watcher = Watcher(ChangeStore(database), wiring.wake_for_changes, rules.mark_stale)
    return Daemon(scheduler, leadership, executor, recorder, rescuer, heartbeat, watcher, notifications, sessions)


def _holder() -> Holder:
    host = socket.gethostname()
    return Holder(
        instance=f"{host}-{os.getpid()}-{uuid4().hex[:8]}",
        host=host,
        pid=os.getpid(),
        boot_id=boot_id(),
        version=__version__,
    )


def _database_key(settings: Settings) -> str:
    """What tells one database from another on this host. The credentials are no part of it."""
    location = settings.mongodb_uri.get_secret_value().split("://", 1)[1].rsplit("@", 1)[-1]
    return f"{location.split('?')[0].rstrip('/')}/{settings.mongodb_database}"


def _poll_seconds(settings: Settings, systemd: SystemdNotifier) -> float:
    """The watchdog is fed by passes only, so a pass is due well before it bites."""
    watchdog: Any = systemd.watchdog_seconds
    return settings.daemon_poll_seconds if watchdog is None else min(settings.daemon_poll_seconds, watchdog / 3)
