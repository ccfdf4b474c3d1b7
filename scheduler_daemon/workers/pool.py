"""Workers for blocking templates: started when needed, at most so many, each replaced after a number of runs."""

import asyncio
import math
import time
from typing import Any

import structlog

from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.scheduling.outcome import Failed, Outcome
from scheduler_daemon.workers.process import NotBegun, WorkerDied, WorkerProcess, WorkerReport
from shared.logging import LogLevel

log = structlog.get_logger(__name__)

RUNS_PER_WORKER = 100
STARTS_PER_RUN = 3


class WorkerPool:
    """Hands runs to workers, first come, first served."""

    def __init__(self, size: int, log_level: LogLevel, runs_per_worker: int = RUNS_PER_WORKER) -> None:
        self._turns = asyncio.Semaphore(size)
        self._log_level = log_level
        self._runs_per_worker = runs_per_worker
        self._workers: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._deadline = math.inf

    async def run(self, template: JobTemplate, run: dict[str, Any], report: WorkerReport) -> Outcome:
        """Executes the run as soon as a worker is free; its time-out counts from when the template begins.

        When this returns or raises (CancelledError), no process of the run is left.
        """
        async with self._turns:
            for _ in range(STARTS_PER_RUN):
                worker = await self._take()
                try:
                    return await worker.execute(template, run, report)
                except NotBegun as fault:
                    log.warning("worker_died_before_run", pid=worker.pid, error=str(fault))
                    reason = str(fault)
                except WorkerDied as fault:
                    return Failed("WorkerDied", str(fault))
                finally:
                    await self._give_back(worker)
        return Failed("WorkerDied", f"{STARTS_PER_RUN} worker processes ended before the template began; {reason}")

    def arm(self, seconds: float) -> None:
        """The lease lasts that long: without another call the guards kill the workers then."""
        self._deadline = time.clock_gettime(time.CLOCK_BOOTTIME) + seconds
        for worker in self._workers:
            worker.extend(self._deadline)

    def disarm(self) -> None:
        """The workers may live on."""
        self._deadline = math.inf
        for worker in self._workers:
            worker.extend(self._deadline)

    async def close(self) -> None:
        """Ends every worker; returns when they are gone."""
        for worker in list(self._workers):
            await self._discard(worker)

    async def _take(self) -> WorkerProcess:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_usable:
                return worker
            await self._discard(worker)
        worker = await WorkerProcess.start(self._log_level, self._deadline)
        self._workers.add(worker)
        worker.extend(self._deadline)  # it may have moved while the process was started
        log.info("worker_started", pid=worker.pid)
        return worker

    async def _give_back(self, worker: WorkerProcess) -> None:
        if worker.is_usable and worker.runs < self._runs_per_worker:
            self._idle.append(worker)
        else:
            await self._discard(worker)

    async def _discard(self, worker: WorkerProcess) -> None:
        self._workers.discard(worker)
        await worker.end()
        log.info("worker_ended", pid=worker.pid, runs=worker.runs)
