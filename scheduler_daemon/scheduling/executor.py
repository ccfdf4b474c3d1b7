"""Runs claimed runs as tasks, with their time-outs, and hands every outcome to the recorder."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

import structlog

from scheduler_daemon.job_template import JobResult, JobTemplate, Services
from scheduler_daemon.run_context import context_for
from scheduler_daemon.scheduling.attempt_report import AttemptReport
from scheduler_daemon.scheduling.outcome import Cancelled, Failed, Interrupted, Outcome, Returned, TimedOut
from scheduler_daemon.scheduling.run_reports import RunReports
from scheduler_daemon.workers.pool import WorkerPool
from shared.clock import Clock
from shared.errors import InvalidDefinition, LeadershipLost
from shared.models.runs import Run
from shared.secrets_vault import Vault

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
    report: AttemptReport
    task: asyncio.Task[None] | None = None
    ending: Cancelled | Interrupted | None = None
    ended: bool = False
    """Its outcome is known; nothing may stop it on the way to the recorder."""


class Executor:
    """Owns every running task. A slot is free again when its outcome is durable."""

    def __init__(
        self,
        templates: Mapping[str, JobTemplate],
        services: Services,
        workers: WorkerPool,
        reports: RunReports,
        recorder: OutcomeSink,
        clock: Clock,
        slots: int,
        vault: Vault,
        on_free: Callable[[str, str], None],
    ) -> None:
        """on_free: called with template and job id when a run has ended and its outcome is durable."""
        self._templates = templates
        self._services = services
        self._workers = workers
        self._reports = reports
        self._recorder = recorder
        self._clock = clock
        self._slots = slots
        self._vault = vault
        self._on_free = on_free
        self._live: dict[str, _Execution] = {}
        self._running_of: Counter[str] = Counter()

    @property
    def free_slots(self) -> int:
        return max(0, self._slots - len(self._live))

    @property
    def running(self) -> int:
        return len(self._live)

    def running_of(self, template: str) -> int:
        """How many runs of a template this process holds."""
        return self._running_of[template]

    def in_event_loop(self) -> list[str]:
        """The ids of the runs whose code is executed in this process."""
        return [
            run_id
            for run_id, execution in self._live.items()
            if (template := self._templates.get(execution.run["template"])) is None or not template.is_blocking
        ]

    def holds(self, run_id: str) -> bool:
        """Whether this process executes the run, or has its outcome and has not stored it yet."""
        return run_id in self._live

    def start(self, run: RunDocument) -> None:
        """Starts a claimed run. Its claim is committed; nothing here may fail without an outcome."""
        execution = _Execution(run, self._reports.open(run))
        self._live[run["_id"]] = execution
        self._running_of[run["template"]] += 1
        execution.task = asyncio.create_task(self._execute(execution), name=f"run {run['_id']}")

    def cancel(self, run_id: str, reason: str) -> bool:
        """Whether the run is running here and is ending as cancelled now; False if it is just ending by itself."""
        execution = self._live.get(run_id)
        return execution is not None and self._end(execution, Cancelled(reason))

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
            self._end(execution, Interrupted(not execution.report.began or self._repeats(execution.run)))
        rest = self._tasks()
        if rest:
            await asyncio.wait(rest, timeout=SECONDS_TO_YIELD)
        return not self._tasks()

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [each.task for each in self._live.values() if each.task is not None and not each.task.done()]

    def _end(self, execution: _Execution, ending: Cancelled | Interrupted) -> bool:
        if execution.ending is None and execution.task is not None and not execution.ended:
            execution.ending = ending
            execution.task.cancel()
        return execution.ending is not None

    async def _execute(self, execution: _Execution) -> None:
        run = execution.run
        structlog.contextvars.bind_contextvars(
            run_id=run["_id"], job_id=run["jobId"], template=run["template"], attempt=run["attempt"]
        )
        outcome: Outcome
        try:
            outcome = await self._attempt(run, execution.report)
        except asyncio.CancelledError:
            outcome = Failed("Cancelled", "the template cancelled itself")
        except LeadershipLost:
            outcome = Interrupted(self._repeats(run))
        except (Exception, SystemExit) as fault:
            log.warning("run_raised", exc_info=True)
            outcome = Failed(type(fault).__name__, str(fault))
        if execution.ending is not None and not _succeeded(outcome):
            outcome = execution.ending  # whatever its clean-up made of the cancellation
        execution.ended = True
        await self._reports.close(execution.report)
        self._recorder.record(run, outcome, lambda: self._settled(execution))

    async def _attempt(self, run: RunDocument, report: AttemptReport) -> Outcome:
        template = self._templates.get(run["template"])
        if template is None:
            return Failed("TemplateMissing", f"the template {run['template']!r} is not installed", retryable=False)
        try:
            opened = {**run, "params": self._vault.opened(run["params"], run["jobId"])}
        except InvalidDefinition as fault:
            return Failed("SecretUnreadable", str(fault), retryable=False)
        if template.is_blocking:
            return await self._workers.run(template, opened, report)
        try:
            context = context_for(
                template,
                opened,
                log=report.run_log.logger(),
                clock=self._clock,
                services=self._services,
                report_progress=report.report_progress,
            )
        except InvalidDefinition as fault:
            return Failed("InvalidParameters", str(fault), retryable=False)
        seconds = run["timeoutMs"] / 1000
        limit = asyncio.timeout(seconds)
        report.begin()
        try:
            async with limit:
                result = await cast(Awaitable[JobResult], template.execute(context))
        except Exception:
            if limit.expired():
                return TimedOut(seconds)
            raise
        if isinstance(result, JobResult):
            return Returned(result)
        return Failed("InvalidResult", f"execute() returned {type(result).__name__}, not a JobResult", retryable=False)

    def _repeats(self, run: RunDocument) -> bool:
        template = self._templates.get(run["template"])
        return template is None or template.on_interrupt == "retry"

    def _settled(self, execution: _Execution) -> None:
        run = execution.run
        if self._live.get(run["_id"]) is execution:  # a later attempt of the same run may have begun
            del self._live[run["_id"]]
        self._running_of[run["template"]] -= 1
        self._reports.settled(execution.report)
        self._on_free(run["template"], run["jobId"])


def _succeeded(outcome: Outcome) -> bool:
    return isinstance(outcome, Returned) and outcome.result.outcome != "failure"


_WHOLE_NUMBERS = ("attempt", "maxAttempts", "timeoutMs", "backoffMs", "maxBackoffMs", "priority")


def checked(run: RunDocument) -> RunDocument:
    """A run that was read from the database, if it can be executed; InvalidDefinition names the field otherwise.

    Stricter than the model: what is executed is the document as it is, without defaults and conversions.
    """
    Run.from_document(run)
    for name in _WHOLE_NUMBERS:
        if not isinstance(run.get(name), int) or isinstance(run[name], bool):
            raise InvalidDefinition(name, "not a whole number")
    if not isinstance(run["scheduledFor"], datetime):
        raise InvalidDefinition("scheduledFor", "not a date")
    return run
