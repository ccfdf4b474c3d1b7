"""The environment that a program under test gets: nothing of the developer's own settings leaks in."""

import base64
import os
from pathlib import Path

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SECRETS_KEY = base64.b64encode(bytes(range(32))).decode()
"""Of the programs under test, so that jobs can have secrets."""
_SYSTEMD = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "RUNTIME_DIRECTORY", "CREDENTIALS_DIRECTORY")


class ExplicitSettings(Settings):
    """Settings that come from the arguments and the defaults only: no environment, no `.env`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the name is pydantic's
        init_settings: PydanticBaseSettingsSource,
        **_others: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def program_environment(**settings: object) -> dict[str, str]:
    """The caller's environment without any setting of this project, plus `settings` (None removes one)."""
    ours = {name.upper() for name in Settings.model_fields} | set(_SYSTEMD)
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    given = {"PYTHONPATH": ROOT, "SECRETS_KEY": SECRETS_KEY, **settings}
    return kept | {name: str(value) for name, value in given.items() if value is not None}
