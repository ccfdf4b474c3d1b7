"""What comes in: bodies that are JSON objects, and their faults as fields that a client can find."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn, Self

from flask import Request
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from api.fault_words import words_for
from api.problems import FieldFault, Problem, ProblemCode, invalid_fields
from shared.models.base import Model

MOST_NESTING = 32
MOST_FAULTS = 100
LONGEST_FIELD_PATH = 200
_INT64 = 2**63
_UNION_TAGS = ("cron", "interval", "once")
_JSON_TYPE = re.compile(r"application/([a-z0-9.+-]+\+)?json")


class JsonRequest(Request):
    """Refuses a body that is not a JSON object, before any model sees it.

    flask-openapi asks for `get_json(silent=True)`, which would hide the fault; it hands a text to the model unread.
    """

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: ARG002 - Flask's
        """The body's text after all checks; "" if there is none, which the request model may allow."""
        raw = self.get_data(cache=cache)
        if not raw.strip():
            return ""
        if not _JSON_TYPE.fullmatch(self.mimetype):
            raise Problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                ProblemCode.UNSUPPORTED_MEDIA_TYPE,
                "Send the body as Content-Type: application/json.",
            )
        return check_json(raw)


def check_json(raw: bytes) -> str:
    """The text of a JSON object; Problem for all that is not JSON, or that MongoDB could not store."""
    try:
        text = raw.decode()
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_without_duplicates
        )
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError:
        raise _bad_json("The body is not UTF-8.") from None
    except json.JSONDecodeError as fault:
        raise _bad_json(f"The body is not JSON: {fault.msg} (line {fault.lineno}, column {fault.colno}).") from None
    if not isinstance(value, dict):
        raise _bad_json("The body must be a JSON object.")
    _check_value(value, 1)
    return text


def _check_value(value: object, depth: int) -> None:
    if depth > MOST_NESTING:
        raise _too_deep()
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_key(key)
            _check_value(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_value(inner, depth + 1)
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise _bad_json("The body holds a whole number of more than 64 bits.")


def _check_key(key: str) -> None:
    _check_text(key)
    if key.startswith("$") or "\x00" in key:
        raise _bad_json('The body holds a key that starts with "$" or contains the NUL character.')


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _bad_json("The body holds an unpaired surrogate.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise _bad_json(f"{name} is not JSON.")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _bad_json("The body holds a number that is too large.")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _bad_json("The body names a key twice in one object.")
    return value


def _bad_json(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, ProblemCode.INVALID_JSON, detail)


def _too_deep() -> Problem:
    return Problem(
        HTTPStatus.BAD_REQUEST, ProblemCode.BODY_TOO_DEEP, f"The body is nested deeper than {MOST_NESTING} levels."
    )


UNSET: Any = None
"""Default of a field that may be absent but not null: pydantic never validates a default."""


class Asked(Model):
    """Base of the models of requests."""

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Made once: flask-openapi asks for that of the query at every request."""
        if args or options:
            return super().model_json_schema(*args, **options)
        return _schema_of(cls)


@cache
def _schema_of(model: type[Asked]) -> dict[str, Any]:
    return super(Asked, model).model_json_schema()


class Body(Asked):
    """Base of the request models: JSON types are taken as they are ("yes" is no boolean, "5" no number)."""

    may_be_empty: ClassVar[bool] = False

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **_options: Any) -> Self:
        """Reads the text that JsonRequest.get_json gives."""
        if not json_data:
            if not cls.may_be_empty:
                raise Problem(HTTPStatus.BAD_REQUEST, ProblemCode.BODY_REQUIRED, "Send a JSON object as the body.")
            json_data = "{}"
        try:
            return super().model_validate_json(json_data, strict=True)
        except ValidationError as fault:
            beside = cls.faults_beside(json.loads(json_data))
            if not beside:
                raise
            faults = [each for each in faults_of(fault) if each.field]  # of the whole: `beside` names its fields
            raise invalid_fields([*faults, *beside][:MOST_FAULTS]) from None

    @classmethod
    def faults_beside(cls, _given: Mapping[str, Any]) -> list[FieldFault]:
        """What else is wrong with a body that the model refuses, so that all of it is told at once."""
        return []

    def given(self) -> dict[str, Any]:
        """The fields that the client sent, in JSON form."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class DocumentPath(BaseModel):
    """`{id}` in a path."""

    id: str = Field(min_length=1, max_length=1024, description="Identity of the document.")


def refuse_invalid(fault: ValidationError) -> NoReturn:
    """Raises the 422 of a pydantic ValidationError; given to flask-openapi."""
    raise invalid_fields(faults_of(fault)) from None


def faults_of(fault: ValidationError) -> list[FieldFault]:
    """Each wrong field once, at most a hundred, never with the value."""
    errors = fault.errors(include_url=False, include_input=False)
    return [_field_fault(error) for error in errors[:MOST_FAULTS]]


def _field_fault(error: ErrorDetails) -> FieldFault:
    path, code = list(error["loc"]), str(error["type"])
    if code in ("union_tag_not_found", "union_tag_invalid"):
        path.append("kind")
        return FieldFault(field_path(path), code, f"name the kind: {', '.join(_UNION_TAGS[:-1])} or {_UNION_TAGS[-1]}")
    return FieldFault(field_path(path), code, words_for(error))


def field_path(path: Sequence[str | int]) -> str:
    """The dotted path without what pydantic adds: the tag of a schedule's kind, `[key]`, names of union members."""
    parts: list[str] = []
    for part in path:
        text = "id" if part == "_id" else str(part)
        is_tag = text in _UNION_TAGS and parts[-1:] == ["schedule"]
        if not is_tag and text != "[key]":
            parts.append(text)
    return ".".join(parts)[:LONGEST_FIELD_PATH]
