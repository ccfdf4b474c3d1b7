"""`/api/admin/scheduler/jobs/bulk`: one action on many jobs, each as its own request would do it."""

from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field, model_validator

from api.auth import needs, require
from api.context import Identity, actor, clock, identity, store, vault
from api.contract.declarations import shows
from api.contract.jobs import BulkResult
from api.definitions.jobs import disabled, enabled, override_params, paused, resumed, startable
from api.problems import FieldFault, Problem, ProblemCode
from api.responses import ok
from api.routes.blueprint import SCHEDULER, resource
from api.routes.jobs import JobSelection
from api.routes.pauses import PauseBody, pause_from
from api.store.definitions import Mutation
from api.store.errors import NoSuchDocument
from api.store.managed import ManagedByFiles
from shared.errors import InvalidDefinition, TransactionConflict
from shared.models.access import Permission
from shared.models.base import DocumentId
from shared.models.commands import Command
from shared.models.runs import manual_run_id

blueprint = resource("bulk actions", SCHEDULER, "One action on many jobs")

MOST_JOBS = 500
Action = Literal["pause", "resume", "enable", "disable", "run", "delete"]
_OF_EDITORS = ("enable", "disable", "delete")


class BulkBody(PauseBody):
    """Which jobs, by `ids` or by the filters of the list. dryRun: only says what would happen.

    reason, until: of a pause.
    """

    may_be_empty = False

    action: Action
    ids: Annotated[list[DocumentId], Field(min_length=1, max_length=MOST_JOBS)] | None = None
    filter: JobSelection | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _one_selection(self) -> "BulkBody":
        if (self.ids is None) == (self.filter is None):
            raise ValueError("give either ids or filter")
        return self


@blueprint.post("/jobs/bulk", summary="Pause, resume, enable, disable, run or delete many jobs")
@needs(Permission.OPERATE)
@shows(BulkResult)
def act_on_jobs(body: BulkBody) -> Response:
    """Each job is a change of its own, with its own entry in the audit log: a refused one leaves the others alone.

    To enable, disable and delete needs the permission to edit, too.
    """
    if body.action in _OF_EDITORS:
        require(Permission.EDIT)
    act = _action(body, identity())
    found, absent = _chosen(body)
    items = [_outcome(act, each) for each in found] + [_absent(each) for each in absent]
    counts = Counter(str(item["outcome"]) for item in items)
    totals = {outcome: counts[outcome] for outcome in ("changed", "unchanged", "refused")}
    return ok({"action": body.action, "dryRun": body.dry_run, **totals, "items": items})


def _chosen(body: BulkBody) -> tuple[list[dict[str, Any]], list[str]]:
    """The jobs as they are stored, and those ids that no job has. Problem 409 for a filter that fits too many."""
    if body.ids is not None:
        ids = list(dict.fromkeys(body.ids))
        found = {str(each["_id"]): each for each in store().jobs.by_ids(ids)}
        return list(found.values()), [each for each in ids if each not in found]
    assert body.filter is not None  # noqa: S101 - checked when it was read
    page = store().jobs.search(body.filter.which(), None, MOST_JOBS, None)
    if page.end is not None:
        raise Problem(
            HTTPStatus.CONFLICT,
            ProblemCode.TOO_MANY,
            f"More than {MOST_JOBS} jobs fit; choose fewer, or do it in several steps.",
            [FieldFault("filter", ProblemCode.TOO_MANY, f"fits more than {MOST_JOBS} jobs")],
        )
    return page.documents, []


Act = Callable[[dict[str, Any]], bool]
"""Does it to a stored job; whether that changes anything. What a single request refuses is raised."""


def _action(body: BulkBody, who: Identity) -> Act:
    if body.action == "run":
        return lambda stored: _run(stored, who, dry_run=body.dry_run)
    if body.action == "delete":
        return lambda stored: _delete(stored, dry_run=body.dry_run)
    now = clock().now()
    pause = pause_from(body, now) if body.action == "pause" else None

    def mutation(stored: dict[str, Any]) -> Any:
        match body.action:
            case "pause" if pause is not None:
                return paused(stored, pause, now)
            case "resume":
                return resumed(stored, now)
            case "enable":
                return enabled(stored, now)
        return disabled(stored, now)

    audited = "update" if body.action in ("enable", "disable") else body.action
    return lambda stored: _change(stored, mutation, audited, dry_run=body.dry_run)


def _change(stored: dict[str, Any], mutation: Mutation, action: str, *, dry_run: bool) -> bool:
    if dry_run:
        store().jobs.check_change(stored, action, actor())
        return not mutation(stored).nothing
    before = stored.get("revision")
    changed = store().jobs.change(str(stored["_id"]), "*", mutation, actor(), action)
    return bool(changed.get("revision") != before)


def _delete(stored: dict[str, Any], *, dry_run: bool) -> bool:
    if dry_run:
        store().jobs.check_change(stored, "delete", actor())
    else:
        store().jobs.delete(str(stored["_id"]), "*", actor())
    return True


def _run(stored: dict[str, Any], who: Identity, *, dry_run: bool) -> bool:
    job = startable(stored)
    override_params(job, None, store().catalogue.all(), vault())
    if not dry_run:
        command_id = f"{who.id}:{job.id}"
        command = Command(
            id=command_id,
            kind="run",
            job_id=job.id,
            run_id=manual_run_id(job.id, command_id),
            created_at=clock().now(),
            created_by=actor().name,
        )
        store().commands.insert(command, actor(), who.request_hash, job.template)
    return True


def _outcome(act: Act, stored: dict[str, Any]) -> dict[str, Any]:
    name = stored.get("name")
    shown = {"id": str(stored["_id"]), "name": name if isinstance(name, str) else None, "code": None, "detail": None}
    try:
        return {**shown, "outcome": "changed" if act(stored) else "unchanged"}
    except Problem as problem:
        code, detail = str(problem.code), problem.detail
    except InvalidDefinition as fault:
        code, detail = fault.code, str(fault)
    except ManagedByFiles:
        code, detail = ProblemCode.MANAGED_BY_FILES.value, "It is kept in files: change it there."
    except NoSuchDocument:
        return _absent(str(stored["_id"]))
    except TransactionConflict:
        code, detail = ProblemCode.CONFLICT.value, "Somebody else keeps changing it; try again."
    return {**shown, "outcome": "refused", "code": code, "detail": detail}


def _absent(job_id: str) -> dict[str, Any]:
    detail = "There is no such job."
    return {"id": job_id, "name": None, "outcome": "refused", "code": ProblemCode.NOT_FOUND.value, "detail": detail}
