"""From a stored document to a job that can be planned, or to the quarantine with the reason."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from shared.errors import InvalidDefinition
from shared.models.jobs import Job, JobProgress
from shared.secrets_vault import Vault


class JobReader:
    """Reads jobs. templates: types that this daemon can run, with the model of their parameters."""

    def __init__(self, templates: Mapping[str, Any], vault: Vault) -> None:
        self._templates = templates
        self._vault = vault

    def read(self, document: Mapping[str, Any]) -> Job:
        """The job of a stored document; InvalidDefinition says why it can never run."""
        job = Job.from_document(document)
        _check_compared_fields(document, job)
        if job.daemon.quarantine is not None and job.planned_revision is not None:
            raise InvalidDefinition(job.daemon.quarantine.field, job.daemon.quarantine.reason)
        template = self._templates.get(job.template)
        if template is None:
            raise InvalidDefinition("template", f"the template {job.template!r} is not installed in the daemon")
        if job.planned_revision is None:
            self._check_parameters(template, job)
        return job

    def _check_parameters(self, template: Any, job: Job) -> None:
        try:
            params = self._vault.opened(job.params, job.id)
        except InvalidDefinition:
            return  # each run fails with this reason until the key is there; the job itself is right
        try:
            template.Parameters.model_validate(params)
        except ValidationError as fault:
            first = fault.errors(include_url=False, include_input=False, include_context=False)[0]
            path = ".".join(["params", *(str(part) for part in first["loc"])])
            raise InvalidDefinition(path, first["msg"]) from None

    def readable(self, document: Mapping[str, Any]) -> Job | None:
        """The job, or None if planning will put it aside, with its reason, when it is due or changed."""
        try:
            return self.read(document)
        except Exception:  # the reason is stored by plan()
            return None


def readable_progress(stored: object) -> dict[str, Any]:
    """What can be read of the daemon's sub-document, field by field: its history outlives a bad field."""
    kept: dict[str, Any] = {}
    for name, value in stored.items() if isinstance(stored, Mapping) else ():
        try:
            JobProgress.model_validate({name: value})
        except ValidationError:
            continue
        kept[name] = value
    return JobProgress.model_validate(kept).model_dump(by_alias=True)


def _check_compared_fields(document: Mapping[str, Any], job: Job) -> None:
    """A compare-and-set compares what is stored: a value that was only read leniently would never match."""
    if not isinstance(document["revision"], int) or isinstance(document["revision"], bool):
        raise InvalidDefinition("revision", "not a whole number")
    if document.get("daemon", {}).get("nextRun") != job.daemon.next_run:
        raise InvalidDefinition("daemon.nextRun", "not a date")
