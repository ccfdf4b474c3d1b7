"""A job's template and its parameters, against what the daemon published."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from bson import decode, encode
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from api.fault_words import REQUIRED
from api.problems import FieldFault, invalid_fields
from shared.errors import InvalidDefinition
from shared.logging import MASK
from shared.models.catalogue import PublishedTemplate
from shared.secret_params import unmasked
from shared.secrets_vault import Vault

MOST_FAULTS = 20
MOST_VALIDATORS = 64
_NO_REMOTE_SCHEMAS: Registry[Any] = Registry()
_LIMITS = {
    "minimum": "must be at least",
    "maximum": "must be at most",
    "exclusiveMinimum": "must be more than",
    "exclusiveMaximum": "must be less than",
    "multipleOf": "must be a multiple of",
    "minLength": "needs at least this many characters:",
    "maxLength": "may have at most this many characters:",
    "minItems": "needs at least this many items:",
    "maxItems": "may have at most this many items:",
    "minProperties": "needs at least this many fields:",
    "maxProperties": "may have at most this many fields:",
    "pattern": "must match the pattern",
    "format": "must have the format",
    "const": "must be",
}


def find_template(template: str, catalogue: Sequence[PublishedTemplate]) -> PublishedTemplate:
    """The published template of that type; InvalidDefinition says which there are."""
    available = [each for each in catalogue if each.available]
    for each in available:
        if each.type == template:
            return each
    if not available:
        raise InvalidDefinition(
            "template", "no job template is published yet; start the daemon first", "unknown_template"
        )
    names = ", ".join(each.type for each in available)
    raise InvalidDefinition("template", f"there is no such job template; there are: {names}", "unknown_template")


def checked_params(
    params: Mapping[str, Any], stored: Any, template: PublishedTemplate, vault: Vault, job_id: str
) -> dict[str, Any]:
    """The parameters to store, secrets sealed. A mask stands for that of `stored`, the parameters that were shown.

    InvalidDefinition or Problem 422 names what is wrong.
    """
    written = written_params(params, stored, template, vault, job_id)
    return vault.sealed(written, template.parameters_schema, job_id, stored)


def written_params(
    params: Mapping[str, Any], stored: Any, template: PublishedTemplate, vault: Vault, job_id: str
) -> dict[str, Any]:
    """The same, checked and not sealed."""
    whole = unmasked(vault.opened(params, job_id), vault.openable(stored, job_id), template.parameters_schema)
    check_params(whole, template)
    return whole


def check_params(params: Mapping[str, Any], template: PublishedTemplate) -> None:
    """Problem 422 names each parameter that the template's schema refuses. Never fetches a schema."""
    faults = {fault for error in _errors(params, template) for fault in _field_faults(error)}
    if faults:
        raise invalid_fields(sorted(faults)[:MOST_FAULTS])


def faults_of_params(template: Any, params: Any, catalogue: Sequence[PublishedTemplate]) -> list[FieldFault]:
    """What is wrong with the parameters of a body that is refused anyway; a masked secret is taken to be good.

    template, params: as they were sent, of any type; where the template is not known, nothing is.
    """
    if not isinstance(template, str) or not isinstance(params, Mapping):
        return []
    try:
        errors = _errors(params, find_template(template, catalogue))
    except InvalidDefinition:
        return []
    return sorted({fault for error in errors if error.instance != MASK for fault in _field_faults(error)})[:MOST_FAULTS]


def _errors(params: Mapping[str, Any], template: PublishedTemplate) -> list[ValidationError]:
    try:
        return list(_validator(encode(template.parameters_schema)).iter_errors(dict(params)))
    except (SchemaError, Unresolvable, re.error, RecursionError):
        raise InvalidDefinition(
            "template", "its parameter schema cannot be used; the template is at fault", "broken_template"
        ) from None


@lru_cache(maxsize=MOST_VALIDATORS)
def _validator(schema: bytes) -> Draft202012Validator:
    """For a schema as it is stored. That it is one is checked once: that takes longer than all else of a request."""
    read = decode(schema)
    Draft202012Validator.check_schema(read)
    return Draft202012Validator(read, registry=_NO_REMOTE_SCHEMAS, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _field_faults(error: ValidationError) -> Iterator[FieldFault]:
    """The faults of one error, in words of our own: jsonschema's would repeat the value."""
    path = ["params", *(str(part) for part in error.absolute_path)]
    rule, limit = str(error.validator), error.validator_value
    if rule == "required" and isinstance(error.instance, Mapping):
        for name in limit if isinstance(limit, list) else ():
            if name not in error.instance:
                yield FieldFault(".".join([*path, str(name)]), "required", REQUIRED)
    elif rule == "additionalProperties" and isinstance(error.instance, Mapping):
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        for name in error.instance:
            if name not in known:
                yield FieldFault(".".join([*path, name[:100]]), "extra_forbidden", "the template has no such parameter")
    else:
        yield FieldFault(".".join(path), rule, _remedy(rule, limit))


def _remedy(rule: str, limit: Any) -> str:
    match rule:
        case "minLength" if limit == 1:
            return REQUIRED
        case "type":
            return f"must be of the type {' or '.join(limit) if isinstance(limit, list) else limit}"
        case "enum":
            return f"must be one of {', '.join(map(str, limit))}"
        case "anyOf" | "oneOf":
            return "has none of the allowed forms"
    return f"{_LIMITS[rule]} {limit}" if rule in _LIMITS else f"breaks the rule {rule} of the template's schema"
