"""Runs single executions of templates with the services that the daemon would give them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Protocol, cast

import pytest
import structlog

from scheduler_daemon.exports.service import Exports
from scheduler_daemon.exports.upload import Uploader
from scheduler_daemon.housekeeping import OwnHousekeeping
from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, Progress, Services
from scheduler_daemon.store.expired import ExpiredStore
from scheduler_daemon.store.exports import ExportStore
from scheduler_daemon.store.host_data import HostCollections
from scheduler_daemon.store.mongo import Client, Database
from scheduler_daemon.store.transactions import TransactionSession
from shared.settings import Settings
from tests.support.clocks import ManualClock
from tests.support.documents import MONDAY


class Workplace:
    """Executes templates under a clock that stands still."""

    def __init__(self, services: Services, database: Database, settings: Settings) -> None:
        self.services = services
        self.db = database
        self.settings = settings
        self.clock = ManualClock(MONDAY)
        self.progress: list[Progress] = []
        self.on_progress: Callable[[Progress], None] = self.progress.append

    async def execute(self, template: JobTemplate, run_id: str = "job:1", **params: Any) -> JobResult:
        """One run with these parameters, in their JSON form."""
        context = JobExecutionContext(
            run_id,
            "job",
            1,
            self.clock.now(),
            template.Parameters.model_validate(params),
            structlog.get_logger("run"),
            self.clock,
            self.services,
            lambda progress: self.on_progress(progress),
        )
        return await cast(Awaitable[JobResult], template.execute(context))

    async def cancelled_within_a_second(self, template: JobTemplate, **params: Any) -> None:
        """Cancels a run at its first progress; AssertionError if it does not end in time, or ends otherwise."""
        begun = asyncio.Event()
        self.on_progress = lambda _progress: begun.set()
        task = asyncio.create_task(self.execute(template, **params))
        await asyncio.wait_for(begun.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(task), 1)


class OpenWorkplace(Protocol):
    async def __call__(self, **settings: Any) -> Workplace: ...


@pytest.fixture
async def open_workplace(
    mongo: tuple[Client, Database], settings: Callable[..., Settings]
) -> AsyncIterator[OpenWorkplace]:
    """`await open_workplace(cleanup_collections=["sessions"])`."""
    client, database = mongo
    async with AsyncExitStack() as stack:

        async def build(**overrides: Any) -> Workplace:
            given = settings(**overrides)
            session = TransactionSession(client)
            stack.push_async_callback(session.close)
            services = Services.__new__(Services)  # only what these templates use
            services.database = HostCollections(database, session, given)
            services.exports = Exports(
                ExportStore(database), given.export_folder, given.export_retention, Uploader.from_settings(given)
            )
            services.housekeeping = OwnHousekeeping(ExpiredStore(database), services.exports, given.temporary_folders)
            return Workplace(services, database, given)

        yield build
