"""Ids as text in URLs and as whatever BSON type somebody stored by hand."""

from typing import Any

from bson.objectid import ObjectId

_LARGEST = 2**63


def text_of(value: object) -> str:
    """The text that names a stored `_id` in URLs and answers."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def candidates(text: str) -> list[Any]:
    """Every stored `_id` that `text` may mean, the plain text first."""
    found: list[Any] = [text]
    if ObjectId.is_valid(text):
        found.append(ObjectId(text))
    try:
        number = int(text)
    except ValueError:
        return found
    if str(number) == text and -_LARGEST <= number < _LARGEST:
        found.append(number)
    return found


def by_id(text: str) -> dict[str, Any]:
    """The filter that finds the document of that id."""
    found = candidates(text)
    return {"_id": text} if len(found) == 1 else {"_id": {"$in": found}}
