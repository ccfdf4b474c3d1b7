"""The database and the log."""

from typing import Any

from pydantic import BaseModel, Field, field_validator

from shared.logging import LogFormat, LogLevel
from shared.setting_groups.types import MongodbUri


class GeneralSettings(BaseModel):
    """What both programs need to start."""

    mongodb_uri: MongodbUri = Field(
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

    @field_validator("mongodb_uri", mode="before")
    @classmethod
    def _strip(cls, value: Any) -> Any:
        return value.strip() if isinstance(value, str) else value
