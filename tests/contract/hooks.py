"""What schemathesis is told of this API: which documents there are, and a template that jobs can be made from.

Loaded by schemathesis in its own process (SCHEMATHESIS_HOOKS); KNOWN_DOCUMENTS is the JSON that fuzzing.py wrote.
"""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import schemathesis

_KNOWN: dict[str, list[str]] = json.loads(Path(os.environ["KNOWN_DOCUMENTS"]).read_text(encoding="utf-8"))
_LONGEST_ADDRESS = 3500
"""Longer ones are refused by gunicorn itself, before the API sees them (414)."""
_TRIES = 4
"""Of so many cases one keeps the id that schemathesis made up."""


def _even(text: str, count: int) -> int:
    """The same number for the same case, so that a failure can be repeated."""
    return sum(text.encode(errors="replace")) % count


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Only what reaches the API."""
    return len(quote(str(case.path_parameters)) + quote(str(case.query))) < _LONGEST_ADDRESS


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Most cases name a document that exists."""
    known = _KNOWN.get(context.operation.path.partition("/{")[0])
    made_up = str((path_parameters or {}).get("id", ""))
    if path_parameters and known and _even(made_up, _TRIES):
        path_parameters["id"] = known[_even(made_up + "x", len(known))]
    return path_parameters


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Jobs are made from a template that is there, notifications from a text that is there."""
    if isinstance(body, dict):
        if isinstance(body.get("template"), str) and context.operation.path.endswith(("/jobs", "/jobs/{id}")):
            body["template"] = "noop"
        if isinstance(body.get("templateId"), str):
            body["templateId"] = _KNOWN["/api/notifications/templates"][0]
    return body
