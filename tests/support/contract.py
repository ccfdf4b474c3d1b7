"""Holds an answer of the API against the OpenAPI document that the same application serves."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from api.contract.document import openapi

ALWAYS = frozenset({"405", "500"})
"""Of paths, not of operations; and what no operation promises."""


def check_answer(app: Flask, method: str, path: str, response: TestResponse) -> None:
    """AssertionError if the operation does not declare this status, body or header. Undescribed paths are skipped."""
    document = openapi(app)
    operation = _operation(app, document, method, path)
    status = str(response.status_code)
    if operation is None or status in ALWAYS:
        return
    declared = operation["responses"]
    assert status in declared, f"{method} {path}: the document has no answer {status}, only {', '.join(declared)}"
    answer = _followed(document, declared[status])
    for name, header in answer.get("headers", {}).items():
        if _followed(document, header)["required"]:
            assert name in response.headers, f"{method} {path} {status}: the header {name} is missing"
    content = answer.get("content", {})
    if not content:
        assert not response.data, f"{method} {path} {status}: a body where none is declared"
        return
    assert response.mimetype in content, f"{method} {path} {status}: {response.mimetype} is not declared"
    if response.is_json:
        check_json(document, content[response.mimetype]["schema"], response.json)


def check_json(document: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> None:
    """AssertionError if the value does not fit a schema of the document."""
    validator = Draft202012Validator({**schema, "components": document["components"]})
    faults = [f"{fault.json_path}: {fault.message[:300]}" for fault in validator.iter_errors(value)]
    assert not faults, "\n".join(faults)


def _operation(app: Flask, document: Mapping[str, Any], method: str, path: str) -> dict[str, Any] | None:
    try:
        rule, _ = app.url_map.bind("localhost").match(path.partition("?")[0], method=method, return_rule=True)
    except HTTPException:
        return None
    described = rule.rule.translate({ord("<"): "{", ord(">"): "}"})
    found: dict[str, Any] | None = document["paths"].get(described, {}).get(method.lower())
    return found


def _followed(document: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in given:
        return given
    found: dict[str, Any] = document["components"]
    for part in given["$ref"].split("/")[2:]:
        found = found[part]
    return found
