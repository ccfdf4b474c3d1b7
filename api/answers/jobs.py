"""The answer for a job."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.answers.alike import known_policies, known_schedule, policies_part, schedule_part, with_parts
from api.answers.definitions import (
    ExclusionsOf,
    NamesOf,
    ids_as_names,
    is_resting,
    malformed,
    next_run,
    nothing_excluded,
    standing,
)
from api.answers.fields import fields_of
from api.answers.owned import file_mark
from shared.errors import InvalidDefinition
from shared.models.jobs import Job

_SHOWN = {
    *("name", "template", "params", "enabled", "labels", "pause"),
    *("revision", "created_at", "created_by", "updated_at", "updated_by"),
}
_SHOWN_OF_PROGRESS = {"last_run", "auto_paused"}


def job_answer(
    stored: Mapping[str, Any],
    now: datetime,
    exclusions_of: ExclusionsOf = nothing_excluded,
    names_of: NamesOf = ids_as_names,
) -> dict[str, Any]:
    """Never fails: a malformed job is `quarantined` with its problem."""
    schedule, policies = known_schedule(stored), known_policies(stored)
    try:
        job = Job.from_document(with_parts(stored, schedule=schedule, policies=policies))
    except InvalidDefinition as fault:
        return malformed(stored, fault)
    schedule, policies = schedule or schedule_part(job.schedule), policies or policies_part(job.policies)
    planned = job.planned_revision == job.revision
    state, problem = standing(planned, job.daemon, _is_resting(job, planned, now))
    return {
        "id": job.id,
        **fields_of(job, _SHOWN),
        "schedule": schedule.shown,
        "policies": policies.shown,
        "rule": schedule.rule_with(names_of),
        "nextRun": next_run(state, planned, job, exclusions_of(job.schedule)),
        **fields_of(job.daemon, _SHOWN_OF_PROGRESS),
        "state": state,
        "problem": problem,
        "consecutiveFailures": job.daemon.consecutive_failures,
        "runs": job.daemon.counters,
        "skipped": job.daemon.skipped,
        **file_mark(stored),
    }


def _is_resting(job: Job, planned: bool, now: datetime) -> bool:
    automatic = job.daemon.auto_paused
    if automatic is not None and not planned and job.schedule_since > automatic.at:
        automatic = None  # resumed since; the daemon has not seen it yet
    return not job.enabled or is_resting(job.pause, now) or is_resting(automatic, now)
