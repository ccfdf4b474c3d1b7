"""Contexts of attempts for tests that call a template without a scheduler."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from scheduler_daemon.job_template import JobExecutionContext, JobTemplate, Progress, Services
from scheduler_daemon.run_log import Line, RunLog
from shared.clock import Clock, SystemClock
from tests.support.documents import MONDAY


@dataclass
class Attempt:
    """A context, and what the template said through it."""

    context: JobExecutionContext
    lines: list[Line] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The fields of each line of that event."""
        return [line["fields"] for line in self.lines if line["event"] == event]


def attempt_of(
    template: JobTemplate, params: Mapping[str, Any], *, clock: Clock | None = None, number: int = 1, **services: Any
) -> Attempt:
    """The first attempt of a run of job-1, with these services only; the parameters as a document holds them."""
    lines: list[Line] = []
    progress: list[Progress] = []
    clock = clock or SystemClock()
    context = JobExecutionContext(
        run_id="job-1:1795424400000",
        job_id="job-1",
        attempt=number,
        scheduled_for=MONDAY,
        params=template.Parameters.model_validate(params),
        log=RunLog(clock, lambda line, _size: lines.append(line), "debug").logger(),
        clock=clock,
        services=cast(Services, SimpleNamespace(**services)),
        report_progress=progress.append,
    )
    return Attempt(context, lines, progress)
