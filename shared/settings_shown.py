"""Settings as they are shown to people: where each comes from, and its value without secrets."""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_origin

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from shared.durations import format_duration
from shared.logging import MASK
from shared.models.scheduler_state import SettingGiven
from shared.settings import Settings

Source = Literal["environment", ".env", "credential", "default"]


def source_of(name: str, environment: Mapping[str, str], credentials: str | None, settings: Settings) -> Source:
    """Where the setting of that field comes from. credentials: the folder of systemd's, if there is one."""
    if any(given.lower() == name and value for given, value in environment.items()):
        return "environment"
    if name not in settings.model_fields_set:
        return "default"
    return "credential" if credentials and (Path(credentials) / name).is_file() else ".env"


def shown(value: Any) -> Any:
    """A value as JSON; of a secret the mask."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, timedelta):
        return format_duration(value)
    return to_jsonable_python(value, serialize_unknown=True)


def of_this_process() -> tuple[Mapping[str, str], str | None]:
    """Environment and folder of credentials."""
    return os.environ, os.environ.get("CREDENTIALS_DIRECTORY")


def given_settings(
    settings: Settings, environment: Mapping[str, str], credentials: str | None
) -> tuple[SettingGiven, ...]:
    """What a daemon tells of its settings that are not the default.

    Of texts, which may say who and where, it tells only that they are set.
    """
    sources = {name: source_of(name, environment, credentials, settings) for name in sorted(Settings.model_fields)}
    return tuple(
        SettingGiven(name=name.upper(), value=_plain(name, getattr(settings, name)), source=source)
        for name, source in sources.items()
        if source != "default"
    )


def _plain(name: str, value: Any) -> str | None:
    numbers = isinstance(value, dict) and all(isinstance(each, int) for each in value.values())
    chosen = get_origin(Settings.model_fields[name].annotation) is Literal
    if numbers or chosen or isinstance(value, bool | int | float | timedelta | Path):
        return json.dumps(shown(value))
    return None
