"""Builds every object of the daemon; the only file that knows all classes."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from scheduler_daemon import metrics
from scheduler_daemon.exports.service import Exports
from scheduler_daemon.exports.upload import Uploader
from scheduler_daemon.housekeeping import OwnHousekeeping
from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.notifications.composition import NotificationSystem, build_services
from scheduler_daemon.scheduling.announcer import Announcer
from scheduler_daemon.scheduling.batch_writer import BatchWriter
from scheduler_daemon.scheduling.claimer import Claimer
from scheduler_daemon.scheduling.command_handler import CommandHandler
from scheduler_daemon.scheduling.dead_man import DeadManTimer, DeadMen
from scheduler_daemon.scheduling.due_sources import DueSources
from scheduler_daemon.scheduling.executor import Executor
from scheduler_daemon.scheduling.heartbeat import HeartbeatLoop
from scheduler_daemon.scheduling.host_lock import HostLock, boot_id, runtime_folder
from scheduler_daemon.scheduling.housekeeper import Housekeeper
from scheduler_daemon.scheduling.job_reader import JobReader
from scheduler_daemon.scheduling.lag_watch import LagWatch
from scheduler_daemon.scheduling.leadership import Leadership, Role
from scheduler_daemon.scheduling.observer import Observer
from scheduler_daemon.scheduling.outcome import Retention
from scheduler_daemon.scheduling.pass_alerts import PassAlerts
from scheduler_daemon.scheduling.planner import Planner
from scheduler_daemon.scheduling.recorder import Recorder
from scheduler_daemon.scheduling.rescuer import Rescuer
from scheduler_daemon.scheduling.run_reports import RunReports
from scheduler_daemon.scheduling.run_statistics import RunStatistics
from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.scheduling.template_limits import TemplateLimits
from scheduler_daemon.scheduling.watcher import Watcher
from scheduler_daemon.store.alerts import AlertStore
from scheduler_daemon.store.calendars import CalendarStore
from scheduler_daemon.store.changes import ChangeStore
from scheduler_daemon.store.commands import CommandStore
from scheduler_daemon.store.due_sources import DueSourceStore
from scheduler_daemon.store.expired import ExpiredStore
from scheduler_daemon.store.exports import ExportStore
from scheduler_daemon.store.finishes import FinishStore
from scheduler_daemon.store.host_data import HostCollections
from scheduler_daemon.store.jobs import JobStore
from scheduler_daemon.store.mongo import Client, Database
from scheduler_daemon.store.passes import PassStore
from scheduler_daemon.store.preparation import keep_audit_log
from scheduler_daemon.store.retention import RetentionStore
from scheduler_daemon.store.run_logs import RunLogStore
from scheduler_daemon.store.run_statistics import RunStatisticsStore
from scheduler_daemon.store.runs import RunStore
from scheduler_daemon.store.scheduler_state import SchedulerStateStore
from scheduler_daemon.store.transactions import Fence, TransactionSession
from scheduler_daemon.systemd import SystemdNotifier
from scheduler_daemon.unified_scheduler import SchedulerParts, UnifiedScheduler, initialize_unified_scheduler
from scheduler_daemon.workers.pool import WorkerPool
from shared import __version__
from shared.clock import Clock
from shared.models.scheduler_state import Holder, RetentionSettings
from shared.secrets_vault import Vault
from shared.settings import Settings
from shared.settings_shown import given_settings, of_this_process

FLUSHES_IN_FLIGHT = 2


@dataclass(frozen=True, slots=True)
class Daemon:
    """Everything that the supervisor starts and stops."""

    scheduler: UnifiedScheduler
    leadership: Leadership
    executor: Executor
    workers: WorkerPool
    reports: RunReports
    lag_watch: LagWatch
    recorder: Recorder
    statistics: RunStatistics
    rescuer: Rescuer
    housekeeper: Housekeeper
    heartbeat: HeartbeatLoop
    watcher: Watcher
    notifications: NotificationSystem
    sessions: list[TransactionSession]


class _Wiring:
    """Calls that go back to what is made later: the leadership, and last the scheduler."""

    def __init__(self, systemd: SystemdNotifier) -> None:
        self.scheduler: UnifiedScheduler | None = None
        self.leadership: Leadership | None = None
        self._systemd = systemd

    def leads(self) -> bool:
        return self.leadership is not None and self.leadership.role is Role.LEADER

    def lead(self) -> None:
        self._systemd.status("leader")
        self.wake_for_changes()

    def wake_for_changes(self) -> None:
        if self.scheduler is not None:
            self.scheduler.wake_for_changes()

    def look_by(self, moment: datetime) -> None:
        if self.scheduler is not None:
            self.scheduler.look_by(moment)

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
    archiving_session = TransactionSession(client)
    services.database = HostCollections(database, archiving_session, settings)
    services.exports = Exports(
        ExportStore(database), settings.export_folder, settings.export_retention, Uploader.from_settings(settings)
    )
    services.housekeeping = OwnHousekeeping(ExpiredStore(database), services.exports, settings.temporary_folders)
    sessions = [fenced_session, archiving_session, *finish_sessions]
    retention = Retention(settings.run_retention_success, settings.run_retention_failure)
    jobs, runs = JobStore(database), RunStore(database)
    passes = PassStore(database, fence, retention.success, retention.failure)
    state = SchedulerStateStore(client, database)
    outcomes = Announcer(
        FinishStore(database), AlertStore(database), notifications.alerts, clock, wiring.wake_for_changes
    )
    statistics = RunStatistics(RunStatisticsStore(database), clock)
    recorder = Recorder(outcomes, finish_sessions, clock, retention, wiring.look_by, statistics.count)
    workers = WorkerPool(settings.daemon_worker_processes, settings.log_level)
    reports = RunReports(RunLogStore(database), clock, settings.log_level, wiring.leads)
    vault = Vault.of(settings.secrets_key)
    executor = Executor(
        templates, services, workers, reports, recorder, clock, settings.daemon_max_concurrent_runs, vault,
        wiring.run_ended,
    )  # fmt: skip
    due_sources = DueSources(DueSourceStore(database), templates, services)
    reader = JobReader(templates, vault)
    planner = Planner(reader, rules.exclusions_of, retention.success)
    holder = _holder()
    observer = Observer(jobs, runs, reader, rules, due_sources, settings.daemon_batch_size)
    limits = TemplateLimits(templates, settings.daemon_template_limits, executor.running_of)
    alerts = PassAlerts(AlertStore(database), notifications.alerts)
    claimer = Claimer(
        observer, BatchWriter(passes, runs), fence, planner, due_sources, limits, alerts, holder.instance,
        settings.daemon_batch_size,
    )  # fmt: skip
    commands = CommandHandler(
        CommandStore(database), jobs, runs, passes, reader, rules, executor, services.notifications, clock,
        retention, claimer.expect_waiting,
    )  # fmt: skip
    rescuer = Rescuer(
        jobs, runs, passes, fence, executor, recorder, templates, services.notifications, alerts, clock, retention,
        wiring.wake_for_changes, claimer.expect_waiting, lambda: heartbeat.clock_is_trusted,
    )  # fmt: skip
    kept = RetentionSettings(success=retention.success, failure=retention.failure, messages=settings.message_retention)
    housekeeper = Housekeeper(RetentionStore(database), fence, kept, clock)
    leadership = Leadership(
        state,
        fence,
        clock,
        holder,
        HostLock(runtime_folder(settings.daemon_runtime_folder), _database_key(settings)),
        DeadMen([DeadManTimer(), workers, services.suites]),
        lambda: [*(session.lsid for session in sessions), *notifications.lsids],
        settings.daemon_lease_ttl_seconds,
        on_taken=rescuer.take_over,
        on_leading=wiring.lead,
        on_observed=systemd.alive,
    )
    wiring.leadership = leadership
    told = given_settings(settings, *of_this_process())
    heartbeat = HeartbeatLoop(state, clock, holder, lambda: leadership.role, lambda: executor.running, told)
    parts = SchedulerParts(
        observer,
        claimer,
        commands,
        executor,
        due_sources,
        rules,
        clock,
        _poll_seconds(settings, systemd),
        may_act=wiring.leads,
        may_plan=lambda: heartbeat.clock_is_trusted,
        on_pass=systemd.alive,
    )
    scheduler = await initialize_unified_scheduler(database, parts, templates)
    await keep_audit_log(database, settings.audit_retention)
    wiring.scheduler = scheduler
    watcher = Watcher(ChangeStore(database), wiring.wake_for_changes, rules.mark_stale)
    metrics.LEASE_HELD.set_function(wiring.leads)
    metrics.RUNNING.set_function(lambda: executor.running)
    lag_watch = LagWatch(clock, executor.in_event_loop)
    return Daemon(
        scheduler, leadership, executor, workers, reports, lag_watch, recorder, statistics, rescuer, housekeeper,
        heartbeat, watcher, notifications, sessions,
    )  # fmt: skip


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
