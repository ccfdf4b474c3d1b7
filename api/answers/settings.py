"""The settings in force: what each is, where it comes from and which program it belongs to. Secrets are masked."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic_core import PydanticUndefined

from api.answers.status import daemon_answer
from shared.jsonable import jsonable
from shared.setting_groups.access import AccessSettings
from shared.setting_groups.daemon import DaemonSettings
from shared.settings import Settings
from shared.settings_shown import shown, source_of


def settings_answer(
    settings: Settings, environment: Mapping[str, str], credentials: str | None, listens_on: str | None = None
) -> list[dict[str, Any]]:
    """By name. environment: of this process. credentials: the folder of systemd's, if there is one.

    listens_on: the address that this process was given instead of API_BIND.
    """
    answers = [
        {
            "name": name.upper(),
            "value": shown(getattr(settings, name)),
            "default": None
            if field.default is PydanticUndefined
            else shown(field.get_default(call_default_factory=True)),
            "source": source_of(name, environment, credentials, settings),
            "of": _program(name),
            "description": field.description or "",
        }
        for name, field in sorted(Settings.model_fields.items())
    ]
    for answer in answers:
        if answer["name"] == "API_BIND" and listens_on is not None:
            answer |= {"value": listens_on, "source": "command line"}
    return answers


def daemons_answer(heartbeats: Iterable[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """What the daemons that live have told of their settings: those that are not the default."""
    return [
        {"instance": daemon["instance"], "host": daemon["host"], "settings": _given(heartbeat.get("settings"))}
        for heartbeat in heartbeats
        if (daemon := daemon_answer(heartbeat, now))["alive"]
    ]


def _program(name: str) -> str:
    if name in DaemonSettings.model_fields:
        return "daemon"
    return "api" if name in AccessSettings.model_fields or name.startswith("api_") else "both"


def _given(settings: Any) -> list[dict[str, Any]]:
    found = [each for each in settings if isinstance(each, Mapping)] if isinstance(settings, list) else []
    return [
        {"name": jsonable(each.get("name")), "value": _value(each.get("value")), "source": jsonable(each.get("source"))}
        for each in found
    ]


def _value(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return jsonable(text)
