"""One line of a log, readable: time, level, event, and the rest as key=value."""

import json
from collections.abc import Mapping
from typing import Any

import click

from api.cli.output import printable

LogLine = dict[str, Any]
LEVELS = ("debug", "info", "warning", "error", "critical")
_COLOURS = {"debug": "bright_black", "warning": "yellow", "error": "red", "critical": "red"}


def shown(line: Mapping[str, Any], *, as_json: bool) -> str:
    """For people (click takes the colours out where there is no terminal), or as JSON."""
    if as_json:
        return json.dumps(line, ensure_ascii=False)
    level = str(line.get("level", "info"))
    rest = {name: value for name, value in line.items() if name not in ("at", "level", "event")}
    told = " ".join(f"{printable(name)}={printable(value)}" for name, value in rest.items() if value is not None)
    head = f"{printable(line.get('at'))} {printable(level):8} {printable(line.get('event'))}"
    return click.style(f"{head}  {told}".rstrip(), fg=_COLOURS.get(level))
