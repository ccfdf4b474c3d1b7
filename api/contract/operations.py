"""One operation of the OpenAPI document, from what its view declares: parameters, body, answers, refusals."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from inspect import unwrap
from typing import Any, get_type_hints

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from api.context import FILE_MARK, FILES_HEADER, LONGEST_KEY
from api.contract.declarations import Answers, IfMatch, Success
from api.contract.examples import EXAMPLES
from api.contract.shapes import KeptInFiles
from api.paging import PageQuery
from api.problems import MEDIA_TYPE
from api.requests import Body
from shared.models.access import Permission

Json = dict[str, Any]
Schemas = dict[tuple[type[BaseModel], JsonSchemaMode], Json]
"""The schema of each model, or a reference to it: as it is read, and as it is answered."""

JSON_TYPE = "application/json"
_BODY_REFUSALS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_CHANGE_REFUSALS = (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED)
_KEY_REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path. permission None: public.  takes_other: it has a body that is no JSON."""

    method: str
    answers: Answers
    permission: Permission | None
    path: type[BaseModel] | None
    query: type[BaseModel] | None
    body: type[Body] | None
    takes_other: bool

    @classmethod
    def of_view(
        cls,
        method: str,
        view: Callable[..., Any],
        answers: Answers,
        permission: Permission | None,
        *,
        takes_other: bool,
    ) -> "Operation":
        hints = get_type_hints(unwrap(view))
        return cls(method, answers, permission, hints.get("path"), hints.get("query"), hints.get("body"), takes_other)

    @property
    def takes_key(self) -> bool:
        """Whether an Idempotency-Key is heeded: it makes or commands something."""
        return self.method == "POST" and self.permission not in (None, Permission.READ)

    def refusals(self) -> list[HTTPStatus]:
        """Every status of a problem that it may answer, but faults of the API itself (500)."""
        found = {HTTPStatus.SERVICE_UNAVAILABLE, *self.answers.refusals}
        if self.permission is not None:
            found |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
        if self.path is not None:
            found |= {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
        if self.query is not None:
            found.add(HTTPStatus.UNPROCESSABLE_ENTITY)
            if issubclass(self.query, PageQuery):
                found.add(HTTPStatus.BAD_REQUEST)
        if self.body is not None or self.takes_other:
            found.update(_BODY_REFUSALS)
        if self.takes_key:
            found.update(_KEY_REFUSALS)
        if self.answers.if_match is not None:
            found.update(_CHANGE_REFUSALS)
        return sorted(found)

    def shapes(self) -> set[type[BaseModel]]:
        """The models of its answers."""
        return {shape for success in self.answers.successes for shape in success.shapes}

    def shows_definition(self) -> bool:
        """Whether its path is that of a definition which files may keep."""
        return self.method == "GET" and any(map(_may_be_kept, self.answers.successes))

    def described(self, schemas: Schemas, *, of_definition: bool) -> Json:
        """Its parameters, body and responses in the words of OpenAPI. of_definition: its path is that of one."""
        described: Json = {"parameters": self._parameters(schemas, of_definition=of_definition)}
        if self.body is not None:
            content: Json = {"schema": schemas[self.body, "validation"]}
            if self.body.__name__ in EXAMPLES:
                content["example"] = EXAMPLES[self.body.__name__]
            described["requestBody"] = {"content": {JSON_TYPE: content}, "required": not self.body.may_be_empty}
        described["responses"] = {
            **{str(each.status.value): self._success(each, schemas) for each in self.answers.successes},
            **{str(each.value): {"$ref": f"#/components/responses/{response_name(each)}"} for each in self.refusals()},
        }
        return described

    def _parameters(self, schemas: Schemas, *, of_definition: bool) -> list[Json]:
        found = [*_of_model(self.path, "path", schemas), *_of_model(self.query, "query", schemas)]
        if self.answers.if_match is not None:
            found.append({"$ref": f"#/components/parameters/{self.answers.if_match.value}"})
        if self.takes_key:
            found.append({"$ref": "#/components/parameters/IdempotencyKey"})
        if of_definition and self.method in ("PUT", "PATCH", "DELETE"):
            found += [{"$ref": "#/components/parameters/Force"}, {"$ref": "#/components/parameters/ManagedBy"}]
        elif any(each.status == HTTPStatus.CREATED and _may_be_kept(each) for each in self.answers.successes):
            found.append({"$ref": "#/components/parameters/ManagedBy"})
        return found

    def _success(self, success: Success, schemas: Schemas) -> Json:
        names = (*success.headers, "X-Request-Id")
        described: Json = {
            "description": success.status.phrase,
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        }
        if self.takes_key:
            described["headers"]["Idempotency-Replayed"] = {"$ref": "#/components/headers/Idempotency-Replayed"}
        choices = [schemas[shape, "serialization"] for shape in success.shapes]
        if choices:
            content = {"schema": choices[0] if len(choices) == 1 else {"anyOf": choices}}
            example = EXAMPLES.get(success.shapes[0].__name__)
            if example is not None:
                content["example"] = example
            described["content"] = {JSON_TYPE: content}
        elif success.media_types:
            described["content"] = {name: {"schema": {"type": "string"}} for name in sorted(set(success.media_types))}
        return described


def _may_be_kept(success: Success) -> bool:
    return any(issubclass(shape, KeptInFiles) for shape in success.shapes)


def response_name(status: HTTPStatus) -> str:
    """Of the component that describes a refusal: `NotFound`."""
    return status.phrase.title().replace(" ", "").replace("-", "")


def problem_response(status: HTTPStatus, schema: Json) -> Json:
    """The component that describes a refusal."""
    names = ["X-Request-Id"]
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        names.append("Retry-After")
    if status == HTTPStatus.UNAUTHORIZED:
        names.append("WWW-Authenticate")
    return {
        "description": f"{status.phrase}; `code` and `errors` say what is wrong",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {MEDIA_TYPE: {"schema": schema, "example": EXAMPLES["ProblemDocument"]}},
    }


def _of_model(model: type[BaseModel] | None, place: str, schemas: Schemas) -> list[Json]:
    """The parameters that a model describes. In an address nothing is null: it is left out."""
    if model is None:
        return []
    schema = schemas[model, "validation"]
    required = schema.get("required", [])
    return [
        {"name": name, "in": place, "required": name in required, **_parameter(each)}
        for name, each in schema["properties"].items()
    ]


def _parameter(schema: Json) -> Json:
    shown = {name: value for name, value in schema.items() if name not in ("title", "description", "anyOf")}
    description = schema.get("description")
    for choice in schema.get("anyOf", ()):
        if choice != {"type": "null"}:
            description = choice.get("description", description)
            shown |= {name: value for name, value in choice.items() if name != "description"}
    if shown.get("default", 0) is None:
        del shown["default"]
    return {"schema": shown, **({"description": description} if description else {})}


def _if_match(description: str, *, required: bool = True, example: str = "*") -> Json:
    schema = {"type": "string", "minLength": 1}
    described = {"name": "If-Match", "in": "header", "required": required, "description": description}
    return {**described, "schema": schema, "example": example}


PARAMETERS: Json = {
    IfMatch.REQUIRED.value: _if_match("The ETag of the document that was read; `*` changes it whatever it is now."),
    IfMatch.OF_WHAT_EXISTS.value: _if_match("As everywhere; absent the first time.", required=False),
    IfMatch.EXACT.value: _if_match("The ETag of the document that was read; `*` does not do.", example='"1"'),
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key is the same request: a repeat gets the first answer again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    },
    "Force": {
        "name": "force",
        "in": "query",
        "required": False,
        "description": "`true`: changes it here although files keep it.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "ManagedBy": {
        "name": FILES_HEADER,
        "in": "header",
        "required": False,
        "description": "From which set of files this comes; `unified-scheduler apply` sends it.",
        "schema": {"type": "string", "pattern": f"^{FILE_MARK.pattern}$"},
    },
}
HEADERS: Json = {
    name: {"description": text, "required": required, "schema": {"type": "string"}}
    for name, text, required in (
        ("ETag", "The revision, as If-Match wants it.", True),
        ("Location", "Path of what was made.", True),
        ("X-Request-Id", "Of this request; also in the log of the API and in the audit log.", True),
        ("Idempotency-Replayed", "`true`: this is the answer of an earlier request with the same key.", False),
        ("Retry-After", "Seconds.", True),
        ("WWW-Authenticate", "How to prove who calls.", True),
        ("Content-Disposition", "The name of the file.", True),
        ("Content-Range", "Which part of the file.", True),
    )
}
