"""A wall clock that jumps: nothing is created under it, nothing is lost when it is right again."""

from collections.abc import Callable

import pytest

from scheduler_daemon.job_templates.noop_template import NoopTemplate
from shared.settings import Settings
from tests.support.documents import job_document
from tests.support.workbench import open_workbench

TEN_YEARS = 10 * 31_557_600


@pytest.mark.parametrize("seconds", [TEN_YEARS, -TEN_YEARS])
async def test_what_was_planned_under_a_clock_that_stepped_is_forgotten_when_it_is_right_again(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, seconds: int
):
    async with open_workbench(settings(), {"noop": NoopTemplate()}, monkeypatch) as bench:
        await bench.lead()
        await bench.db.dynamic_jobs.insert_one(job_document())
        await bench.tick()
        bench.clock.step(seconds)
        await bench.tick(60)
        assert await bench.runs() == []
        bench.clock.step(-seconds)
        await bench.daemon.scheduler.run_once()  # nothing wakes it: it must see by itself that the plan is void
        await bench.settle()
        assert await bench.states() == ["succeeded"]
