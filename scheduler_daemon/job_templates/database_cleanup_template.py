"""database_cleanup: deletes old documents from the collections that the settings allow."""

from datetime import datetime, timedelta

from pydantic import Field

from scheduler_daemon.cleaning import Age, BatchSize, FieldPath, Pause, in_batches
from scheduler_daemon.host_data import CleanableCollection, Filter
from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters
from shared.clock import LAST_MOMENT, rfc3339
from shared.errors import InvalidDefinition
from shared.queries.filters import FILTER_DESCRIPTION, FilterText, before, older_than, read_filter, together

MOST_DOCUMENTS = 10_000_000


class DatabaseCleanupTemplate(JobTemplate):
    """Deletes by age and filter, a batch at a time. Repeating it deletes what has become old since."""

    type = "database_cleanup"
    name = "Database Cleanup"
    category = "maintenance"
    description = (
        "Deletes documents older than an age from a collection that the setting CLEANUP_COLLECTIONS lists, in "
        "throttled batches. A dry run only counts."
    )

    class Parameters(TemplateParameters):
        """Which documents, and how gently."""

        collection: str | None = Field(
            None,
            max_length=120,
            title="Collection",
            description="Where to delete. The setting CLEANUP_COLLECTIONS must list it. Unset: the run is skipped.",
            examples=["sessions"],
        )
        date_field: FieldPath = Field(
            "createdAt",
            title="Date field",
            description="Field with the date that tells the age. Documents without a date there, or with a list on the "
            "way, stay.",
            examples=["createdAt", "meta.seenAt"],
        )
        older_than: Age = Field(
            timedelta(days=30),
            title="Older than",
            description="Age from which documents are deleted; at least one minute.",
            examples=["30d", "12h"],
        )
        filter: FilterText = Field(
            "",
            title="Filter",
            description=FILTER_DESCRIPTION,
            examples=['{"state": {"$in": ["done", "failed"]}}'],
        )
        keep_last: int = Field(
            0,
            ge=0,
            le=1_000_000,
            title="Keep last",
            description="So many of the newest documents that match the filter stay however old they are.",
            examples=[0, 1000],
        )
        batch_size: BatchSize = 500
        pause: Pause = timedelta(milliseconds=50)
        max_documents: int = Field(
            1_000_000,
            ge=1,
            le=MOST_DOCUMENTS,
            title="Most documents",
            description="Most documents that one run deletes; the next run goes on.",
            examples=[1_000_000],
        )
        allow_scan: bool = Field(
            False,
            title="Allow scan",
            description="Also when no index helps and the whole collection must be read.",
            examples=[False],
        )
        dry_run: bool = Field(
            False, title="Dry run", description="Only count what would be deleted.", examples=[False, True]
        )

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: DatabaseCleanupTemplate.Parameters = context.params
        if params.collection is None:
            return JobResult.skipped("no collection is named: set the parameter collection")
        try:
            collection = context.database.cleanable(params.collection)
        except InvalidDefinition as fault:
            return JobResult.failure(str(fault), retryable=False)
        cutoff = context.clock.now() - params.older_than
        criteria = await _criteria(params, collection, cutoff)
        if criteria is None:
            matched, deleted = 0, 0
        else:
            scans = await collection.walks_everything(criteria, params.date_field)
            if scans and not params.allow_scan:
                return JobResult.failure(_no_index(params, collection.name), retryable=False)
            by = None if scans else params.date_field
            matched = await collection.count(criteria, params.max_documents)
            deleted = 0 if params.dry_run else await _delete(context, collection, criteria, by, matched)
        metrics = {"matched": matched, "deleted": deleted, "olderThan": rfc3339(cutoff), "dryRun": params.dry_run}
        context.log.info("database_cleaned", collection=collection.name, **metrics)
        if params.dry_run:
            return JobResult.success(f"would delete {matched} documents of {collection.name}", metrics)
        return JobResult.success(f"deleted {deleted} documents of {collection.name}", metrics)


async def _criteria(
    params: DatabaseCleanupTemplate.Parameters, collection: CleanableCollection, cutoff: datetime
) -> Filter | None:
    """What is to go; None: nothing, all of it is kept."""
    chosen, field = read_filter(params.filter), params.date_field
    criteria = together(older_than(field, cutoff), chosen)
    if not params.keep_last:
        return criteria
    dated = together(older_than(field, LAST_MOMENT), chosen)
    scans = await collection.walks_everything(dated, field)
    if scans and not params.allow_scan:
        return criteria  # refused for the same reason
    oldest_kept = await collection.newest(dated, field, params.keep_last)
    return None if oldest_kept is None else together(criteria, before(field, oldest_kept.at, oldest_kept.id))


async def _delete(
    context: JobExecutionContext, collection: CleanableCollection, criteria: Filter, by: str | None, total: int
) -> int:
    params: DatabaseCleanupTemplate.Parameters = context.params
    ids = collection.ids(criteria, by, params.batch_size)
    return await in_batches(
        context, ids, lambda batch: collection.delete(batch, criteria), total=total, pause=params.pause
    )


def _no_index(params: DatabaseCleanupTemplate.Parameters, collection: str) -> str:
    return (
        f"dateField, filter: no index of {collection} helps to find these documents; create one on "
        f"{params.date_field}, or set allowScan"
    )
