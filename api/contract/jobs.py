"""The answers of jobs, runs, schedules and calendars."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from api.contract.shapes import Answer, Commanded, KeptInFiles, Page, Problem
from shared.models.base import Moment, Part
from shared.models.calendars import CalendarDefinition
from shared.models.definitions import Pause
from shared.models.jobs import JobDefinition, LastRun
from shared.models.run_logs import LogLine
from shared.models.runs import Attempt, RunError, RunProgress, RunResult, RunState, SkippedSpan, Trigger

JobState = Literal["active", "paused", "completed", "quarantined"]


class JobTemplate(Part):
    """What jobs can be made from. `parametersSchema` is the JSON Schema of a job's `params`."""

    type: str
    name: str
    category: str
    description: str
    version: int
    parameters_schema: dict[str, Any]
    available: bool = Field(description="False: no running daemon has this template any more.")
    published_at: Moment


class Switches(Answer):
    """The switches of a document: all that a caller sees who may switch and not read."""

    id: str
    revision: int
    name: str
    pause: Pause | None
    state: str
    next_run: Moment | None


class JobSwitches(Switches):
    """The switches of a job."""

    enabled: bool


class Job(JobDefinition, KeptInFiles):
    """A job: its definition, and what the daemon made of it."""

    pause: Pause | None
    updated_by: str
    rule: str = Field(description="The schedule in plain words.")
    next_run: Moment | None
    last_run: LastRun | None
    state: JobState
    problem: Problem
    auto_paused: Pause | None
    consecutive_failures: int
    runs: dict[str, int] = Field(description="Finished runs by state.")
    skipped: dict[str, int] = Field(description="Occurrences that did not run, by reason.")


class RunAsked(Commanded):
    """The daemon will make, or end, this run."""

    run_id: str


class BackfillAsked(Commanded):
    """The daemon will run so many past occurrences."""

    count: int


class BackfillForeseen(Answer):
    """What a backfill would run."""

    count: int
    first: Moment | None
    last: Moment | None
    description: str


class BulkItem(Answer):
    """What became of one of them, or would become."""

    id: str
    name: str | None
    outcome: Literal["changed", "unchanged", "refused"]
    code: str | None = Field(description="Why it was refused.")
    detail: str | None


class BulkResult(Answer):
    """What became of each, or with dryRun would become."""

    action: str
    dry_run: bool
    changed: int
    unchanged: int
    refused: int
    items: list[BulkItem]


class RunHour(Answer):
    """How many runs ended in an hour, in which state; a state in which none did is left out."""

    model_config = ConfigDict(extra="allow")

    at: Moment | None


class RunStatistics(Answer):
    """Hour by hour, without those in which nothing ended."""

    hours: list[RunHour]


class UpcomingItem(Answer):
    """The next time of a job or of a scheduled notification."""

    name: str
    at: Moment
    job_id: str | None
    notification_id: str | None


class Upcoming(Answer):
    """In order. more: there are others."""

    items: list[UpcomingItem]
    more: bool


class RecentRun(Answer):
    """A run of `recent-runs`."""

    id: str
    state: str
    scheduled_for: Moment | None
    duration_ms: int | None


class RecentRunsOfJob(Answer):
    """The latest runs of one job, the oldest of them first."""

    job_id: str
    runs: list[RecentRun]


class RecentRuns(Answer):
    """One item for each id, in the order of the question."""

    items: list[RecentRunsOfJob]


class Run(Answer):
    """One occurrence of a job, executed; or the record of why it was not."""

    id: str
    job_id: str
    job_name: str | None = Field(description="As the job is called now; null if it is gone.")
    job_revision: int
    template: str
    trigger: Trigger
    scheduled_for: Moment
    state: RunState
    attempt: int
    max_attempts: int
    interruptions: int
    timeout_ms: int
    backoff_ms: int
    max_backoff_ms: int
    soft_timeout_ms: int | None
    slow_at: Moment | None
    start_by: Moment | None
    retry_on: list[str] | None
    retry_except: list[str]
    alerts: bool
    notices: int | None
    params: dict[str, Any]
    priority: int
    waiting: bool
    progress: RunProgress | None
    instance: str | None
    created_at: Moment
    created_by: str
    started_at: Moment | None
    finished_at: Moment | None
    duration_ms: int | None
    next_attempt_at: Moment | None
    attempts: list[Attempt]
    result: RunResult | None
    error: RunError | None
    reason: str | None
    span: SkippedSpan | None
    problem: Problem


class RunLine(LogLine):
    """One event of a run. A damaged line has null where it cannot be read."""

    at: Moment | None  # type: ignore[assignment]  # wider than what is stored
    level: Any
    event: Any
    attempt: int


class RunLog(Page[RunLine]):
    """A part of the log of a run. While `live`, `nextCursor` leads to the lines that are yet to come."""

    live: bool


class Occurrence(Answer):
    """One moment at which a schedule would fire."""

    at: Moment
    local: str = Field(description="In the schedule's zone.")
    utc_offset: str
    adjusted: bool = Field(description="The zone skips or repeats the time that was meant.")
    excluded: str | None = Field(description="The calendar entry on whose day nothing runs.")


class ViewedOccurrence(Occurrence):
    """One that is also told in the zone `viewerTimezone`."""

    viewer: str


class SchedulePreview(Answer):
    """When a schedule would fire, and the rule in plain words."""

    description: str
    occurrences: list[Occurrence] | list[ViewedOccurrence]
    complete: bool = Field(description="False: more excluded occurrences lie between than are listed.")


class Calendar(CalendarDefinition, KeptInFiles):
    """Days that many schedules leave out."""

    problem: Problem
