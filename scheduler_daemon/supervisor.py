"""The life of the daemon: wait for MongoDB, start in order, watch, stop in reverse."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from scheduler_daemon.composition import Daemon, compose
from scheduler_daemon.metrics_listener import serving
from scheduler_daemon.plugins import load_templates
from scheduler_daemon.scheduling.loop import Loop
from scheduler_daemon.store.mongo import Client, connect
from scheduler_daemon.store.preparation import require_replica_set
from scheduler_daemon.systemd import SystemdNotifier
from shared.clock import SystemClock
from shared.errors import LeadershipLost, StoreError
from shared.settings import Settings

log = structlog.get_logger(__name__)

EXIT_OK = 0
EXIT_LEADERSHIP_LOST = 75  # EX_TEMPFAIL of sysexits.h: start me again

_LONGEST_PAUSE_SECONDS = 5.0


class StopRequest:
    """SIGTERM or SIGINT: once to stop in order, twice to stop without draining."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.forced = asyncio.Event()

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        if self.asked.is_set():
            self.forced.set()
        self.asked.set()


async def supervise(settings: Settings) -> int:
    """Runs the daemon until it is asked to stop; answers the exit code of the process."""
    stop = StopRequest()
    stop.listen()
    systemd = SystemdNotifier()
    templates = load_templates()
    client, database = connect(settings)
    systemd.status("waiting for MongoDB")
    systemd.ready()
    try:
        with serving(settings.daemon_metrics_bind):
            daemon = await _compose_when_reachable(
                lambda: compose(settings, client, database, templates, SystemClock(), systemd), client, stop, systemd
            )
            return EXIT_OK if daemon is None else await _live(daemon, settings, stop, systemd)
    finally:
        await client.close()


async def _compose_when_reachable(
    composed: Callable[[], Awaitable[Daemon]], client: Client, stop: StopRequest, systemd: SystemdNotifier
) -> Daemon | None:
    """The daemon, as soon as MongoDB lets it be made. None: asked to stop before that."""
    pause = 0.2
    daemon: Daemon | None = None
    while not stop.asked.is_set():
        try:
            await require_replica_set(client)
            daemon = daemon or await composed()
            await daemon.heartbeat.run_once()  # before anything is planned: can this clock be trusted?
        except StoreError as fault:
            log.warning("waiting_for_mongodb", error=str(fault), pause_seconds=pause)
            systemd.alive()
            await _wait_for(stop.asked, pause)
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)
        else:
            return daemon
    return None


async def _live(daemon: Daemon, settings: Settings, stop: StopRequest, systemd: SystemdNotifier) -> int:
    code = EXIT_OK
    loops: list[Loop] = [
        daemon.leadership, daemon.scheduler, daemon.rescuer, daemon.housekeeper, daemon.heartbeat, daemon.watcher,
        daemon.reports, daemon.lag_watch, daemon.statistics,
    ]  # fmt: skip
    try:
        async with asyncio.TaskGroup() as group:
            recorder = group.create_task(daemon.recorder.run(), name="recorder")
            tasks = {loop.name: group.create_task(_unending(loop, stop), name=loop.name) for loop in loops}
            systemd.status("standby")
            log.info("daemon_started")
            await stop.asked.wait()
            systemd.stopping()
            await _stop(daemon, tasks, settings.daemon_drain_seconds, stop)
            recorder.cancel()
    except* LeadershipLost as fault:
        log.error("daemon_ends", reason=str(fault.exceptions[0]))
        code = EXIT_LEADERSHIP_LOST
    else:
        log.info("daemon_stopped")
    return code


async def _unending(loop: Loop, stop: StopRequest) -> None:
    """A loop that ends although nobody asked it to is a failure too."""
    await loop.run()
    if not stop.asked.is_set():
        raise RuntimeError(f"the loop {loop.name} ended by itself")


async def _stop(daemon: Daemon, tasks: dict[str, asyncio.Task[None]], seconds: float, stop: StopRequest) -> None:
    """No new claims; keep renewing; drain; hand back what is left; release the lease last."""
    log.info("daemon_stopping", running=daemon.executor.running, drain_seconds=seconds)
    for loop in (daemon.scheduler, daemon.rescuer, daemon.housekeeper, daemon.watcher):
        loop.stop()
    tasks[daemon.watcher.name].cancel()
    await asyncio.wait([tasks[loop.name] for loop in (daemon.scheduler, daemon.rescuer, daemon.housekeeper)])
    drained = await _drain(daemon, seconds, stop)
    await daemon.recorder.wait_until_idle()
    await daemon.workers.close()
    await _quietly(daemon.reports.run_once())  # the logs of what ended last expire with it
    await _quietly(daemon.statistics.run_once())
    last = (daemon.statistics, daemon.reports, daemon.lag_watch, daemon.leadership, daemon.heartbeat)
    for each in last:
        each.stop()
    await asyncio.wait([tasks[each.name] for each in last])
    if drained:
        await _quietly(daemon.leadership.release())
    else:
        log.error("daemon_stops_with_runs_alive", running=daemon.executor.running)
    await _quietly(daemon.heartbeat.say_goodbye())
    await _quietly(daemon.notifications.close())
    for session in daemon.sessions:
        await _quietly(session.close())


async def _drain(daemon: Daemon, seconds: float, stop: StopRequest) -> bool:
    """Waits for running runs unless a second signal comes; then interrupts what is left."""
    ended = asyncio.create_task(daemon.executor.wait_until_idle(), name="drain")
    forced = asyncio.create_task(stop.forced.wait(), name="forced stop")
    await asyncio.wait([ended, forced], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (ended, forced):
        task.cancel()
    return await daemon.executor.interrupt_all()


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


async def _quietly(last_word: Coroutine[Any, Any, Any]) -> None:
    """A stop goes on although MongoDB does not answer: what is not released expires."""
    try:
        await last_word
    except StoreError as fault:
        log.warning("last_word_not_heard", error=str(fault))
