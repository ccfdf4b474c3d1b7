"""Any BSON value as JSON, whatever somebody put into the database by hand."""

import math
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from bson.datetime_ms import DatetimeMS
from bson.objectid import ObjectId

from shared.clock import rfc3339
from shared.durations import format_duration

MOST_NESTING = 100
_AS_IT_IS = frozenset({bool, int, type(None)})


def jsonable(value: Any, depth: int = 0) -> Any:
    """JSON that a person recognises: dates as RFC 3339, ids as text, what JSON has no word for as a description."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value)
    if kind in _AS_IT_IS:
        return value
    if kind is datetime:
        return rfc3339(value)
    if isinstance(value, Enum):
        return jsonable(value.value, depth)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if depth > MOST_NESTING:
        return "(nested too deeply)"
    if isinstance(value, Mapping):
        return {_key(key): jsonable(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(inner, depth + 1) for inner in value]
    return _other(value)


def _key(key: Any) -> str:
    return key if type(key) is str and key.isascii() else _text(str(key))


def _text(text: str) -> str:
    return text if text.isascii() else text.encode(errors="replace").decode()


def _other(value: Any) -> str:
    if isinstance(value, bytes):
        return f"(binary, {len(value)} bytes)"
    if isinstance(value, DatetimeMS):
        return f"(a date out of range: {int(value)} ms)"
    if isinstance(value, ObjectId):
        return str(value)
    if hasattr(value, "total_seconds"):
        return format_duration(value)
    return _text(str(value))
