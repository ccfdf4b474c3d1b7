"""Settings: environment, `.env`, systemd credentials, in this order. Every field is a setting of the same name.

The API's settings stand here, the others in shared/setting_groups/. docs/settings.md is generated from the
descriptions of all (`make docs`); a test compares them.
"""

import os
import sys
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from shared.errors import SettingsError
from shared.setting_groups.access import AccessSettings
from shared.setting_groups.daemon import DaemonSettings
from shared.setting_groups.email import EmailSettings
from shared.setting_groups.general import GeneralSettings
from shared.setting_groups.job_templates import JobTemplateSettings
from shared.setting_groups.notifications import NotificationSettings
from shared.setting_groups.sms import SmsSettings

EXIT_SETTINGS = 78  # EX_CONFIG of sysexits.h: systemd does not restart on it


class Settings(
    AccessSettings,
    NotificationSettings,
    SmsSettings,
    EmailSettings,
    JobTemplateSettings,
    DaemonSettings,
    GeneralSettings,
    BaseSettings,
):
    """All settings of both programs. Of the groups, the last one stands first in docs/settings.md."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", case_sensitive=False, env_ignore_empty=True, frozen=True
    )

    api_bind: str = Field("127.0.0.1:8000", description="Address and port that the API listens on.")
    api_workers: int = Field(2, ge=1, le=64, description="Worker processes of the API.")
    api_metrics_public: bool = Field(
        False,
        description="Whether GET /metrics of the API needs no token. It shows depths and names of routes, no contents.",
    )
    api_max_body_bytes: int = Field(2_097_152, ge=1024, le=15_728_640, description="Largest request body, bytes.")


def load_settings(**overrides: Any) -> Settings:
    """The settings in force; SettingsError names each wrong or missing setting and never shows a value."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials:
        overrides.setdefault("_secrets_dir", credentials)
    try:
        return Settings(**overrides)
    except UnreadableSetting as fault:  # its cause quotes the value, its text the name
        name = str(fault).split('"')[1].upper()
        raise SettingsError(f"{name}: not JSON; write it as docs/settings.md shows") from None
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
