"""What a template is given for one attempt of a run, in the event loop and in a worker process alike."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from structlog.typing import FilteringBoundLogger

from scheduler_daemon.job_template import JobExecutionContext, JobTemplate, Progress, Services
from shared.clock import Clock
from shared.models.base import invalid_definition


def context_for(
    template: JobTemplate,
    run: Mapping[str, Any],
    *,
    log: FilteringBoundLogger,
    clock: Clock,
    services: Services,
    report_progress: Callable[[Progress], None],
) -> JobExecutionContext:
    """run: a document of `job_runs`. InvalidDefinition names the parameter that the template's model refuses."""
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
        clock=clock,
        services=services,
        report_progress=report_progress,
    )
