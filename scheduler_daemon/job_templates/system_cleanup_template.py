"""system_cleanup: this system's own housekeeping, on demand."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from scheduler_daemon.cleaning import Age, Pause
from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters
from scheduler_daemon.old_files import Removed
from shared.errors import InvalidDefinition

FolderName = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class SystemCleanupTemplate(JobTemplate):
    """Removes what has been kept long enough; the settings say how long that is, where there is one for it."""

    type = "system_cleanup"
    name = "System Cleanup"
    category = "maintenance"
    description = (
        "Removes expired runs, logs, commands, messages and deliveries at once instead of in the next minute, API "
        "tokens that are of no use any more, exports whose retention is over, and old files of the folders that the "
        "setting TEMPORARY_FOLDERS lists. A dry run only counts."
    )

    class Parameters(TemplateParameters):
        """What is cleaned up."""

        documents: bool = Field(
            True,
            title="Documents",
            description="Runs, logs, commands, messages, deliveries and deleted definitions that have expired.",
            examples=[True],
        )
        tokens: bool = Field(
            True, title="Tokens", description="API tokens that expired or were revoked long ago.", examples=[True]
        )
        tokens_older_than: Age = Field(
            timedelta(days=30),
            title="Tokens older than",
            description="How long a token that expired or was revoked is still shown; at least one minute.",
            examples=["30d"],
        )
        exports: bool = Field(
            True, title="Exports", description="Exported files older than EXPORT_RETENTION.", examples=[True]
        )
        temporary_files: bool = Field(
            True, title="Temporary files", description="Old files of TEMPORARY_FOLDERS.", examples=[True]
        )
        folders: list[FolderName] = Field(
            [],
            max_length=50,
            title="Folders",
            description="Only these of TEMPORARY_FOLDERS. Empty: all of them.",
            examples=[["/var/tmp/reports"]],  # noqa: S108 - an example
        )
        files_older_than: Age = Field(
            timedelta(days=7),
            title="Files older than",
            description="Temporary files that were not modified for so long are removed; at least one minute.",
            examples=["7d"],
        )
        pause: Pause = timedelta(milliseconds=50)
        dry_run: bool = Field(
            False, title="Dry run", description="Only count what would be removed.", examples=[False, True]
        )

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: SystemCleanupTemplate.Parameters = context.params
        try:
            folders = context.services.housekeeping.folders(params.folders) if params.temporary_files else []
        except InvalidDefinition as fault:
            return JobResult.failure(str(fault), retryable=False)
        metrics: dict[str, Any] = {"dryRun": params.dry_run}
        documents = await _remove_documents(context, metrics)
        files, faults = Removed(), []
        if params.exports:
            removed, metrics["exports"] = await context.services.housekeeping.remove_exports(
                context.clock.now(), dry_run=params.dry_run
            )
            files.add(removed)
        until = context.clock.now() - params.files_older_than
        for number, folder in enumerate(folders):
            context.progress(number, len(folders), str(folder))
            try:
                files.add(await context.services.housekeeping.remove_temporary(folder, until, dry_run=params.dry_run))
            except OSError as fault:
                faults.append(f"{folder}: {fault.strerror}")
        metrics |= {"files": files.files, "bytes": files.bytes, "folders": files.folders, "failed": files.failed}
        context.log.info("system_cleaned", **metrics)
        if faults or files.failed:
            left = [f"{files.failed} files could not be removed"] if files.failed else []
            return JobResult.failure("; ".join([*faults, *left]), retryable=False, metrics=metrics)
        word = "would remove" if params.dry_run else "removed"
        return JobResult.success(f"{word} {documents} documents and {files.files} files, {files.bytes} bytes", metrics)


async def _remove_documents(context: JobExecutionContext, metrics: dict[str, Any]) -> int:
    """How many in all; by collection in the metrics."""
    params: SystemCleanupTemplate.Parameters = context.params
    housekeeping, now = context.services.housekeeping, context.clock.now()
    counts: dict[str, int] = {}
    if params.documents:
        counts |= await housekeeping.remove_expired(now, params.pause, dry_run=params.dry_run)
    if params.tokens:
        counts["api_tokens"] = await housekeeping.remove_tokens(now - params.tokens_older_than, dry_run=params.dry_run)
    metrics["documents"] = counts
    return sum(counts.values())
