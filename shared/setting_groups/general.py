"""The database and the log."""

from typing import Any

from pydantic import BaseModel, Field, SecretStr, field_validator

from shared.logging import LogFormat, LogLevel
from shared.secrets_vault import read_keys
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

    secrets_key: SecretStr | None = Field(
        None,
        description="Key of the secrets among the parameters of jobs, which are stored encrypted: 32 random bytes in "
        "base64 (`openssl rand -base64 32`), the same for API and daemon. Several with commas between: the first "
        "encrypts, all decrypt. Unset: no job can be given a secret.",
    )

    log_level: LogLevel = Field("info", description="Least level that is logged: debug, info, warning, error.")
    log_format: LogFormat = Field(
        "auto", description="json, console, or auto: console on a terminal, JSON lines elsewhere."
    )

    @field_validator("secrets_key")
    @classmethod
    def _has_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            read_keys(value.get_secret_value())
        return value

    @field_validator("mongodb_uri", mode="before")
    @classmethod
    def _strip(cls, value: Any) -> Any:
        return value.strip() if isinstance(value, str) else value
