"""data_export: writes a collection to a file."""

import hashlib
from datetime import UTC
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from scheduler_daemon.exports import parquet
from scheduler_daemon.exports.encoders import CsvEncoder, Encoder, extended_json_lines, json_lines
from scheduler_daemon.exports.export_file import CHECKSUM_SUFFIX, ExportFile, Written
from scheduler_daemon.exports.upload import require_uploader
from scheduler_daemon.exports.writing import write_all
from scheduler_daemon.host_data import Filter, ReadableCollection
from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters
from shared.errors import InvalidDefinition
from shared.models.exports import ExportFormat, ExportRecord
from shared.queries.filters import FILTER_DESCRIPTION, FilterText, read_filter

MOST_DOCUMENTS = 1_000_000_000
EXTENSIONS: dict[ExportFormat, str] = {
    "csv": "csv", "jsonl": "jsonl", "extended_json": "ejsonl", "parquet": "parquet",
}  # fmt: skip
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}

Column = Annotated[str, StringConstraints(pattern=r"^[^$.\x00]+(\.[^$.\x00]+)*$", max_length=200)]
SortKey = Annotated[str, StringConstraints(pattern=r"^-?[^$.\x00-][^$.\x00]*(\.[^$.\x00]+)*$", max_length=200)]


class DataExportTemplate(JobTemplate):
    """Streams a collection into a file that is there whole or not at all; a repeated attempt replaces its file."""

    type = "data_export"
    name = "Data Export"
    category = "data"
    description = (
        "Writes documents of a collection that the setting EXPORT_COLLECTIONS lists to a CSV, JSON Lines, Extended "
        "JSON or Parquet file in the export folder, with a checksum beside it. The API lists and serves the files."
    )

    class Parameters(TemplateParameters):
        """What is exported, and how it is written."""

        collection: str = Field(
            min_length=1,
            max_length=120,
            title="Collection",
            description="What to export. The setting EXPORT_COLLECTIONS must list it.",
            examples=["orders"],
        )
        format: ExportFormat = Field(
            "csv",
            title="Format",
            description="csv; jsonl: a line of plain JSON per document; extended_json: lossless MongoDB Extended JSON; "
            "parquet: columns with types (needs the extra `parquet`).",
            examples=["csv"],
        )
        filter: FilterText = Field(
            "",
            title="Filter",
            description=FILTER_DESCRIPTION,
            examples=['{"total": {"$gte": 100}}'],
        )
        fields: list[Column] = Field(
            [],
            max_length=500,
            title="Fields",
            description="Columns in their order; dots lead into nested documents. Empty: every top-level field, which "
            "costs CSV and Parquet one more pass over the documents.",
            examples=[["_id", "customer.name", "total"]],
        )
        sort: list[SortKey] = Field(
            [],
            max_length=5,
            title="Sort",
            description="Fields in the order of their weight, with a minus for descending. Best with an index.",
            examples=[["-createdAt"]],
        )
        gzip: bool = Field(False, title="Gzip", description="Compress the file; not for Parquet.", examples=[True])
        delimiter: Literal["comma", "semicolon", "tab"] = Field(
            "comma", title="Delimiter", description="What stands between two cells of a CSV file.", examples=["comma"]
        )
        file_name: str | None = Field(
            None,
            pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,119}$",
            title="File name",
            description="How the name of the file begins; time and ending are added. Unset: the collection.",
            examples=["orders-of-the-day"],
        )
        max_documents: int | None = Field(
            None,
            ge=1,
            le=MOST_DOCUMENTS,
            title="Most documents",
            description="Most documents in the file. Unset: all.",
            examples=[1000],
        )
        upload: bool = Field(
            False,
            title="Upload",
            description="Also put the file and its checksum into the bucket of the settings (UPLOAD_S3_BUCKET).",
            examples=[False],
        )
        dry_run: bool = Field(
            False, title="Dry run", description="Only count what would be exported.", examples=[False, True]
        )

        @model_validator(mode="after")
        def _go_together(self) -> "DataExportTemplate.Parameters":
            if self.format == "parquet" and self.gzip:
                raise ValueError("gzip: a Parquet file is compressed already; take gzip away")
            if self.format == "extended_json" and self.fields:
                raise ValueError("fields: extended_json always holds whole documents; take fields away")
            for name in self.fields:
                if self.fields.count(name) > 1 or any(other.startswith(f"{name}.") for other in self.fields):
                    raise ValueError(f"fields: {name!r} is named twice, by itself or as a part of another")
            return self

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: DataExportTemplate.Parameters = context.params
        if context.export_folder is None:
            return JobResult.failure("the setting EXPORT_FOLDER is unset: name a folder", retryable=False)
        try:
            collection = context.database.exportable(params.collection)
            if params.format == "parquet":
                parquet.require()
            if params.upload:
                require_uploader(context.services.exports.uploader)
        except InvalidDefinition as fault:
            return JobResult.failure(str(fault), retryable=False)
        most = params.max_documents or MOST_DOCUMENTS
        if params.dry_run:
            matched = await collection.count(read_filter(params.filter), most)
            return JobResult.success(f"would export {matched} documents", {"matched": matched, "dryRun": True})
        await context.services.exports.remove_old(context.clock.now())
        return await _export(context, collection, read_filter(params.filter), most)


