"""What job templates may touch: collections, folders, networks, commands."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network

from pydantic import BaseModel, Field, SecretStr

from shared.durations import Duration
from shared.models.suites import Suites
from shared.setting_groups.types import ExportableCollection, Folder, ForeignCollection


class JobTemplateSettings(BaseModel):
    """Limits that the parameters of a job never widen."""

    cleanup_collections: list[ForeignCollection] = Field(
        [], description='Collections that database_cleanup may delete from, as JSON: `["sessions", "events"]`.'
    )
    ticket_collections: list[ForeignCollection] = Field(
        ["tickets"],
        description="Collections that ticket_cleanup may clean up, as JSON. Archived tickets go to `<name>_archive`.",
    )
    temporary_folders: list[Folder] = Field(
        [],
        description="Folders of temporary files that system_cleanup may delete old files from, absolute paths as JSON: "
        '`["/var/tmp/reports"]`.',
    )
    export_collections: list[ExportableCollection] = Field(
        [], description='Collections that data_export may read, as JSON: `["orders"]`.'
    )
    export_folder: Folder | None = Field(
        None,
        description="Folder that data_export writes to, and that the API serves downloads from: an absolute path, the "
        "same for both programs. Unset: nothing is exported.",
    )
    export_retention: Duration = Field(
        timedelta(days=7), description="How long an exported file is kept. A change applies to earlier files, too."
    )
    upload_s3_bucket: str | None = Field(
        None,
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="Bucket that data_export uploads to if a job asks for it (extra `s3`). Unset: no uploads.",
    )
    upload_s3_prefix: str = Field(
        "",
        pattern=r"^([A-Za-z0-9_.=-]+/)*$",
        description="What the key of each uploaded file begins with, such as `exports/`.",
    )
    upload_s3_endpoint: str | None = Field(
        None, pattern=r"^https?://[^\s/?#@]+/?$", description="Address of an S3-compatible service. Unset: AWS."
    )
    upload_s3_region: str = Field("us-east-1", pattern=r"^[a-z0-9-]{1,40}$", description="Region of the bucket.")
    upload_s3_access_key_id: str | None = Field(
        None, description="Access key. Unset: what the host offers, such as an instance role."
    )
    upload_s3_secret_access_key: SecretStr | None = Field(None, description="Secret of the access key.")

    http_allowed_networks: list[IPv4Network | IPv6Network] = Field(
        [],
        description="Networks that calls to web addresses may reach although they are not public, as JSON: "
        '`["10.1.0.0/16", "fd00:1::/32"]`. Loopback, private and link-local addresses are refused otherwise.',
    )

    test_suites: Suites = Field(
        {},
        description="Test suites that the job template test_scheduler may run, as JSON from names to commands: "
        '`{"smoke": "pytest -q tests/smoke"}`, or to objects with `command`, `folder` and `environment`.',
    )
