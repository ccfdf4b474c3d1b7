"""Keyset paging over (field, _id), up or down, whatever BSON types stand in the field.

Comparison operators of MongoDB compare within one type, its sort does not. So a position is turned into "not one of
those that came before", which is also exact for arrays (they sort by their largest element, upwards by their smallest)
and for missing fields; upwards not for arrays within arrays.
"""

import math
import re
from datetime import datetime
from typing import Any, NamedTuple

from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS

_NESTED_ARRAY = "array within array"
_HOLDS_ARRAY = {"$elemMatch": {"$type": "array"}}
# Types in MongoDB's comparison order, as $type names them. A value's place is its group's.
_ORDER: tuple[tuple[str, ...], ...] = (
    ("minKey",),
    ("null",),
    ("number",),
    ("string", "symbol"),
    ("object",),
    (_NESTED_ARRAY,),
    ("binData",),
    ("objectId",),
    ("bool",),
    ("date",),
    ("timestamp",),
    ("regex",),
    ("javascript", "javascriptWithScope"),
    ("maxKey",),
)
_PLACES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (MinKey, "minKey"),
    (MaxKey, "maxKey"),
    (bool, "bool"),
    ((int, float, Int64, Decimal128), "number"),
    (str, "string"),
    (dict, "object"),
    (list, _NESTED_ARRAY),
    ((bytes, Binary), "binData"),
    (ObjectId, "objectId"),
    ((datetime, DatetimeMS), "date"),
    (Timestamp, "timestamp"),
    ((Regex, re.Pattern), "regex"),
)


class Position(NamedTuple):
    """Where a page ended: the sort key and `_id` of its last document. empty: the field held an empty array."""

    key: Any
    id: Any
    empty: bool = False


class Order(NamedTuple):
    """Of a list: by a field, and by `_id` where it is equal."""

    field: str
    descending: bool = True

    def sort_keys(self) -> list[tuple[str, int]]:
        """As find().sort() wants it."""
        direction = -1 if self.descending else 1
        return [(self.field, direction), ("_id", direction)]


def after(order: Order, position: Position) -> dict[str, Any]:
    """The filter for documents that come after `position` in that order."""
    field, beyond = order.field, _above if order.descending else _below
    of_equal = [{"_id": {"$eq": position.id}}, *beyond("_id", position.id)]
    earlier: list[dict[str, Any]] = [
        *beyond(field, position.key),
        *({field: {"$eq": position.key}, **clause} for clause in of_equal),
    ]
    if position.empty:
        # An empty array sorts below null, and MongoDB's equality with null does not match it.
        earlier = [{field: None}, *_above(field, None)] if order.descending else _lower_types(field, _place(None))
        earlier.extend({field: {"$size": 0}, **clause} for clause in of_equal)
    # `$not` of it once more by itself: the planner makes index bounds of it, of $nor it makes none.
    operator = "$gt" if order.descending else "$lt"
    bound = [{field: {"$not": {operator: position.key}}}] if _is_comparable(position.key) else []
    return {"$and": [*bound, {"$nor": earlier}]}


def _above(field: str, value: Any) -> list[dict[str, Any]]:
    """What sorts higher than `value`: higher in its own type, and every higher type."""
    place = _place(value)
    clauses = _higher_types(field, place)
    if _is_nan(value):
        return [*clauses, {field: {"$gte": -math.inf}}]
    if isinstance(value, list):
        return [*clauses, {field: _HOLDS_ARRAY}]  # not comparable: the rest of the type is passed over
    if isinstance(value, Regex | re.Pattern):
        return [*clauses, {field: {"$type": "regex"}}]  # likewise
    return [*clauses, {field: {"$gt": value}}] if _is_comparable(value) else clauses


def _below(field: str, value: Any) -> list[dict[str, Any]]:
    """What sorts lower than `value`: lower in its own type, and every lower type."""
    clauses = _lower_types(field, _place(value))
    if value is None:
        return [*clauses, {field: {"$size": 0}}]
    if _place(value) == _place(0) and not _is_nan(value):
        clauses.append({field: math.nan})  # the least number, and below none in a comparison
    return [*clauses, {field: {"$lt": value}}] if _is_comparable(value) else clauses


def _is_comparable(value: Any) -> bool:
    """Whether `$gt` says what sorts above the value within its type."""
    return not (value is None or isinstance(value, list | Regex | re.Pattern | MinKey | MaxKey) or _is_nan(value))


def _is_nan(value: Any) -> bool:
    return value.to_decimal().is_nan() if isinstance(value, Decimal128) else isinstance(value, float) and value != value


def _higher_types(field: str, place: int) -> list[dict[str, Any]]:
    names = [name for group in _ORDER[place + 1 :] for name in group]
    clauses: list[dict[str, Any]] = []
    if _NESTED_ARRAY in names:  # an array sorts by its elements, so only an array within an array is one here
        names.remove(_NESTED_ARRAY)
        clauses.append({field: _HOLDS_ARRAY})
    if "null" in names:  # a missing field and an empty array sort with null, and have no type
        clauses += [{field: None}, {field: {"$size": 0}}]
    return [*clauses, {field: {"$type": names}}] if names else clauses


def _lower_types(field: str, place: int) -> list[dict[str, Any]]:
    names = [name for group in _ORDER[:place] for name in group if name != _NESTED_ARRAY]
    clauses: list[dict[str, Any]] = []
    if "null" in names:
        names.remove("null")
        clauses += [{field: None}, {field: {"$size": 0}}]
    return [*clauses, {field: {"$type": names}}] if names else clauses


def _place(value: Any) -> int:
    name = "null" if value is None else next((name for kind, name in _PLACES if isinstance(value, kind)), "javascript")
    return next(place for place, group in enumerate(_ORDER) if name in group)
