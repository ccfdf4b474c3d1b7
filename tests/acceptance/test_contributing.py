"""The job template that CONTRIBUTING.md shows works as it stands there."""

import asyncio
import re
import textwrap
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any, cast

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate
from shared.clock import SystemClock
from tests.support.environment import ROOT


def _template_of_the_page() -> type[JobTemplate]:
    block = re.search(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    assert block
    names: dict[str, Any] = {"__name__": "ping_template"}
    exec(textwrap.dedent(block.group(1)), names)  # noqa: S102 - the project's own page
    return cast(type[JobTemplate], names["PingTemplate"])


async def test_the_template_of_the_recipe_runs() -> None:
    template = _template_of_the_page()
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        parameters = template.Parameters.model_validate({"host": "127.0.0.1", "port": port})
        context = cast(JobExecutionContext, SimpleNamespace(params=parameters, clock=SystemClock()))
        result = await cast(Awaitable[JobResult], template().execute(context))
    assert result.outcome == "success"
    assert result.metrics["ms"] >= 0
