"""The OpenAPI document: made once at start from the views, their models and what they declare."""

from collections.abc import Collection, Iterator
from typing import cast

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


def describe(app: OpenAPI) -> None:
    """Completes `app.api_doc`. RuntimeError names a view that does not say what it answers."""
    document = app.api_doc
    operations = dict(_operations(app, document["paths"]))
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
    found, definitions = models_json_schema(in_order, ref_template=_REFERENCE)
    modes = cast(Schemas, found)  # it would take dataclasses too
    schemas: Json = definitions["$defs"]
    for operation in operations:
        for model in (operation.path, operation.query):  # OpenAPI lists their fields one by one
            reference = modes[model, "validation"].get("$ref", "") if model is not None else ""
            if model is not None and reference:
                modes[model, "validation"] = schemas.pop(reference.removeprefix(_REFERENCE.format(model="")))
    return modes, schemas
