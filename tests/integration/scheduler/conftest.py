"""A workbench with templates whose runs a test can hold and release."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Protocol, cast

import pytest

from scheduler_daemon.job_template import DueSource, JobExecutionContext, JobResult, JobTemplate, Services
from scheduler_daemon.job_templates.noop_template import NoopTemplate
from shared.settings import Settings
from tests.support.workbench import Workbench, open_workbench


class HeldTemplate(JobTemplate):
    """Runs until the test releases it, or it is cancelled."""

    type = "held"
    name = "Held"
    category = "tests"

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.seen: list[JobExecutionContext] = []

    async def execute(self, context: JobExecutionContext) -> JobResult:
        self.seen.append(context)
        await self.release.wait()
        return JobResult.success("released")


class FinalTemplate(HeldTemplate):
    """Must not be repeated after an interruption."""

    type = "final"
    on_interrupt = "interrupted"


class OddTemplate(JobTemplate):
    """Ends in the way that the test puts into `ending`."""

    type = "odd"
    name = "Odd"
    category = "tests"

    def __init__(self) -> None:
        self.ending: Callable[[], Any] = lambda: None

    async def execute(self, context: JobExecutionContext) -> JobResult:  # noqa: ARG002 - the base's signature
        ended = self.ending()
        if asyncio.iscoroutine(ended):
            ended = await ended
        return cast(JobResult, ended)


class DrainTemplate(JobTemplate):
    """Has a due source: the collection `inbox`."""

    type = "drain"
    name = "Drain"
    category = "tests"
    due_source = DueSource("inbox", {"done": False}, "dueAt")

    def __init__(self) -> None:
        self.runs: list[JobExecutionContext] = []
        self.rests_until: datetime | None = None

    def due_source_rests_until(self, services: Services) -> datetime | None:  # noqa: ARG002 - the base's signature
        return self.rests_until

    async def execute(self, context: JobExecutionContext) -> JobResult:
        self.runs.append(context)
        return JobResult.success("looked")


class OpenBench(Protocol):
    async def __call__(self, **options: Any) -> Workbench: ...


@pytest.fixture
def templates() -> dict[str, JobTemplate]:
    return {
        each.type: each for each in (NoopTemplate(), HeldTemplate(), FinalTemplate(), OddTemplate(), DrainTemplate())
    }


@pytest.fixture
async def open_bench(
    settings: Callable[..., Settings], templates: dict[str, JobTemplate], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OpenBench]:
    """`await open_bench(daemon_max_concurrent_runs=2)`; `clock=` shares a clock between two."""
    async with AsyncExitStack() as opened:

        async def open_one(**options: Any) -> Workbench:
            clock = options.pop("clock", None)
            return await opened.enter_async_context(
                open_workbench(settings(**options), templates, monkeypatch, clock=clock)
            )

        yield open_one


@pytest.fixture
async def bench(open_bench: OpenBench) -> Workbench:
    """A workbench that leads."""
    opened = await open_bench()
    await opened.lead()
    return opened
