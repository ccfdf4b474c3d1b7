"""Writes docs/settings.md and deploy/env/*.example from the settings themselves: `make docs`."""

import json
from datetime import timedelta
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from deploy.local.launch_settings import LaunchSettings
from shared.durations import format_duration
from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
ENV_FILES = {
    "common": "Read by both programs.",
    "daemon": "Read by scheduler_daemon.",
    "api": "Read by the API.",
}
_COMMON = (
    "mongodb_",
    "log_",
    "export_folder",
    "export_retention",
    "notification_",
    "host_users",
    "public_",
    "secrets_key",
    "unsubscribe_",
    "twilio_",
)
_EXAMPLES = {"mongodb_uri": "mongodb://127.0.0.1:27017/?replicaSet=rs0"}
_INTRODUCTION = """\
# Settings

Written by `make docs` from the code; do not edit. Each setting is an environment variable, a line in `.env` in the
working folder, or a file of that name (in lower case) among systemd's credentials; the first of these that has it
counts. An empty value counts as unset. A wrong value stops the start with exit code 78 and names the setting.
Durations are written `90s`, `5m`, `1h30m`, `2d` or in ISO 8601.
"""


def settings_page() -> str:
    """The text of docs/settings.md."""
    parts = [_INTRODUCTION]
    for name, purpose in ENV_FILES.items():
        parts += [f"## {name.capitalize()}\n\n{purpose}\n", _table(Settings, _fields_of(name))]
    parts += [
        "## `make run`\n\nRead by the local launcher only.\n",
        _table(LaunchSettings, list(LaunchSettings.model_fields)),
    ]
    return "\n".join(parts)


def environment_example(name: str) -> str:
    """The text of deploy/env/<name>.env.example: every setting once, commented out, with its default."""
    lines = [f"# {ENV_FILES[name]} Copy to /etc/unified-scheduler/{name}.env and change what you need.", ""]
    for field_name in _fields_of(name):
        field = Settings.model_fields[field_name]
        lines += [*(f"# {line}" for line in wrap(field.description or "", 110)), _default_line(field)]
        if _is_secret(field):
            lines.append(f"# Better a credential: /etc/credstore/unified-scheduler.{field_name}")
        lines += [f"#{field_name.upper()}={_example(field_name, field)}", ""]
    return "\n".join(lines)


def secrets_of(name: str) -> list[str]:
    """The settings of one file that are secrets: each is a credential of the units that read the file."""
    return [field_name for field_name in _fields_of(name) if _is_secret(Settings.model_fields[field_name])]


def write_all(root: Path) -> None:
    """Writes every generated file below `root`."""
    (root / "docs/settings.md").write_text(settings_page())
    for name in ENV_FILES:
        (root / f"deploy/env/{name}.env.example").write_text(environment_example(name))


def _fields_of(name: str) -> list[str]:
    def owner(field_name: str) -> str:
        if field_name.startswith(_COMMON):
            return "common"
        return "api" if field_name.startswith("api_") else "daemon"

    return [field_name for field_name in Settings.model_fields if owner(field_name) == name]


def _table(model: type[BaseModel], names: list[str]) -> str:
    rows = ["| setting | default | allowed | meaning |", "|---|---|---|---|"]
    for name in names:
        field = model.model_fields[name]
        cells = (f"`{name.upper()}`", _default(field), _limits(field), field.description or "")
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "none, required"
    return "unset" if field.default is None else f"`{_text(field.default)}`"


def _default_line(field: FieldInfo) -> str:
    limits = _limits(field)
    return f"# Default: {_default(field)}".replace("`", "") + (f" ({limits})" if limits else "")


def _example(name: str, field: FieldInfo) -> str:
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    return "" if field.default in (None, PydanticUndefined) else _text(field.default)


def _text(value: Any) -> str:
    """As one writes it into the environment."""
    if isinstance(value, list | dict):
        return json.dumps(value)
    return format_duration(value) if isinstance(value, timedelta) else str(value)


def _limits(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(get_args(field.annotation))
    signs = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    found = [
        f"{words} {value:,}".replace(",", " ")
        for item in field.metadata
        for sign, words in signs.items()
        if (value := getattr(item, sign, None)) is not None
    ]
    return ", ".join(found)


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))


if __name__ == "__main__":
    write_all(ROOT)
