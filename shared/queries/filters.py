"""Filters that people write as JSON text: only operators that read stored values and cannot run code. No I/O.

A text, because a stored document and a request body may not hold keys that start with "$". Dates are RFC 3339 texts
with a zone, or extended JSON (`{"$date": ...}`), which also gives ids (`{"$oid": ...}`) and decimals.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from bson import Decimal128, Int64, ObjectId, json_util
from bson.errors import BSONError
from bson.json_util import JSONMode, JSONOptions
from pydantic import AfterValidator, Field

from shared.clock import cut_to_milliseconds
from shared.errors import InvalidDefinition

Filter = dict[str, Any]

LONGEST_TEXT = 10_000
DEEPEST = 8
MOST_VALUES = 1_000
COMPARISONS = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte")
MEMBERSHIPS = ("$in", "$nin")
COMBINATIONS = ("$and", "$or", "$nor")
OPERATORS = (*COMPARISONS, *MEMBERSHIPS, "$exists", *COMBINATIONS, "$not")

_EXTENDED_JSON = JSONOptions(json_mode=JSONMode.RELAXED, tz_aware=True)
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})")
_SCALARS = (bool, int, float, Int64, Decimal128, ObjectId, datetime)
_FIELD = re.compile(r"[^$.\x00][^.\x00]*(\.[^$.\x00][^.\x00]*)*")
FIELD_PATH = r"^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$"
"""What a parameter that names a field of a host application's documents must look like."""


def read_filter(text: str) -> Filter:
    """The filter that a text means; InvalidDefinition names the place and the remedy. An empty text matches all."""
    if not text.strip():
        return {}
    if len(text) > LONGEST_TEXT:
        raise InvalidDefinition("", f"a filter has at most {LONGEST_TEXT:,} characters")
    try:
        json.loads(text, object_pairs_hook=_without_duplicates)
        loaded = json_util.loads(text, json_options=_EXTENDED_JSON)
    except InvalidDefinition:
        raise
    except (ValueError, TypeError, KeyError, OverflowError, ArithmeticError, RecursionError, BSONError):
        raise InvalidDefinition("", 'not JSON; write {"field": {"$gt": 5}}, keys in double quotes') from None
    return checked_filter(loaded)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidDefinition("", "a key stands twice in one object")
    return found


def checked_filter(value: object) -> Filter:
    """The same for a filter whose JSON was read already."""
    return _conditions(value, "", 1)


def _conditions(value: object, path: str, depth: int) -> Filter:
    if not isinstance(value, Mapping):
        raise InvalidDefinition(path, 'write an object: {"field": value}')
    if depth > DEEPEST:
        raise InvalidDefinition(path, f"nested deeper than {DEEPEST} levels")
    found: Filter = {}
    for key, inner in value.items():
        place = f"{path}.{key}" if path else str(key)
        if key in COMBINATIONS:
            if not isinstance(inner, list) or not inner:
                raise InvalidDefinition(place, "takes a list of at least one filter")
            found[key] = [_conditions(each, f"{place}.{number}", depth + 1) for number, each in enumerate(inner)]
        elif key.startswith("$"):
            raise _refused(place, key)
        elif _FIELD.fullmatch(key) is None:
            raise InvalidDefinition(place, "not the name of a field")
        else:
            found[key] = _of_field(inner, place, depth + 1)
    return found


def _of_field(value: object, path: str, depth: int) -> Any:
    if isinstance(value, Mapping):
        return _operators(value, path, depth)
    return {"$eq": _value(value, path)}  # written out: a bare value is also a place for operators


def _operators(value: Mapping[Any, Any], path: str, depth: int) -> Filter:
    if depth > DEEPEST:
        raise InvalidDefinition(path, f"nested deeper than {DEEPEST} levels")
    if not value:
        raise InvalidDefinition(path, f"name an operator: {', '.join(OPERATORS)}")
    found: Filter = {}
    for operator, operand in value.items():
        place = f"{path}.{operator}"
        if not str(operator).startswith("$"):
            raise InvalidDefinition(place, f"write the path of a field with dots: {path}.{operator}")
        check = _CHECKS.get(operator)
        if check is None:
            raise _refused(place, operator)
        found[operator] = check(operand, place, depth)
    return found


