"""What `make run` itself can be told: environment, then `.env`. Everything else goes to the programs as it is."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.local.errors import LaunchError


class LaunchSettings(BaseModel):
    """The settings of the local launcher; an empty value counts as unset."""

    model_config = ConfigDict(frozen=True)

    port: int = Field(8000, ge=1, le=65535, description="Port of the API on 127.0.0.1.")
    var_dir: Path = Field(
        Path("var"), description="Folder for data, logs, outbox and token, relative to the current folder."
    )
    mongodb_uri: str | None = Field(
        None, description="MongoDB replica set to use. Unset: an embedded mongod with its data in VAR_DIR/mongodb."
    )
    smtp_host: str | None = Field(
        None, description="SMTP server for the mails. Unset: every mail becomes a file in VAR_DIR/outbox."
    )


def launch_environment(dotenv: Path) -> dict[str, str]:
    """The environment for the programs: the file's values, overruled by the environment."""
    from_file = {name.upper(): value for name, value in dotenv_values(dotenv).items() if value}
    return from_file | {name: value for name, value in os.environ.items() if value}


def read_launch_settings(environment: Mapping[str, str]) -> LaunchSettings:
    """The settings in `environment`; LaunchError names a wrong one."""
    given = {name: environment[name.upper()] for name in LaunchSettings.model_fields if name.upper() in environment}
    try:
        return LaunchSettings.model_validate(given)
    except ValidationError as fault:
        wrong = [f"{str(error['loc'][0]).upper()}: {error['msg']}" for error in fault.errors(include_url=False)]
        raise LaunchError(f"Wrong settings: {'; '.join(wrong)}") from None
