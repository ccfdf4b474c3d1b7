"""The OpenAPI document: made when it is first asked for, from the views, their models and what they declare."""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from threading import Lock
from typing import cast

from flask import Flask
from flask_openapi.openapi import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.auth import needed_permission
from api.contract.declarations import answers_of
from api.contract.operations import (
    HEADERS,
    PARAMETERS,
    Json,
    Operation,
    Schemas,
    problem_response,
    response_name,
)
from api.contract.shapes import ProblemDocument

VERSION = "3.1.0"
_REFERENCE = "#/components/schemas/{model}"
_PARTS, _DOCUMENT = "unified_scheduler_openapi_parts", "unified_scheduler_openapi"
_making = Lock()

Models = tuple[tuple[type[BaseModel], JsonSchemaMode], ...]


def install(app: OpenAPI) -> None:
    """Called once, when every view is registered. RuntimeError names one that does not say what it answers."""
    document: Json = app.api_doc
    app.extensions[_PARTS] = (document, dict(_operations(app, document["paths"])))


def openapi(app: Flask) -> Json:
    """The document. It takes a tenth of a second the first time, which a start does without."""
    with _making:
        if _DOCUMENT not in app.extensions:
            app.extensions[_DOCUMENT] = _described(*app.extensions[_PARTS])
    found: Json = app.extensions[_DOCUMENT]
    return found


def _described(document: Json, operations: Mapping[tuple[str, str], Operation]) -> Json:
    """`document`, as Flask's routes made it, completed."""
    modes, schemas = _schemas(operations.values())
    of_definitions = {path for (path, _), operation in operations.items() if operation.shows_definition()}
    for (path, method), operation in operations.items():
        described = document["paths"][path][method]
        described.pop("deprecated", None)
        described.update(operation.described(modes, of_definition=path in of_definitions))
        if operation.permission is not None:
            told = f"Needs the permission `{operation.permission.value}`."
            described["description"] = " ".join(filter(None, (described.get("description"), told)))
    used = {status for operation in operations.values() for status in operation.refusals()}
    problem = modes[ProblemDocument, "serialization"]
    document["openapi"] = VERSION
    document["components"] |= {
        "schemas": dict(sorted(schemas.items())),
        "responses": {response_name(status): problem_response(status, problem) for status in sorted(used)},
        "parameters": PARAMETERS,
        "headers": HEADERS,
    }
    return document


def _operations(app: OpenAPI, paths: Json) -> Iterator[tuple[tuple[str, str], Operation]]:
    for rule in app.url_map.iter_rules():
        path = rule.rule.translate({ord("<"): "{", ord(">"): "}"})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if method.lower() not in paths.get(path, {}):
                continue
            view = app.view_functions[rule.endpoint]
            answers = answers_of(view)
            if answers is None or not answers.successes:
                raise RuntimeError(f"the view {rule.endpoint} does not say what it answers: @shows, @creates ...")
            permission = needed_permission(app, rule.endpoint)
            yield (
                (path, method.lower()),
                Operation.of_view(
                    method, view, answers, permission, takes_other="requestBody" in paths[path][method.lower()]
                ),
            )


def _schemas(operations: Collection[Operation]) -> tuple[Schemas, Json]:
    """The schema or reference of each model, and the schemas that are referred to."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemDocument, "serialization"): None}
    for operation in operations:
        for model in (operation.path, operation.query, operation.body):
            if model is not None:
                wanted[model, "validation"] = None
        for shape in operation.shapes():
            wanted[shape, "serialization"] = None
    in_order = sorted(wanted, key=lambda each: (each[0].__name__, each[0].__module__, each[1]))
    found, definitions = _generated(tuple(in_order))
    modes, schemas = dict(found), dict(definitions)
    for operation in operations:
        for model in (operation.path, operation.query):  # OpenAPI lists their fields one by one
            reference = modes[model, "validation"].get("$ref", "") if model is not None else ""
            if model is not None and reference:
                modes[model, "validation"] = schemas.pop(reference.removeprefix(_REFERENCE.format(model="")))
    return modes, schemas


@lru_cache(maxsize=1)
def _generated(models: Models) -> tuple[Schemas, Json]:
    """The same for every application of a process."""
    found, definitions = models_json_schema(models, ref_template=_REFERENCE)
    schemas: Json = definitions["$defs"]
    return cast(Schemas, found), schemas  # it would take dataclasses too
