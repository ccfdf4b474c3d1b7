"""test_scheduler: runs a test suite that the settings allow."""

import signal
from collections import deque
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters
from scheduler_daemon.suites.junit import JunitReport
from scheduler_daemon.suites.runner import SuiteEnd, SuiteUnusable
from scheduler_daemon.workers.guard import EXIT_SIGNALLED
from scheduler_daemon.workers.output import shown
from shared.models.suites import SuiteName
from shared.rendering import one_line

MOST_LINES = 1_500
LAST_LINES = 5
FAILURES_IN_MESSAGE = 3
LONGEST_REASON = 200
MOST_NAMED, LONGEST_NAMED = 30, 150
"""Names of failing tests in the metrics, which have room for 16 KiB."""


class TestSchedulerTemplate(JobTemplate):
    """Runs a test suite and counts what passed, failed and was skipped. A failed suite is a failed run.

    No command comes from a parameter: it names a suite of the settings. docs/templates.md tells the rest.
    """

    __test__ = False  # for pytest, which takes classes of this name for tests

    type = "test_scheduler"
    name = "Test Scheduler"
    category = "quality"
    description = "Runs a test suite that the settings allow, and counts what passed and failed."

    class Parameters(TemplateParameters):
        """Which suite."""

        suite: SuiteName = Field(
            title="Suite",
            description="Name of a suite of the setting `TEST_SUITES`.",
            examples=["smoke"],
        )

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: TestSchedulerTemplate.Parameters = context.params
        output = _Output(context)
        started = context.clock.monotonic()
        try:
            end = await context.services.suites.run(params.suite, output.write)
        except SuiteUnusable as fault:
            return JobResult.failure(str(fault), retryable=False)
        seconds = round(context.clock.monotonic() - started, 1)
        if end.unreadable:
            context.log.warning("report_unreadable", reason=end.unreadable)
        metrics = {**_metrics(end), "seconds": seconds, "lines": output.count}
        if end.exit_code == 0 and not (end.report and end.report.failed):
            return JobResult.success(f"{params.suite}: {_counts(end)} in {seconds:g} s", metrics=metrics)
        reason = _failures(end.report) or _ending(end.exit_code, output.last)
        return JobResult.failure(f"{params.suite}: {_counts(end)}: {reason}", retryable=False, metrics=metrics)


class _Output:
    """What the suite prints: the first lines into the log, the last ones kept for the message."""

    def __init__(self, context: JobExecutionContext) -> None:
        self._context = context
        self.count = 0
        self.last: deque[bytes] = deque(maxlen=LAST_LINES)

    def write(self, lines: Sequence[bytes]) -> None:
        for line in lines[: max(0, MOST_LINES - self.count)]:
            self._context.log.info("output", text=shown(line))
        if self.count <= MOST_LINES < self.count + len(lines):
            self._context.log.warning("output_left_out", kept_lines=MOST_LINES)
        self.count += len(lines)
        self.last.extend(lines)


def _metrics(end: SuiteEnd) -> dict[str, Any]:
    if end.report is None:
        return {"exitCode": end.exit_code}
    failing = [failure.name[:LONGEST_NAMED] for failure in end.report.failures[:MOST_NAMED]]
    return {
        "exitCode": end.exit_code,
        "passed": end.report.passed,
        "failed": end.report.failed,
        "skipped": end.report.skipped,
        "failing": failing,
    }


def _counts(end: SuiteEnd) -> str:
    if end.report is None:
        return f"exit code {end.exit_code}, no JUnit report"
    if end.report.failed:
        return f"{end.report.failed} of {end.report.total} failed"
    skipped = f", {end.report.skipped} skipped" if end.report.skipped else ""
    return f"{end.report.passed} passed{skipped}"


def _failures(report: JunitReport | None) -> str:
    """The first failures in one line; empty: none is known."""
    first = report.failures[:FAILURES_IN_MESSAGE] if report else []
    return "; ".join(f"{each.name}: {one_line(each.message)[:LONGEST_REASON]}" for each in first)


def _ending(exit_code: int, last: Sequence[bytes]) -> str:
    number = exit_code - EXIT_SIGNALLED
    how = f"killed by {signal.Signals(number).name}" if number in {*signal.Signals} else f"exit code {exit_code}"
    said = one_line(" ".join(shown(line) for line in last))[-LONGEST_REASON:]
    return f"{how}; its last words: {said}" if said else how
