"""A command: what a person asks the daemon to do. `commands`."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.models.base import Document, Moment, Part

CommandKind = Literal["run", "cancel", "retry", "backfill", "retry_message", "resolve_message"]


class CommandOutcome(Part):
    """What became of a command."""

    accepted: bool
    detail: str = ""


class PastRange(Part):
    """The nominal instants from `first` to `last` (both included) that a backfill runs.

    overlap: queue_all (one after another) or allow:N (N at once).  again: also those that have succeeded already.
    """

    first: Moment = Field(alias="from")
    last: Moment = Field(alias="to")
    overlap: Annotated[str, Field(pattern=r"^(queue_all|allow:[1-9][0-9]{0,3})$")] = "queue_all"
    again: bool = False


class Command(Document):
    """Inserted by the API, answered by the daemon (`handledAt`, `outcome`).

    run: start `jobId` once as `runId`, with `params` over the job's own.  cancel: end the run `runId`.
    retry: start the failed run `retryOf` again as `runId`.
    backfill: run the past occurrences of `jobId` in `range`, with `params` over the job's own.
    retry_message, resolve_message: the queue item `itemId` goes again, or is decided (`params.state`).
    """

    id: str = Field(alias="_id")
    kind: CommandKind
    job_id: str | None = None
    run_id: str | None = None
    retry_of: str | None = None
    item_id: str | None = None
    params: dict[str, Any] | None = None
    force: bool = False
    range: PastRange | None = None
    created_at: Moment
    created_by: str
    handled_at: Moment | None = None
    outcome: CommandOutcome | None = None
    expire_at: Moment | None = None
