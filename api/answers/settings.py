"""The settings in force: what each is and where it comes from. Secrets are masked."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined, to_jsonable_python

from shared.durations import format_duration
from shared.logging import MASK
from shared.settings import Settings


def settings_answer(
    settings: Settings, environment: Mapping[str, str], credentials: str | None
) -> list[dict[str, Any]]:
    """By name. environment: of this process. credentials: the folder of systemd's, if there is one."""
    return [
        {
            "name": name.upper(),
            "value": _shown(getattr(settings, name)),
            "default": None
            if field.default is PydanticUndefined
            else _shown(field.get_default(call_default_factory=True)),
            "source": _source(name, environment, credentials, settings),
            "description": field.description or "",
        }
        for name, field in sorted(Settings.model_fields.items())
    ]


def _source(name: str, environment: Mapping[str, str], credentials: str | None, settings: Settings) -> str:
    if any(given.lower() == name and value for given, value in environment.items()):
        return "environment"
    if name not in settings.model_fields_set:
        return "default"
    return "credential" if credentials and (Path(credentials) / name).is_file() else ".env"


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return MASK
    if hasattr(value, "total_seconds"):
        return format_duration(value)
    return to_jsonable_python(value, serialize_unknown=True)


def of_this_process() -> tuple[Mapping[str, str], str | None]:
    """Environment and folder of credentials."""
    return os.environ, os.environ.get("CREDENTIALS_DIRECTORY")
