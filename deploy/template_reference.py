"""Writes the tables of parameters in docs/templates.md from the job templates themselves: `make docs`.

The text around the tables is written by people: one section `## <type>` for each template.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from deploy.settings_reference import ROOT
from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.plugins import load_templates
from shared.durations import format_duration

_WORDS = {"array": "list", "boolean": "true or false", "object": "object"}
PAGE = ROOT / "docs/templates.md"
_OWN_PACKAGE = "scheduler_daemon."
_SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)
_TABLE = re.compile(r"\n*<!-- parameters, written by `make docs` -->.*?<!-- /parameters -->\n", re.DOTALL)
_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "{} or more characters",
    "maxLength": "{} or fewer characters",
    "minItems": "{} or more entries",
    "maxItems": "{} or fewer entries",
    "maxProperties": "{} or fewer fields",
}


def own_templates() -> list[JobTemplate]:
    """The installed templates that come with this project, by type."""
    found = load_templates().values()
    return sorted(
        (each for each in found if type(each).__module__.startswith(_OWN_PACKAGE)), key=lambda each: each.type
    )


def with_tables(page: str, templates: Iterable[JobTemplate]) -> str:
    """The page with the present table of parameters at the end of each template's section.

    A template without a section gets one, with its description.
    """
    rest = {template.type: template for template in templates}
    written = []
    for kind, section in _sections(page):
        template = rest.pop(kind, None)
        written.append(section if template is None else _with_table(section, template))
    written += [_with_table(f"## {each.type}\n\n{each.description}\n", each) for each in rest.values()]
    return "\n".join(part.rstrip("\n") + "\n" for part in written)


def parameters_table(template: JobTemplate) -> str:
    """One row for each parameter."""
    schema = template.Parameters.model_json_schema(by_alias=True)
    fields = schema.get("properties", {})
    if not fields:
        return "No parameters.\n"
    declared = {field.alias or name: field for name, field in template.Parameters.model_fields.items()}
    rows = ["| parameter | default | allowed | meaning |", "|---|---|---|---|"]
    for name, field in fields.items():
        default = _default(declared[name])
        words = ["duration"] if _is_duration(declared[name]) else _allowed(schema, field)
        allowed = ", ".join(words).replace("|", "\\|")
        rows.append(f"| `{name}` | {default} | {allowed} | {field.get('description', '')} |")
    return "\n".join(rows) + "\n"


def write(page: Path) -> None:
    """Brings the tables of a page up to date."""
    page.write_text(with_tables(page.read_text(), own_templates()))


def _sections(page: str) -> Iterator[tuple[str, str]]:
    """What is before the first section, and each section to its end, with their types."""
    starts = [*_SECTION.finditer(page)]
    ends = [*(each.start() for each in starts), len(page)]
    yield "", page[: ends[0]]
    for start, end in zip(starts, ends[1:], strict=True):
        yield start[1], page[start.start() : end]


def _with_table(section: str, template: JobTemplate) -> str:
    text = _TABLE.sub("\n", section).rstrip("\n")
    begin, end = "<!-- parameters, written by `make docs` -->", "<!-- /parameters -->"
    return f"{text}\n\n{begin}\n\n{parameters_table(template)}\n{end}\n"


def _is_duration(field: FieldInfo) -> bool:
    return timedelta in (field.annotation, *get_args(field.annotation))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "none, required"
    default = field.get_default(call_default_factory=True, validated_data={})
    match default:
        case None:
            return "unset"
        case str():
            return f"`{default}`"
        case timedelta():
            return f"`{format_duration(default)}`"
        case _:
            return f"`{json.dumps(default, ensure_ascii=False, default=str)}`"


def _allowed(root: Mapping[str, Any], field: Mapping[str, Any]) -> Iterator[str]:
    """In words: type or values, limits, and whether it is secret."""
    forms = [_resolved(root, form) for form in field.get("anyOf", [field])]
    for form in forms:
        if form.get("type") == "null":
            continue
        if "enum" in form:
            yield ", ".join(map(str, form["enum"]))
        elif form.get("format") == "password":
            yield "secret"
        elif "type" in form:
            yield _WORDS.get(form["type"], form.get("format", form["type"]))
        if form.get("type") == "array":
            yield from (f"each: {word}" for word in _allowed(root, form.get("items", {})))
        for limit, words in _LIMITS.items():
            if limit in form:
                yield words.format(f"{form[limit]:,}".replace(",", " "))


def _resolved(root: Mapping[str, Any], form: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(form.get("$ref", "")).rpartition("/")[2]
    found: Mapping[str, Any] = root.get("$defs", {}).get(name, form)
    return found


if __name__ == "__main__":
    write(PAGE)
