"""noop: does nothing, for as long and with the outcome that its parameters say. For demonstrations and benchmarks."""

import asyncio
from datetime import timedelta
from typing import Literal

from pydantic import Field

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters
from shared.durations import Duration


class NoopTemplate(JobTemplate):
    """Does nothing."""

    type = "noop"
    name = "No operation"
    category = "examples"
    description = "Does nothing, for as long and with the outcome that its parameters say."

    class Parameters(TemplateParameters):
        """duration: how long; outcome: what it reports."""

        duration: Duration = Field(timedelta(0), description="How long the run takes.")
        outcome: Literal["success", "failure", "error", "skipped"] = Field(
            "success", description="What the run reports; `error` raises an exception."
        )

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: NoopTemplate.Parameters = context.params
        if params.duration:
            await asyncio.sleep(params.duration.total_seconds())
        match params.outcome:
            case "success":
                return JobResult.success("did nothing")
            case "failure":
                return JobResult.failure("failed, as its parameters ask")
            case "skipped":
                return JobResult.skipped("skipped, as its parameters ask")
            case "error":
                raise RuntimeError("an exception, as the parameters ask")
