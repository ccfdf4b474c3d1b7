"""ticket_cleanup: archives or deletes old tickets of the host application."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from scheduler_daemon.cleaning import Age, BatchSize, FieldPath, Pause, in_batches
from scheduler_daemon.host_data import Filter, TicketCollection
from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters
from shared.clock import rfc3339
from shared.errors import InvalidDefinition
from shared.queries.filters import older_than, together

Status = Annotated[str, Field(min_length=1, max_length=200)]


class TicketCleanupTemplate(JobTemplate):
    """Moves tickets to the archive, or deletes them. A crash in between loses and doubles nothing."""

    type = "ticket_cleanup"
    name = "Ticket Cleanup"
    category = "maintenance"
    description = (
        "Moves tickets that have been in one of some states for long enough to `<collection>_archive`, or deletes "
        "them. A ticket that is reopened meanwhile stays. A dry run only counts."
    )

    class Parameters(TemplateParameters):
        """Which tickets, and what becomes of them."""

        collection: str = Field(
            "tickets",
            max_length=120,
            title="Collection",
            description="Where the tickets are. The setting TICKET_COLLECTIONS must list it.",
            examples=["tickets"],
        )
        status_field: FieldPath = Field(
            "status", title="Status field", description="Field with a ticket's status.", examples=["status", "state"]
        )
        statuses: list[Status] = Field(
            ["closed", "resolved"],
            min_length=1,
            max_length=50,
            title="Statuses",
            description="Only tickets with one of these.",
            examples=[["closed", "resolved"]],
        )
        date_field: FieldPath = Field(
            "updatedAt",
            title="Date field",
            description="Field with the date that tells the age. Tickets without a date there, or with a list on the "
            "way, stay.",
            examples=["updatedAt", "closedAt"],
        )
        older_than: Age = Field(
            timedelta(days=90),
            title="Older than",
            description="Age from which tickets are cleaned up; at least one minute.",
            examples=["90d"],
        )
        action: Literal["archive", "delete"] = Field(
            "archive",
            title="Action",
            description="archive: move them, unchanged, to `<collection>_archive`. delete: they are gone.",
            examples=["archive"],
        )
        batch_size: BatchSize = 200
        pause: Pause = timedelta(milliseconds=50)
        max_tickets: int = Field(
            1_000_000,
            ge=1,
            le=10_000_000,
            title="Most tickets",
            description="Most tickets in one run; the next run goes on.",
            examples=[1_000_000],
        )
        dry_run: bool = Field(
            False, title="Dry run", description="Only count what would be cleaned up.", examples=[False, True]
        )

        @model_validator(mode="after")
        def _two_fields(self) -> "TicketCleanupTemplate.Parameters":
            if self.status_field == self.date_field:
                raise ValueError("statusField and dateField must be two fields")
            return self

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: TicketCleanupTemplate.Parameters = context.params
        try:
            tickets = context.database.tickets(params.collection)
        except InvalidDefinition as fault:
            return JobResult.failure(str(fault), retryable=False)
        cutoff = context.clock.now() - params.older_than
        criteria = together({params.status_field: {"$in": params.statuses}}, older_than(params.date_field, cutoff))
        matched = await tickets.count(criteria, params.max_tickets)
        done, refused = (0, 0) if params.dry_run else await _clean_up(context, tickets, criteria, matched)
        word = "archived" if params.action == "archive" else "deleted"
        metrics = {
            "matched": matched,
            "archived": done if params.action == "archive" else 0,
            "deleted": done if params.action == "delete" else 0,
            "refused": refused,
            "olderThan": rfc3339(cutoff),
            "dryRun": params.dry_run,
        }
        context.log.info("tickets_cleaned", collection=tickets.name, **metrics)
        if refused:
            return JobResult.failure(
                f"{refused} tickets stay: {tickets.name}_archive has other tickets of the same _id; {done} were {word}",
                retryable=False,
                metrics=metrics,
            )
        if params.dry_run:
            return JobResult.success(f"{matched} tickets would be {word}", metrics)
        return JobResult.success(f"{done} tickets were {word}", metrics)


async def _clean_up(
    context: JobExecutionContext, tickets: TicketCollection, criteria: Filter, total: int
) -> tuple[int, int]:
    """How many were cleaned up, and how many the archive refused."""
    params: TicketCleanupTemplate.Parameters = context.params
    refused = 0

    async def archive(batch: list[Any]) -> int:
        nonlocal refused
        archived = await tickets.archive(batch, criteria)
        refused += archived.refused
        return archived.moved

    async def delete(batch: list[Any]) -> int:
        return await tickets.delete(batch, criteria)

    by = None if await tickets.walks_everything(criteria, params.date_field) else params.date_field
    ids = tickets.ids(criteria, by, params.batch_size)
    act = archive if params.action == "archive" else delete
    return await in_batches(context, ids, act, total=total, pause=params.pause), refused