async def _export(
    context: JobExecutionContext, collection: ReadableCollection, criteria: Filter, most: int
) -> JobResult:
    params: DataExportTemplate.Parameters = context.params
    folder = context.export_folder
    assert folder is not None  # noqa: S101 - looked at by execute()
    columns, shape = await _columns(params, collection, criteria)
    total = await collection.count(criteria, most)
    sort = [(key.removeprefix("-"), -1 if key.startswith("-") else 1) for key in params.sort]
    batches = collection.raw_batches(criteria, columns, sort, params.max_documents or 0)
    encoders: list[Encoder] = []

    def encoder(file: ExportFile) -> Encoder:
        encoders.append(_encoder(params, file, columns, shape))
        return encoders[0]

    rows, written = await write_all(
        batches,
        lambda: ExportFile(folder, _file_name(context), compress=params.gzip),
        encoder,
        lambda rows, written: context.services.exports.save(_record(context, rows, written)),
        lambda done: context.progress(done, max(total, done)),
        context.clock,
    )
    metrics: dict[str, Any] = {"rows": rows, "bytes": written.bytes, "sha256": written.sha256, "file": written.name}
    if params.upload:
        uploader = require_uploader(context.services.exports.uploader)
        context.progress(rows, rows, "uploading")
        metrics["uploadedTo"] = await uploader.upload(folder, [written.name + CHECKSUM_SUFFIX, written.name])
    misfits = sum(each.misfits for each in encoders if isinstance(each, parquet.ParquetEncoder))
    if misfits:
        metrics["misfits"] = misfits
        context.log.warning("export_misfits", values=misfits)
    export_id = _export_id(context)
    context.log.info("exported", export_id=export_id, **metrics)
    return JobResult.success(f"exported {rows} documents of {collection.name}", {**metrics, "exportId": export_id})


async def _columns(
    params: DataExportTemplate.Parameters, collection: ReadableCollection, criteria: Filter
) -> tuple[list[str], dict[str, set[str]]]:
    """The columns of the file, and the types that they have. Without columns a document is written as it is."""
    if params.format in ("jsonl", "extended_json"):
        return list(params.fields), {}
    if params.format == "csv" and params.fields:
        return list(params.fields), {}
    shape = await collection.shape(criteria)
    found = sorted(name for name in shape if "." not in name and not name.startswith("$") and name)
    return list(params.fields) or sorted(found, key=lambda name: name != "_id") or ["_id"], shape


def _encoder(
    params: DataExportTemplate.Parameters, file: ExportFile, columns: list[str], shape: dict[str, set[str]]
) -> Encoder:
    match params.format:
        case "csv":
            return CsvEncoder(file.stream, columns, DELIMITERS[params.delimiter])
        case "jsonl":
            return json_lines(file.stream, columns)
        case "extended_json":
            return extended_json_lines(file.stream)
        case "parquet":
            return parquet.ParquetEncoder(file.stream, parquet.column_kinds(columns, shape))


def _file_name(context: JobExecutionContext) -> str:
    """The same for every attempt of a run."""
    params: DataExportTemplate.Parameters = context.params
    stem = params.file_name or params.collection.replace(".", "_")
    moment = context.scheduled_for.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    ending = EXTENSIONS[params.format] + (".gz" if params.gzip else "")
    return f"{stem}-{moment}-{_digest(context.run_id, 4)}.{ending}"


def _record(context: JobExecutionContext, rows: int, written: Written) -> ExportRecord:
    params: DataExportTemplate.Parameters = context.params
    return ExportRecord(
        id=_export_id(context),
        collection=params.collection,
        format=params.format,
        file_name=written.name,
        rows=rows,
        bytes=written.bytes,
        sha256=written.sha256,
        run_id=context.run_id,
        job_id=context.job_id,
        created_at=context.clock.now(),
    )


def _export_id(context: JobExecutionContext) -> str:
    """The same for every attempt of a run."""
    return _digest(context.run_id, 16)


def _digest(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()
