"""The daemon's parts on a real database, driven pass by pass by a test, under a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from scheduler_daemon import composition
from scheduler_daemon.composition import Daemon, compose
from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.scheduling.leadership import Role
from scheduler_daemon.store.mongo import Client, Database, connect
from scheduler_daemon.systemd import SystemdNotifier
from shared.settings import Settings
from tests.support.clocks import ManualClock
from tests.support.documents import MONDAY
from tests.support.waiting import eventually


class NoDeadManTimer:
    """In a test process SIGALRM belongs to the test runner."""

    def arm(self, seconds: float) -> None: ...

    def disarm(self) -> None: ...


class Workbench:
    """One daemon without its loops: lead(), tick() and settle() do what they would do."""

    def __init__(self, daemon: Daemon, database: Database, clock: ManualClock) -> None:
        self.daemon = daemon
        self.db = database
        self.clock = clock
        self._recording = asyncio.create_task(daemon.recorder.run())

    async def lead(self) -> None:
        """Takes the lease and reconciles."""
        for _ in range(200):
            await self.daemon.leadership.run_once()
            if self.daemon.leadership.role is Role.LEADER:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the lease was not taken")

    async def tick(self, seconds: float = 0) -> None:
        """Moves the clock, then lets passes run until nothing asks for another."""
        self.clock.advance(seconds)
        self.daemon.scheduler.wake_for_changes()
        while await self.daemon.scheduler.run_once() == 0:
            pass

    async def settle(self) -> None:
        """Until every started run has ended and its outcome is durable."""
        await self.daemon.executor.wait_until_idle()
        await self.daemon.recorder.wait_until_idle()

    async def run(self, identity: Any) -> dict[str, Any]:
        """The stored run; it must exist."""
        found = await self.db.job_runs.find_one({"_id": identity})
        assert found is not None, f"there is no run {identity}"
        return found

    async def runs(self, **criteria: Any) -> list[dict[str, Any]]:
        """Stored runs in the order of their nominal time."""
        return await self.db.job_runs.find(criteria).sort([("scheduledFor", 1), ("_id", 1)]).to_list()

    async def states(self, **criteria: Any) -> list[str]:
        return [run["state"] for run in await self.runs(**criteria)]

    async def job(self, identity: str = "job-1") -> dict[str, Any]:
        found = await self.db.dynamic_jobs.find_one({"_id": identity})
        assert found is not None
        return found

    async def until_running(self, count: int = 1) -> None:
        """Until `count` runs are being executed."""
        await eventually(lambda: self.daemon.executor.running == count)

    async def settle_all_of(self, template: str) -> None:
        """Until no run of this template is being executed."""
        await eventually(lambda: self.daemon.executor.running_of(template) == 0)

    async def until_ended(self, run_id: str) -> None:
        """Until this process does not execute the run any more, and its outcome is durable."""
        await eventually(lambda: not self.daemon.executor.holds(run_id))

    async def close(self) -> None:
        self._recording.cancel()
        await self.daemon.executor.interrupt_all()
        await asyncio.gather(self._recording, return_exceptions=True)
        await self.daemon.workers.close()
        await self.daemon.notifications.close()
        for session in self.daemon.sessions:
            await session.close()


@asynccontextmanager
async def open_workbench(
    settings: Settings,
    templates: Mapping[str, JobTemplate],
    monkeypatch: pytest.MonkeyPatch,
    *,
    now: datetime = MONDAY,
    clock: ManualClock | None = None,
) -> AsyncIterator[Workbench]:
    """A workbench on the database of `settings`; several may share one database."""
    monkeypatch.setattr(composition, "DeadManTimer", NoDeadManTimer)
    client: Client
    client, database = connect(settings)
    clock = clock or ManualClock(now)
    try:
        daemon = await compose(settings, client, database, templates, clock, SystemdNotifier())
        bench = Workbench(daemon, database, clock)
        try:
            yield bench
        finally:
            await bench.close()
    finally:
        await client.close()
