"""Settings: environment, `.env`, systemd credentials, in this order. Every field is a setting of the same name.

docs/settings.md is generated from the descriptions here (`make docs`); a test compares them.
"""

import os
import re
import sys
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.collections import API_TOKENS, OWN_COLLECTIONS
from shared.durations import Duration
from shared.errors import SettingsError
from shared.logging import LogFormat, LogLevel
from shared.models.host_users import HostUsers
from shared.models.suites import Suites

EXIT_SETTINGS = 78  # EX_CONFIG of sysexits.h: systemd does not restart on it


def _is_mongodb_uri(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("write mongodb://host:port/?replicaSet=name")
    return value


def _is_collection_name(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,119}", name) is None or name.startswith("system."):
        raise ValueError('write names of collections as a JSON list: ["orders", "sessions"]')
    return name


def _is_foreign(name: str) -> str:
    if name in OWN_COLLECTIONS:
        raise ValueError("a collection of the scheduler itself is never cleaned up like this; take it off the list")
    return name


def _holds_no_tokens(name: str) -> str:
    if name == API_TOKENS:
        raise ValueError(f"{API_TOKENS} is never exported; take it off the list")
    return name


def _is_absolute_folder(path: Path) -> Path:
    if not path.is_absolute() or ".." in path.parts or path == Path("/"):
        raise ValueError('write the absolute path of a folder, without "..", and not "/"')
    return path


CollectionName = Annotated[str, AfterValidator(_is_collection_name)]
ForeignCollection = Annotated[CollectionName, AfterValidator(_is_foreign)]
ExportableCollection = Annotated[CollectionName, AfterValidator(_holds_no_tokens)]
Folder = Annotated[Path, AfterValidator(_is_absolute_folder)]


def _is_web_root(text: str) -> str:
    """Without a slash at the end, so that a path can follow."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in text:
        raise ValueError("write an address such as https://notify.example.com")
    return text.rstrip("/")


class Settings(BaseSettings):
    """All settings of both programs."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", case_sensitive=False, env_ignore_empty=True, frozen=True
    )

    mongodb_uri: Annotated[SecretStr, AfterValidator(_is_mongodb_uri)] = Field(
        description="Connection string of a MongoDB replica set (one node is enough). No default."
    )
    mongodb_database: str = Field(
        "unified_scheduler",
        pattern=r"^[A-Za-z0-9_-]{1,38}$",
        description="Name of the database.",
    )

    log_level: LogLevel = Field("info", description="Least level that is logged: debug, info, warning, error.")
    log_format: LogFormat = Field(
        "auto", description="json, console, or auto: console on a terminal, JSON lines elsewhere."
    )

    daemon_poll_seconds: float = Field(
        30,
        ge=1,
        le=300,
        description="Safety poll, seconds: how often the loop looks even if nothing woke it.",
    )
    daemon_max_concurrent_runs: int = Field(1000, ge=1, le=10_000, description="Most runs at once in the whole daemon.")
    daemon_template_limits: dict[str, Annotated[int, Field(ge=1, le=10_000)]] = Field(
        {}, description='Most runs at once of single templates, as JSON: `{"webhook_trigger": 5}`.'
    )
    daemon_worker_processes: int = Field(
        4,
        ge=1,
        le=256,
        description="Most worker processes, and with them most runs of blocking templates at once; more wait for one.",
    )
    daemon_batch_size: int = Field(500, ge=1, le=500, description="Most runs that are claimed in one transaction.")
    daemon_drain_seconds: float = Field(
        45,
        ge=0,
        le=3600,
        description="How long a stop waits for running runs, seconds; keep it under TimeoutStopSec.",
    )
    daemon_runtime_folder: Path | None = Field(
        None,
        description="Folder for the lock file that proves on this host that the former leader is gone. "
        "Unset: systemd's RUNTIME_DIRECTORY, else /run/unified-scheduler, else a private folder in the "
        "temporary folder.",
    )
    daemon_lease_ttl_seconds: float = Field(
        30, ge=3, le=300, description="How long a silent leader is believed to be alive, seconds."
    )

    run_retention_success: Duration = Field(
        timedelta(days=7),
        description="How long a succeeded or skipped run is kept, with its log. A change applies to earlier runs, too.",
    )
    run_retention_failure: Duration = Field(
        timedelta(days=30),
        description="How long any other run is kept, with its log. A change applies to earlier runs, too.",
    )
    message_retention: Duration = Field(
        timedelta(days=90),
        description="How long a finished message and its deliveries are kept. A change applies to earlier ones, too.",
    )

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

    smtp_host: str | None = Field(None, description="SMTP server. Unset: e-mail waits in the queue.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the SMTP server.")
    smtp_username: str | None = Field(None, description="Login name. Unset: no login.")
    smtp_password: SecretStr | None = Field(None, description="Password of the login.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls (must succeed), tls from the first byte (port 465), or none."
    )
    smtp_from: str = Field(
        "Unified Scheduler <scheduler@localhost>", description="Sender of every e-mail, `Name <address>`."
    )
    smtp_reply_to: str | None = Field(
        None, description="Where answers to e-mails go, `Name <address>`. Unset: to the sender."
    )
    smtp_messages_per_second: float | None = Field(
        None, gt=0, le=100_000, description="Most e-mails a second. Unset: as fast as the server takes them."
    )
    smtp_timeout_seconds: float = Field(30, ge=1, le=300, description="Time-out of each step of a delivery, seconds.")
    smtp_connections: int = Field(4, ge=1, le=64, description="Connections to the SMTP server at once.")
    attachment_folder: Path | None = Field(
        None,
        description="Folder whose files e-mails may carry; a notification template names them. Unset: no attachments.",
    )
    attachment_max_bytes: int = Field(
        10_485_760, ge=1024, le=104_857_600, description="Largest size of all attachments of one e-mail, bytes."
    )
    sms_provider: Literal["twilio", "http", "log"] | None = Field(
        None,
        description="How short messages are sent: twilio, http (any gateway), or log (only written into the log). "
        "Unset: they wait in the queue.",
    )
    sms_from: str = Field(
        "",
        max_length=100,
        description="Sender of every short message: a number such as +33123456789, a name that the provider allows, "
        "or with twilio a messaging service (MG...).",
    )
    sms_max_segments: int = Field(
        10, ge=1, le=255, description="Most segments of one short message; a longer one fails and is not sent."
    )
    sms_messages_per_second: float | None = Field(
        None, gt=0, le=100_000, description="Most short messages a second. Unset: as fast as the provider takes them."
    )
    sms_timeout_seconds: float = Field(
        30, ge=1, le=300, description="Time-out of one call of the provider, seconds. After it nobody knows."
    )
    twilio_account_sid: str | None = Field(
        None, pattern=r"^[A-Za-z0-9]{1,64}$", description="The account at Twilio (AC...), for SMS_PROVIDER=twilio."
    )
    twilio_auth_token: SecretStr | None = Field(
        None, description="Its auth token: it authenticates our calls, and Twilio's reports to us."
    )
    twilio_base_url: Annotated[str, AfterValidator(_is_web_root)] = Field(
        "https://api.twilio.com", description="Where Twilio is called; another region, or a server for tests."
    )
    sms_http_url: str | None = Field(
        None, description="The gateway's address, for SMS_PROVIDER=http. Secrets belong into SMS_HTTP_HEADERS."
    )
    sms_http_method: Literal["POST", "PUT", "GET"] = Field("POST", description="Method of the call.")
    sms_http_headers: SecretStr | None = Field(
        None,
        description='Headers of the call, as JSON: `{"Authorization": "Bearer ...", "Content-Type": "..."}`. '
        "Unset: only Content-Type: application/json.",
    )
    sms_http_body: str = Field(
        '{"to": {{ to | tojson }}, "from": {{ sender | tojson }}, "text": {{ text | tojson }}, '
        '"reference": {{ messageId | tojson }}}',
        max_length=10_000,
        description="Body of the call: a Jinja2 template with `to`, `text`, `sender` and `messageId`, and the filters "
        "`tojson` and `urlencode`.",
    )
    sms_http_success: str | None = Field(
        None,
        max_length=500,
        description="Regular expression that the answer must contain beside a status of 2xx. Unset: the status alone.",
    )
    sms_http_reference: str | None = Field(
        None,
        max_length=500,
        description="Regular expression whose first group is the gateway's name for the message. Unset: none is kept.",
    )
    message_max_attempts: int = Field(8, ge=1, le=100, description="Most attempts to deliver one message.")
    message_backoff: Duration = Field(
        timedelta(seconds=10), description="Wait after the first failed attempt; doubles each time."
    )
    message_max_backoff: Duration = Field(timedelta(hours=1), description="Longest wait between two attempts.")

    host_users: HostUsers | None = Field(
        None,
        description="The host application's collection of users and its fields, as JSON: "
        '`{"collection": "users", "email": "email", "name": "profile.name", "timezone": "tz", "role": "role", '
        '"tags": "tags", "groups": "teams"}`; also `id` (`_id`), `phone`, `locale`. Unset: there is none.',
    )
    notification_approval_above: int | None = Field(
        None,
        ge=0,
        description="A scheduled notification with more recipients than this waits until somebody else than its author "
        "approves it. Unset: none does.",
    )
    public_url: Annotated[str, AfterValidator(_is_web_root)] | None = Field(
        None,
        description="Address under which the API is reached from outside, such as https://notify.example.com. Links "
        "in messages and reports of providers lead there. Unset: there are none.",
    )
    unsubscribe_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="Key that signs the links to unsubscribe, 16 characters or more. With PUBLIC_URL it puts "
        "List-Unsubscribe (RFC 8058) into e-mails. A new key ends the old links.",
    )

    api_bind: str = Field("127.0.0.1:8000", description="Address and port that the API listens on.")
    api_workers: int = Field(2, ge=1, le=64, description="Worker processes of the API.")
    api_max_body_bytes: int = Field(2_097_152, ge=1024, le=15_728_640, description="Largest request body, bytes.")

    @field_validator("mongodb_uri", mode="before")
    @classmethod
    def _strip(cls, value: Any) -> Any:
        return value.strip() if isinstance(value, str) else value


def load_settings(**overrides: Any) -> Settings:
    """The settings in force; SettingsError names each wrong or missing setting and never shows a value."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials:
        overrides.setdefault("_secrets_dir", credentials)
    try:
        return Settings(**overrides)
    except ValidationError as fault:
        lines = [
            f"{'.'.join(str(part) for part in error['loc']).upper()}: {error['msg']}"
            for error in fault.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise SettingsError("; ".join(lines)) from None


def load_settings_or_exit(**overrides: Any) -> Settings:
    """For the entry of a program: prints what is wrong and ends it with EX_CONFIG."""
    try:
        return load_settings(**overrides)
    except SettingsError as fault:
        sys.stderr.write(f"Wrong settings: {fault}\nSee docs/settings.md for every setting.\n")
        raise SystemExit(EXIT_SETTINGS) from None
