"""BSON values as cells of a CSV file and as plain JSON. Pure; written for speed, a million rows go through it."""

import base64
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bson import Binary, Int64, ObjectId
from bson.datetime_ms import DatetimeMS

Cell = str | int | float

FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - the full-width ones start formulas, too
_NUMBER = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?")
_UUID_SUBTYPE = 4


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before those that might be one."""
    if not text or text[0] not in FORMULA_STARTS or _NUMBER.fullmatch(text):
        return text
    return "'" + text


def _moment(value: datetime) -> str:
    text = value.isoformat()  # naive UTC, as the encoders decode it, and of whole milliseconds; twice as fast so
    return text[:-3] + "Z" if value.microsecond else text + ".000Z"


def plain(value: Any) -> Any:
    """What JSON has no word for, as text that people recognise; for json.JSONEncoder(default=plain)."""
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, DatetimeMS):
        return f"{int(value)} ms"  # outside of the years 1 to 9999
    if isinstance(value, Binary) and value.subtype == _UUID_SUBTYPE and len(value) == 16:
        return str(value.as_uuid())
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=plain, allow_nan=False)


def as_json(value: Any) -> str:
    """One line of JSON. NaN and the infinities become null."""
    try:
        return _JSON.encode(value)
    except ValueError:
        return _JSON.encode(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value


def _other(value: Any) -> Cell:
    return guarded(plain(value))


class _Cells(dict[type, Callable[[Any], Cell]]):
    """By exact type, which is quicker than any isinstance."""

    def __missing__(self, _kind: type) -> Callable[[Any], Cell]:
        return _other


CELLS = _Cells(
    {
        type(None): lambda _value: "",
        str: guarded,
        bool: lambda value: "true" if value else "false",
        int: lambda value: value,
        Int64: lambda value: value,
        float: lambda value: value,
        datetime: _moment,
        ObjectId: str,
        dict: as_json,
        list: as_json,
    }
)
"""Converts a value of a type to a cell. A number stays one, and so does its sign."""
