"""A job: a template, its parameters, a schedule and policies. `dynamic_jobs`.

Who writes what, and how a change is handed over: shared/models/definitions.py.
"""

from typing import Annotated

from pydantic import Field

from shared.models.base import Anything, Label, Model, Moment, Name, Part, Text
from shared.models.definitions import Pause, Quarantine, ScheduledDefinition
from shared.models.policies import Policies
from shared.models.runs import RunState
from shared.models.schedule import Schedule

Labels = Annotated[dict[Label, Annotated[Text, Field(max_length=200)]], Field(max_length=50)]
TemplateType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class JobDefinition(Model):
    """What a person writes."""

    name: Name
    template: TemplateType
    params: dict[str, Anything] = {}
    schedule: Schedule
    enabled: bool = True
    labels: Labels = Field(default_factory=dict)
    policies: Policies = Policies()


class LastRun(Part):
    """The newest finished run of a job."""

    run_id: str
    state: RunState
    scheduled_for: Moment
    finished_at: Moment
    duration_ms: int | None = None


class Resting(Part):
    """Since when a job rests and which rule rests: what its time brings is recorded when it ends."""

    since: Moment
    schedule: Schedule


class Trouble(Part):
    """A failed run was not followed by a good one yet. Unlike consecutiveFailures, no edit and no resume ends it."""

    since: Moment
    failures: int


class JobProgress(Part):
    """The daemon's own sub-document. Read with every due job: its defaults are made, not copied."""

    next_run: Moment | None = None
    cursor: Moment | None = None
    """The last nominal instant that became a run or a recorded skip; never moves back."""
    last_run: LastRun | None = None
    runs_started: int = 0
    counters: dict[str, int] = Field(default_factory=dict)
    """Finished runs by state."""
    skipped: dict[str, int] = Field(default_factory=dict)
    """Occurrences that did not run, by reason."""
    resting: Resting | None = None
    consecutive_failures: int = 0
    trouble: Trouble | None = None
    """Kept by runs whose ends somebody is told of."""
    auto_paused: Pause | None = None
    completed: bool = False
    quarantine: Quarantine | None = None


class Job(ScheduledDefinition):
    """The stored job."""

    name: Name
    template: TemplateType
    params: dict[str, Anything]
    enabled: bool
    labels: Labels = Field(default_factory=dict)
    policies: Policies
    daemon: JobProgress = Field(default_factory=JobProgress)
