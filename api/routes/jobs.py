"""`/api/admin/scheduler/jobs`: jobs, made, read, changed and deleted."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from api.answers.jobs import job_answer
from api.auth import needs
from api.checks.params import faults_of_params
from api.checks.together import with_all_faults
from api.context import actor, clock, identity, if_match, store, vault
from api.contract.declarations import changes, creates, deletes, lists, shows_document
from api.contract.jobs import Job
from api.definitions.calendars import calendars_of, check_calendars
from api.definitions.jobs import check_policies, merged, new_job, replaced
from api.paging import listing
from api.problems import FieldFault
from api.requests import UNSET, Body, DocumentPath
from api.responses import created, document, no_content, ok
from api.routes.blueprint import SCHEDULER, resource
from api.routes.selections import OrderedQuery, Selection
from api.store.definitions import Change
from api.store.job_filter import JobFilter, JobState
from shared.models.access import Permission
from shared.models.base import Name
from shared.models.jobs import JobDefinition, Labels, TemplateType
from shared.models.policies import Policies
from shared.models.schedule import Schedule

blueprint = resource("jobs", SCHEDULER, "A job: a template, its parameters, a schedule and policies")


LabelFilter = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?=", max_length=300)]


class JobSelection(Selection):
    """Which jobs."""

    template: Annotated[str, Field(max_length=64, description="Only jobs of this template.")] | None = None
    enabled: Annotated[bool, Field(description="Only enabled, or only disabled jobs.")] | None = None
    label: Annotated[list[LabelFilter], Field(max_length=10, description="`key=value`; several: all of them.")] = []
    state: JobState | None = None

    def which(self) -> JobFilter:
        """As the store takes them."""
        labels = dict(label.split("=", 1) for label in self.label)
        return JobFilter(self.q, self.template, self.enabled, labels, self.state)


class JobQuery(OrderedQuery, JobSelection):
    """Which jobs, in which order."""


class JobBody(Body, JobDefinition):
    """A whole job."""

    @classmethod
    def faults_beside(cls, given: Mapping[str, Any]) -> list[FieldFault]:
        return faults_of_params(given.get("template"), given.get("params", {}), store().catalogue.all())


class JobPatch(Body):
    """Fields to change. `policies` is merged field by field, every other field is replaced whole."""

    name: Name = UNSET
    template: TemplateType = UNSET
    params: dict[str, Any] = UNSET
    schedule: Schedule = UNSET
    enabled: bool = UNSET
    labels: Labels = UNSET
    policies: Policies = UNSET


def job_answers(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers for stored jobs, with the calendars that they name."""
    jobs, now = list(documents), clock().now()
    calendars, masks = calendars_of(jobs, store()), store().catalogue.masks(jobs)
    return [job_answer(masks.hidden(stored), now, calendars.exclusions_of, calendars.names_of) for stored in jobs]


def job_document(stored: dict[str, Any]) -> Response:
    """The answer with one job."""
    return document(job_answers([stored])[0])


@blueprint.get("/jobs", summary="Jobs")
@needs(Permission.READ)
@lists(Job)
def list_jobs(query: JobQuery) -> Response:
    page = store().jobs.search(query.which(), query.sort, query.limit, query.position)
    return ok(listing(job_answers(page.documents), page.end))


@blueprint.post("/jobs", summary="Create a job")
@needs(Permission.EDIT)
@creates(Job)
def create_job(body: JobBody) -> Response:
    document_id, request_hash = identity()
    job = with_all_faults(
        lambda: new_job(document_id, body, store().catalogue.all(), vault(), actor(), clock().now()),
        lambda: check_calendars(body.schedule, store()),
        lambda: check_policies(body.policies, store()),
    )
    return created(job_answers([store().jobs.insert(job, actor(), request_hash)])[0])


@blueprint.get("/jobs/<id>", summary="One job")
@needs(Permission.READ)
@shows_document(Job)
def read_job(path: DocumentPath) -> Response:
    return job_document(store().jobs.find(path.id))


@blueprint.put("/jobs/<id>", summary="Replace the definition of a job")
@needs(Permission.EDIT)
@changes(Job)
def replace_job(path: DocumentPath, body: JobBody) -> Response:
    catalogue = store().catalogue.all()

    def mutation(stored: dict[str, Any]) -> Change:
        return with_all_faults(
            lambda: replaced(stored, body, catalogue, vault(), actor(), clock().now()),
            lambda: check_calendars(body.schedule, store()),
            lambda: check_policies(body.policies, store()),
        )

    changed = store().jobs.change(path.id, if_match(), mutation, actor(), "update")
    return job_document(changed)


@blueprint.patch("/jobs/<id>", summary="Change some fields of a job")
@needs(Permission.EDIT)
@changes(Job)
def patch_job(path: DocumentPath, body: JobPatch) -> Response:
    catalogue = store().catalogue.all()

    def mutation(stored: dict[str, Any]) -> Change:
        definition = merged(stored, body.given())
        return with_all_faults(
            lambda: replaced(stored, definition, catalogue, vault(), actor(), clock().now()),
            lambda: check_calendars(definition.schedule, store()),
            lambda: check_policies(definition.policies, store()),
        )

    changed = store().jobs.change(path.id, if_match(), mutation, actor(), "update")
    return job_document(changed)


@blueprint.delete("/jobs/<id>", summary="Delete a job; a run in progress finishes")
@needs(Permission.EDIT)
@deletes
def delete_job(path: DocumentPath) -> Response:
    store().jobs.delete(path.id, if_match(), actor())
    return no_content()
