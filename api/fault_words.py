"""What is wrong with a field, in words for people: a plain sentence with the remedy, never the value."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

REQUIRED = "this field is required"

_FORMS = {
    r"^\+[1-9][0-9]{6,14}$": "write the number with its country and without blanks, such as +33612345678",
    r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$": "write a language such as fr or fr-FR",
    r"^[A-Za-z_][A-Za-z0-9_]{0,63}$": "a name has at most 64 letters, digits and _, and begins with no digit",
    r"^[a-z][a-z0-9_]{0,63}$": "a template's type has at most 64 small letters, digits and _; it begins with a letter",
    r"^[A-Za-z0-9_-]{1,64}$": "an id has 1 to 64 letters, digits, - and _",
    r"^[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64}){0,99}$": "write 1 to 100 ids with commas between them",
    r"^[^/\x00-\x1f\x7f]{1,200}$": "an id of the host application has 1 to 200 characters, none of them /",
    r"^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?$": (
        "a label has at most 63 letters, digits, _ . / and -; it begins and ends with a letter or digit"
    ),
    r"^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?=": "write a label and its value, such as team=billing",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": "write a time of day such as 08:30",
    r"^[^/\\\x00-\x1f\x7f]+(/[^/\\\x00-\x1f\x7f]+)*$": "write the place of a file, such as prices/2026.pdf",
    r"^[^/\\\x00-\x1f\x7f]*$": "a file's name has neither / nor \\",
    r"^(queue_all|allow:[1-9][0-9]{0,3})$": "write queue_all, or allow: with a number, such as allow:2",
    r"^(skip|queue_one|queue_all|cancel_running|allow:[1-9][0-9]{0,3})$": (
        "write skip, queue_one, queue_all, cancel_running, or allow: with a number, such as allow:2"
    ),
}
"""What a pattern of our models asks for. A test finds the pattern that is missing here."""

_TYPES = {
    "string": "write a text",
    "bool": "write true or false",
    "int": "write a whole number",
    "float": "write a number",
    "finite": "write a number that is not infinite",
    "datetime": 'write a moment with its offset, such as "2026-12-01T09:00:00Z"',
    "timezone": 'write the offset too, such as "2026-12-01T09:00:00Z"',
    "date": 'write a date such as "2026-12-31"',
    "time": 'write a time such as "08:30"',
    "dict": "give an object of names and values",
    "mapping": "give an object of names and values",
    "model": "give an object",
    "dataclass": "give an object",
    "list": "give a list",
    "tuple": "give a list",
    "set": "give a list without repetitions",
    "frozen": "give a list without repetitions",
    "iterable": "give a list",
    "none": "leave it empty",
    "json": "write JSON",
    "url": "write a web address such as https://example.com/",
}
"""By the first word of a type of pydantic's errors."""


def words_for(error: ErrorDetails) -> str:
    """The sentence for one error of a ValidationError."""
    code, limits = error["type"], error.get("ctx", {})
    if code in ("value_error", "assertion_error"):  # our own words already
        return error["msg"].partition(", ")[2] or "this value is not allowed here"
    return _of_rule(code, limits) or _TYPES.get(code.partition("_")[0]) or "this value is not allowed here"


def _of_rule(code: str, limits: Mapping[str, Any]) -> str | None:
    match code:
        case "missing":
            return REQUIRED
        case "extra_forbidden":
            return "there is no such field"
        case "string_too_short":
            return REQUIRED if limits["min_length"] == 1 else f"at least {_many(limits['min_length'], 'character')}"
        case "string_too_long":
            return f"at most {_many(limits['max_length'], 'character')}"
        case "too_short":
            return "name at least one" if limits["min_length"] == 1 else f"name at least {limits['min_length']}"
        case "too_long":
            return f"at most {limits['max_length']} of them"
        case "string_pattern_mismatch":
            return _FORMS.get(limits["pattern"], "this form is not allowed here")
        case "greater_than_equal":
            return f"at least {limits['ge']}"
        case "greater_than":
            return f"more than {limits['gt']}"
        case "less_than_equal":
            return f"at most {limits['le']}"
        case "less_than":
            return f"less than {limits['lt']}"
        case "multiple_of":
            return f"a multiple of {limits['multiple_of']}"
        case "enum" | "literal_error":
            return f"write {limits['expected'].replace(chr(39), '')}"
    return None


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
