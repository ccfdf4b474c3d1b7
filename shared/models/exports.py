"""Files that data_export has written: `exports`."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.models.base import Document, Moment

ExportFormat = Literal["csv", "jsonl", "extended_json", "parquet"]

FILE_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,119}-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\.(csv|jsonl|ejsonl|parquet)(\.gz)?$"
"""Nothing else in the folder is ever listed, served or removed; beside it is its checksum, `<name>.sha256`."""


class ExportRecord(Document):
    """A file of `exports`. Both programs find it in EXPORT_FOLDER by its name."""

    id: str = Field(alias="_id")
    collection: str
    format: ExportFormat
    file_name: Annotated[str, StringConstraints(pattern=FILE_NAME)]
    rows: int
    bytes: int
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    run_id: str
    job_id: str
    created_at: Moment
