"""How the daemon runs jobs, and how long it keeps what came of them."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from shared.durations import Duration
from shared.setting_groups.types import ListeningAddress


class DaemonSettings(BaseModel):
    """The loop, its limits and its history."""

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
    daemon_metrics_bind: ListeningAddress | None = Field(
        None,
        description="Address and port on which the daemon serves its Prometheus metrics to everybody who reaches it, "
        "such as `127.0.0.1:9464`. Unset: it does not.",
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
    audit_retention: Duration = Field(
        timedelta(days=400),
        description="How long entries of the audit log are kept, a day or more; `0s`: for ever. A change applies to "
        "earlier ones, too.",
    )

    @field_validator("audit_retention")
    @classmethod
    def _is_long_enough(cls, value: timedelta) -> timedelta:
        if value and value < timedelta(days=1):
            raise ValueError("write a day or more, such as 400d, or 0s for ever")
        return value
