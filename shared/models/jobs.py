"""A job: a template, its parameters, a schedule and policies. `dynamic_jobs`.

The API writes the definition; the daemon writes `daemon` and nothing else. `plannedRevision` is the hand-over: the
API unsets it with every change, the daemon sets it to the revision that it has planned, by compare-and-set.
"""

from typing import Annotated, Any

from pydantic import Field

from shared.models.base import Document, DocumentId, Label, Model, Moment, Name, Part, Text
from shared.models.policies import Policies
from shared.models.runs import RunState
from shared.models.schedule import Schedule

Labels = Annotated[dict[Label, Annotated[Text, Field(max_length=200)]], Field(max_length=50)]
TemplateType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class JobDefinition(Model):
    """What a person writes."""

    name: Name
    template: TemplateType
    params: dict[str, Any] = {}
    schedule: Schedule
    enabled: bool = True
    labels: Labels = {}
    policies: Policies = Policies()


class Pause(Part):
    """Why, by whom and until when a job rests. Without `until` it rests until someone resumes it."""

    reason: Annotated[Text, Field(max_length=500)] = ""
    by: str = ""
    at: Moment
    until: Moment | None = None


class LastRun(Part):
    """The newest finished run of a job."""

    run_id: str
    state: RunState
    scheduled_for: Moment
    finished_at: Moment
    duration_ms: int | None = None


class Quarantine(Part):
    """Why a document is left alone until someone mends it."""

    reason: str
    field: str = ""
    at: Moment


class JobProgress(Part):
    """The daemon's own sub-document."""

    next_run: Moment | None = None
    cursor: Moment | None = None
    """The last nominal instant that became a run or a recorded skip; never moves back."""
    last_run: LastRun | None = None
    runs_started: int = 0
    counters: dict[str, int] = {}
    """Finished runs by state."""
    consecutive_failures: int = 0
    auto_paused: Pause | None = None
    completed: bool = False
    quarantine: Quarantine | None = None


class Job(Document):
    """The stored job. scheduleSince: since when the present rule is in force; nothing earlier is caught up."""

    id: DocumentId = Field(alias="_id")
    name: Name
    template: TemplateType
    params: dict[str, Any]
    schedule: Schedule
    enabled: bool
    labels: Labels = {}
    policies: Policies
    pause: Pause | None = None
    revision: Annotated[int, Field(ge=1)]
    schedule_since: Moment
    created_at: Moment
    created_by: str
    updated_at: Moment
    updated_by: str
    deleted_at: Moment | None = None
    expire_at: Moment | None = None
    planned_revision: int | None = None
    daemon: JobProgress = JobProgress()