def _comparison(operand: object, place: str, _depth: int) -> Any:
    return _value(operand, place)


def _membership(operand: object, place: str, _depth: int) -> list[Any]:
    if not isinstance(operand, list) or len(operand) > MOST_VALUES:
        raise InvalidDefinition(place, f"takes a list of at most {MOST_VALUES:,} values")
    return [_value(each, f"{place}.{number}") for number, each in enumerate(operand)]


def _existence(operand: object, place: str, _depth: int) -> bool:
    if not isinstance(operand, bool):
        raise InvalidDefinition(place, "takes true or false")
    return operand


def _negation(operand: object, place: str, depth: int) -> Filter:
    if not isinstance(operand, Mapping):
        raise InvalidDefinition(place, 'takes operators: {"$not": {"$gt": 5}}')
    return _operators(operand, place, depth + 1)


_CHECKS: dict[str, Callable[[object, str, int], Any]] = {
    **dict.fromkeys(COMPARISONS, _comparison),
    **dict.fromkeys(MEMBERSHIPS, _membership),
    "$exists": _existence,
    "$not": _negation,
}


def _value(value: object, place: str) -> Any:
    if value is None:
        return None
    if type(value) is str:  # code is a subclass
        return _date(value, place) if _RFC3339.fullmatch(value) else value
    if isinstance(value, datetime):
        return cut_to_milliseconds(value)
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        raise InvalidDefinition(place, "a whole number of more than 64 bits")
    if isinstance(value, _SCALARS):
        return value
    raise InvalidDefinition(place, "takes null, true, false, a number, a text, a date or an id")


def _date(text: str, place: str) -> datetime:
    try:
        return cut_to_milliseconds(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise InvalidDefinition(place, "no such date") from None


def _refused(place: str, operator: object) -> InvalidDefinition:
    return InvalidDefinition(place, f"{operator} is not allowed; these are: {', '.join(OPERATORS)}")


def _readable(text: str) -> str:
    try:
        read_filter(text)
    except InvalidDefinition as fault:
        raise ValueError(str(fault)) from None
    return text


FILTER_DESCRIPTION = (
    "Only documents that match, as JSON. Operators: $eq $ne $gt $gte $lt $lte $in $nin $exists $not $and $or $nor; "
    "dates as RFC 3339."
)
FilterText = Annotated[
    str,
    AfterValidator(_readable),
    Field(
        max_length=LONGEST_TEXT,
        json_schema_extra={"contentMediaType": "application/json"},
    ),
]
"""A parameter that holds a filter; read_filter gives its meaning."""


def fields_of(checked: Filter) -> list[str]:
    """The fields that a checked filter asks about, in its order."""
    found: list[str] = []
    for key, inner in checked.items():
        if key in COMBINATIONS:
            found += [field for each in inner for field in fields_of(each)]
        else:
            found.append(key)
    return found


def older_than(field: str, moment: datetime) -> Filter:
    """Documents whose date is before `moment`. A list there, or on the way there, holds no date of the document.

    A comparison alone finds what has one old entry among new ones.
    """
    parts = field.split(".")
    ways = {".".join(parts[:depth]): {"$not": {"$type": "array"}} for depth in range(1, len(parts))}
    return {field: {"$lt": moment, "$not": {"$type": "array"}}, **ways}


def before(field: str, moment: datetime, identity: Any) -> Filter:
    """What comes after (moment, identity) in the order newest first: the same moment and a lower `_id`, or older."""
    return {"$or": [{field: {"$lt": moment}}, {field: moment, "_id": {"$lt": identity}}]}


def together(*filters: Filter) -> Filter:
    """What meets all of them."""
    given = [each for each in filters if each]
    return given[0] if len(given) == 1 else {"$and": given} if given else {}


def walks_everything(plan: object) -> bool:
    """Whether an explained plan reads the collection without an index, anywhere in it."""
    if isinstance(plan, Mapping):
        return plan.get("stage") == "COLLSCAN" or any(walks_everything(each) for each in plan.values())
    return isinstance(plan, list) and any(walks_everything(each) for each in plan)
