"""Lengths of time as people write them: `90s`, `1h30m`, `2d`, ISO 8601 `PT5M`."""

import re
from datetime import timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, WithJsonSchema

_UNITS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_TOKEN = re.compile(r"([0-9]+(?:\.[0-9]{1,6})?)\s*(ms|[wdhms])\s*")
_CALENDAR_UNIT = re.compile(r"^[^t]*[ym]")
"""In ISO 8601: P1Y, P1M, but not PT1M."""
_MILLISECOND = timedelta(milliseconds=1)
_MAX_LENGTH = 40
_ISO = TypeAdapter(timedelta)
LONGEST = timedelta(days=36_500)
REMEDY = 'write a duration such as "90s", "5m", "1h30m" or ISO 8601 "PT5M"'


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> timedelta:
    """The length that `text` names, in whole milliseconds, never negative; ValueError with the remedy otherwise."""
    compact = text.strip().lower()
    if not compact or len(compact) > _MAX_LENGTH:
        raise ValueError(REMEDY)
    if compact[0] == "p":
        if _CALENDAR_UNIT.search(compact):
            raise ValueError("a duration in months or years has no fixed length; write days or weeks")
        try:
            length = _ISO.validate_python(compact.upper())
        except ValueError:
            raise ValueError(REMEDY) from None
    else:
        tokens = list(_TOKEN.finditer(compact))
        if "".join(token[0] for token in tokens) != compact:
            raise ValueError(REMEDY)
        milliseconds = sum(float(token[1]) * _UNITS[token[2]] for token in tokens)
        if milliseconds > LONGEST / _MILLISECOND:
            raise ValueError("a duration is at most 100 years")
        length = timedelta(milliseconds=round(milliseconds))
    if length < timedelta(0):
        raise ValueError("a duration cannot be negative")
    if length > LONGEST:
        raise ValueError("a duration is at most 100 years")
    return length // _MILLISECOND * _MILLISECOND


@lru_cache(maxsize=1024)
def format_duration(length: timedelta) -> str:
    """The shortest text that parse_duration reads back as `length` (cut to milliseconds)."""
    rest = length // _MILLISECOND
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _read(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError(REMEDY)


Duration = Annotated[
    timedelta,
    BeforeValidator(_read),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "title": "Duration", "examples": ["90s", "5m", "1h30m"]}),
]
"""A model field that reads and writes the text form, in JSON and in BSON alike."""
