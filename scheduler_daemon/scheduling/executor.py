"""Runs claimed runs as tasks, with their time-outs, and hands every outcome to the recorder."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog
from pydantic import ValidationError

from scheduler_daemon.job_template import JobExecutionContext, JobTemplate, Services
from scheduler_daemon.scheduling.outcome import Cancelled, Failed, Interrupted, Outcome, Returned, TimedOut
from shared.clock import Clock
from shared.errors import InvalidDefinition
from shared.models.base import invalid_definition
from shared.models.runs import Run

log = structlog.get_logger(__name__)

RunDocument = dict[str, Any]

SECONDS_TO_YIELD = 5.0
"""How long a cancelled attempt may take to clean up when the daemon stops."""


class OutcomeSink(Protocol):
    """Takes outcomes; `done` is called once the outcome is durable."""

    def record(self, run: RunDocument, outcome: Outcome, done: Callable[[], None]) -> None: ...


@dataclass(slots=True)
class _Execution:
    run: RunDocument
    task: asyncio.Task[None] | None = None
    ending: Cancelled | Interrupted | None = None


class Executor:
    """Owns every running task. A slot is free again when its outcome is durable."""

    def __init__(
        self,
        templates: Mapping[str, JobTemplate],
        services: Services,
        recorder: OutcomeSink,
        clock: Clock,
        slots: int,
        on_free: Callable[[str, str], None],
    ) -> None:
        """on_free: called with template and job id when a run has ended and its outcome is durable."""
        self._templates = templates
        self._services = services
        self._recorder = recorder
        self._clock = clock
        self._slots = slots
        self._on_free = on_free
        self._live: dict[str, _Execution] = {}

    @property
    def free_slots(self) -> int:
        return max(0, self._slots - len(self._live))

    @property
    def running(self) -> int:
        return len(self._live)

    def holds(self, run_id: str) -> bool:
        """Whether this process executes the run, or has its outcome and has not stored it yet."""
        return run_id in self._live

    def start(self, run: RunDocument) -> None:
        """Starts a claimed run. Its claim is committed; nothing here may fail without an outcome."""
        execution = _Execution(run)
        self._live[run["_id"]] = execution
        execution.task = asyncio.create_task(self._execute(execution), name=f"run {run['_id']}")

    def cancel(self, run_id: str, reason: str) -> bool:
        """Whether the run is running here; it then ends as cancelled."""
        execution = self._live.get(run_id)
        if execution is None:
            return False
        self._end(execution, Cancelled(reason))
        return True

    def cancel_job(self, job_id: str, reason: str) -> None:
        """Cancels every run of a job that is running here."""
        for execution in list(self._live.values()):
            if execution.run["jobId"] == job_id:
                self._end(execution, Cancelled(reason))

    async def wait_until_idle(self) -> None:
        """Until no attempt is running."""
        while tasks := self._tasks():
            await asyncio.wait(tasks)

    async def interrupt_all(self) -> bool:
        """Ends what is running. False: some attempts do not yield and may still be alive."""
        for execution in list(self._live.values()):
            template = self._templates.get(execution.run["template"])
            self._end(execution, Interrupted(repeat=template is None or template.on_interrupt == "retry"))
        rest = self._tasks()
        if rest:
            await asyncio.wait(rest, timeout=SECONDS_TO_YIELD)
        return not self._tasks()

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [each.task for each in self._live.values() if each.task is not None and not each.task.done()]

    def _end(self, execution: _Execution, ending: Cancelled | Interrupted) -> None:
        if execution.ending is None and execution.task is not None and not execution.task.done():
            execution.ending = ending
            execution.task.cancel()

    async def _execute(self, execution: _Execution) -> None:
        run = execution.run
        structlog.contextvars.bind_contextvars(
            run_id=run["_id"], job_id=run["jobId"], template=run["template"], attempt=run["attempt"]
        )
        try:
            outcome = await self._attempt(execution)
        except asyncio.CancelledError:
            outcome = execution.ending or Interrupted(repeat=True)
        except InvalidDefinition as fault:
            outcome = Failed("InvalidParameters", str(fault), retryable=False)
        except Exception as fault:
            log.warning("run_raised", exc_info=True)
            outcome = Failed(type(fault).__name__, str(fault))
        self._recorder.record(run, outcome, lambda: self._settled(run))

    async def _attempt(self, execution: _Execution) -> Outcome:
        run = execution.run
        template = self._templates.get(run["template"])
        if template is None:
            return Failed("TemplateMissing", f"the template {run['template']!r} is not installed", retryable=False)
        context = self._context(template, run)
        seconds = run["timeoutMs"] / 1000
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return Returned(await template.execute(context))
        except TimeoutError:
            if limit.expired():
                return TimedOut(seconds)
            raise

    def _context(self, template: JobTemplate, run: RunDocument) -> JobExecutionContext:
        try:
            params = template.Parameters.model_validate(run["params"])
        except ValidationError as fault:
            raise invalid_definition(fault) from None
        return JobExecutionContext(
            run_id=run["_id"],
            job_id=run["jobId"],
            attempt=run["attempt"],
            scheduled_for=run["scheduledFor"],
            params=params,
            log=log,
            clock=self._clock,
            services=self._services,
        )

    def _settled(self, run: RunDocument) -> None:
        self._live.pop(run["_id"], None)
        self._on_free(run["template"], run["jobId"])


def checked(run: RunDocument) -> RunDocument:
    """A run that was read from the database, if it can be executed; InvalidDefinition names the field otherwise."""
    Run.from_document(run)
    if not isinstance(run["scheduledFor"], datetime):
        raise InvalidDefinition("scheduledFor", "not a date")
    return run
