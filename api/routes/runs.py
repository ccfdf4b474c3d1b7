"""`/api/admin/scheduler/runs`: what ran, and stopping or repeating it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from api.answers.run_logs import is_live, log_answer, log_position
from api.answers.runs import recent_run, run_answer
from api.auth import needs, principal
from api.commanded import commanded
from api.context import actor, clock, identity, store
from api.contract.declarations import accepts, lists, shows
from api.contract.jobs import RecentRuns, Run, RunAsked, RunLog
from api.contract.shapes import Malformed
from api.paging import AskedMoment, PageQuery, listing
from api.problems import ProblemCode, conflict
from api.requests import Asked, DocumentPath
from api.responses import ok
from api.routes.blueprint import SCHEDULER, resource
from api.routes.pauses import EmptyBody
from api.store.errors import NoSuchDocument
from api.store.pages import Page
from api.store.runs import RunFilter
from shared.models.access import Permission
from shared.models.commands import Command
from shared.models.runs import LIVE, RunState, manual_run_id

blueprint = resource("runs", SCHEDULER, "Runs of jobs")

RECENT = 20  # runs of each job in `recent-runs`
RETRYABLE = (RunState.FAILED, RunState.TIMED_OUT, RunState.INTERRUPTED, RunState.CANCELLED)


class JobRunQuery(PageQuery):
    """Which runs of a job."""

    state: Annotated[RunState, Field(description="Only runs in this state.")] | None = None
    start: Annotated[AskedMoment | None, Field(alias="from", description="Earliest scheduledFor.")] = None
    end: Annotated[AskedMoment | None, Field(alias="to", description="Latest scheduledFor.")] = None

    def which(self, job_id: str | None, template: str | None) -> RunFilter:
        state = None if self.state is None else self.state.value
        return RunFilter(job_id, state, template, self.start, self.end)


class RunQuery(JobRunQuery):
    """Which runs."""

    job_id: Annotated[str, Field(max_length=1024, description="Only runs of this job.")] | None = None
    template: Annotated[str, Field(max_length=64, description="Only runs of this template.")] | None = None


class LogQuery(PageQuery):
    """Which lines. While `live` is true, `nextCursor` leads to the lines that are yet to come."""

    attempt: Annotated[int, Field(ge=1, le=1_000_000, description="Only lines of this attempt.")] | None = None


class RecentRunsQuery(Asked):
    """Of which jobs."""

    ids: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64}){0,99}$", description="Up to 100 ids, with commas."),
    ]


@blueprint.get("/jobs/recent-runs", summary="The last 20 runs of each of some jobs")
@needs(Permission.READ)
@shows(RecentRuns)
def list_recent_runs(query: RecentRunsQuery) -> Response:
    job_ids = list(dict.fromkeys(query.ids.split(",")))
    runs = store().runs.latest_of(job_ids, RECENT)
    items = [{"jobId": job_id, "runs": [recent_run(run) for run in reversed(runs[job_id])]} for job_id in job_ids]
    return ok({"items": items})


@blueprint.get("/runs", summary="Runs, the latest scheduledFor first")
@needs(Permission.READ)
@lists(Run)
def list_runs(query: RunQuery) -> Response:
    page = store().runs.page(query.which(query.job_id, query.template), query.limit, query.position)
    return _listed(page, store().jobs.names(str(stored.get("jobId")) for stored in page.documents))


@blueprint.get("/jobs/<id>/runs", summary="Runs of a job")
@needs(Permission.READ)
@lists(Run)
def list_job_runs(path: DocumentPath, query: JobRunQuery) -> Response:
    job = store().jobs.find(path.id)
    page = store().runs.page(query.which(path.id, None), query.limit, query.position)
    return _listed(page, {path.id: job["name"]} if isinstance(job.get("name"), str) else {})


def _listed(page: Page, names: Mapping[str, str]) -> Response:
    masks = store().catalogue.masks(page.documents)
    return ok(listing([run_answer(masks.hidden(stored), names) for stored in page.documents], page.end))


def _visible_run(path: DocumentPath) -> dict[str, Any]:
    """The run; whoever may not read everything sees those that he asked for, and of the others not that they exist."""
    run = store().runs.find(path.id)
    caller = principal()
    if not caller.may(Permission.READ) and (run.get("trigger"), run.get("createdBy")) != ("manual", caller.name):
        raise NoSuchDocument(path.id)
    return run


@blueprint.get("/runs/<id>", summary="One run")
@needs(Permission.READ_OWN_RUNS)
@shows(Run, Malformed)
def read_run(path: DocumentPath) -> Response:
    run = _visible_run(path)
    names = store().jobs.names([str(run.get("jobId"))])
    return ok(run_answer(store().catalogue.masks([run]).hidden(run), names))


@blueprint.get("/runs/<id>/logs", summary="What a run logged, the oldest line first")
@needs(Permission.READ_OWN_RUNS)
@shows(RunLog)
def read_run_log(path: DocumentPath, query: LogQuery) -> Response:
    run = _visible_run(path)  # before its lines: if it has ended, they are all there
    start = None if query.cursor is None else log_position(query.cursor)
    part = store().run_logs.read(run["_id"], query.attempt, start, query.limit)
    return ok(log_answer(part, start, live=is_live(run, query.attempt)))


@blueprint.post("/runs/<id>/cancel", summary="End a run that has not finished")
@needs(Permission.OPERATE)
@accepts(RunAsked)
def cancel_run(path: DocumentPath, body: EmptyBody) -> Response:  # noqa: ARG001 - declares that fields are refused
    run = store().runs.find(path.id)
    if run.get("state") not in LIVE:
        raise conflict(ProblemCode.RUN_FINISHED, "The run has finished already; there is nothing to cancel.")
    return _insert("cancel", run, {"run_id": str(run["_id"])})


@blueprint.post("/runs/<id>/retry", summary="Run again what did not succeed, as a new run")
@needs(Permission.OPERATE)
@accepts(RunAsked)
def retry_run(path: DocumentPath, body: EmptyBody) -> Response:  # noqa: ARG001 - declares that fields are refused
    run = store().runs.find(path.id)
    if run.get("state") not in RETRYABLE:
        states = ", ".join(state.value for state in RETRYABLE)
        raise conflict(ProblemCode.RUN_NOT_RETRYABLE, f"Only a run in one of these states is retried: {states}.")
    store().jobs.find(str(run.get("jobId")))  # 404 if it was deleted: there is nothing to run
    return _insert("retry", run, {"retry_of": str(run["_id"])})


def _insert(kind: str, run: dict[str, Any], target: dict[str, str]) -> Response:
    command_id, request_hash = identity()
    job_id = str(run.get("jobId"))
    now: datetime = clock().now()
    command = Command.model_validate(
        {
            "run_id": manual_run_id(job_id, command_id),
            **target,
            "id": command_id,
            "kind": kind,
            "job_id": job_id,
            "created_at": now,
            "created_by": actor().name,
        }
    )
    stored = store().commands.insert(command, actor(), request_hash)
    return commanded({"commandId": stored["_id"], "runId": stored["runId"]})
