"""Job templates that write a journal of what they do."""

import asyncio
from functools import lru_cache
from typing import ClassVar

from pydantic import Field

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters
from shared.clock import to_milliseconds
from tests.faults.failpoints import reach
from tests.faults.journal import Event, Journal
from tests.faults.plan import Plan

TICK_SECONDS = 0.05


@lru_cache(maxsize=1)
def _journal() -> Journal:
    return Journal(Plan.from_environment().journal)


class JournalTemplate(JobTemplate):
    """Says when it starts, that it lives, and when it ends."""

    type = "journal"
    name = "Journal"
    category = "tests"

    class Parameters(TemplateParameters):
        """seconds: how long; stubborn: cancellation does not end it; size: ballast; version: what an edit changes."""

        seconds: float = Field(0, ge=0)
        stubborn: bool = False
        ballast: str = ""
        version: int = 0

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: JournalTemplate.Parameters = context.params
        self._say("start", context)
        reach("executing")
        ends_at = context.clock.boottime() + params.seconds
        while (rest := ends_at - context.clock.boottime()) > 0:
            try:
                await asyncio.sleep(min(rest, TICK_SECONDS))
            except asyncio.CancelledError:
                if not params.stubborn:
                    self._say("cancelled", context)
                    raise
            self._say("tick", context)
        self._say("end", context)
        return JobResult.success("written")

    @staticmethod
    def _say(event: Event, context: JobExecutionContext) -> None:
        _journal().write(event, context.run_id, context.job_id, to_milliseconds(context.scheduled_for), context.attempt)


class JournalOnceTemplate(JournalTemplate):
    """The same for an effect that must not happen twice."""

    type = "journal_once"
    on_interrupt: ClassVar = "interrupted"
