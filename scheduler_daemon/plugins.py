"""Finds job templates through entry points. A broken one stops the start, with its name."""

import importlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from scheduler_daemon.job_template import JobTemplate
from shared.errors import PluginError
from shared.models.catalogue import PublishedTemplate

GROUP = "unified_scheduler.job_templates"
_REQUIRED = ("type", "name", "category")


def load_templates(found: Iterable[EntryPoint] | None = None) -> dict[str, JobTemplate]:
    """One instance of every registered template, by type. PluginError names the entry point that is at fault."""
    templates: dict[str, JobTemplate] = {}
    for entry in sorted(entry_points(group=GROUP) if found is None else found, key=lambda each: each.name):
        template = _load(entry)
        if template.type in templates:
            raise PluginError(f"job template {entry.name!r} ({entry.value}): the type {template.type!r} exists twice")
        templates[template.type] = template
    if not templates:
        raise PluginError(f"no job template is installed (entry point group {GROUP}); install the project first")
    return templates


def place_of(template: JobTemplate) -> str:
    """Where a worker process finds the class of a template: `module:name`."""
    kind = type(template)
    return f"{kind.__module__}:{kind.__qualname__}"


def template_at(place: str) -> JobTemplate:
    """A new instance of the class at a place. Raises whatever the import raises."""
    module, _, name = place.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    made: JobTemplate = found()
    return made


def publish(templates: Mapping[str, JobTemplate], now: datetime) -> list[PublishedTemplate]:
    """What the API and the UI are told of the templates."""
    return [
        PublishedTemplate(
            type=template.type,
            name=template.name,
            category=template.category,
            description=template.description,
            version=template.version,
            parameters_schema=template.Parameters.model_json_schema(by_alias=True),
            published_at=now,
        )
        for template in templates.values()
    ]


def _load(entry: EntryPoint) -> JobTemplate:
    where = f"job template {entry.name!r} ({entry.value})"
    try:
        loaded = entry.load()
    except Exception as fault:  # a plugin's import may raise anything
        raise PluginError(f"{where} cannot be imported: {type(fault).__name__}: {fault}") from fault
    if not (isinstance(loaded, type) and issubclass(loaded, JobTemplate)):
        raise PluginError(f"{where} is not a subclass of JobTemplate")
    missing = [name for name in _REQUIRED if not isinstance(getattr(loaded, name, None), str)]
    if missing:
        raise PluginError(f"{where} does not declare {', '.join(missing)}")
    if not (isinstance(loaded.Parameters, type) and issubclass(loaded.Parameters, BaseModel)):
        raise PluginError(f"{where}: Parameters is not a pydantic model")
    try:
        loaded.Parameters.model_json_schema(by_alias=True)
        template = loaded()
    except (TypeError, PydanticUserError) as fault:
        raise PluginError(f"{where}: {fault}") from fault
    if template.is_blocking and not _is_found_again(template):
        raise PluginError(
            f"{where} is blocking, but a worker process cannot import it as {place_of(template)}; "
            "define the class at the top level of its module"
        )
    return template


def _is_found_again(template: JobTemplate) -> bool:
    try:
        return type(template_at(place_of(template))) is type(template)
    except (ImportError, AttributeError):
        return False
