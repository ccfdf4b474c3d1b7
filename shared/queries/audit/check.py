"""What a check is, and type-guarded pieces of expressions: a missing field sorts lowest and would match falsely."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TOLERANCE_MS = 2000
"""A claim carries the moment at which its pass began, and the clocks of two hosts differ a little."""

Stage = dict[str, Any]
Filter = dict[str, Any]
Expression = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant of one collection. The pipeline answers the documents that break it: no row, no finding.

    shows: paths whose values explain a finding to a person.
    """

    name: str
    collection: str
    promise: str
    pipeline: tuple[Stage, ...]
    shows: tuple[str, ...] = ()


def no_document(name: str, collection: str, promise: str, criteria: Filter, shows: Sequence[str] = ()) -> Check:
    """The check that no document matches `criteria`."""
    return Check(name, collection, promise, ({"$match": criteria}, showing(shows)), tuple(shows))


def nothing_twice(name: str, collection: str, promise: str, among: Filter, key: dict[str, Any]) -> Check:
    """The check that no two documents of those that match `among` have the same `key`, an expression."""
    group = {"_id": key, "count": {"$sum": 1}, "one": {"$min": "$_id"}, "other": {"$max": "$_id"}}
    more = {"$match": {"count": {"$gt": 1}}}
    pipeline = ({"$match": among}, {"$group": group}, more, {"$project": {"_id": "$other", "one": 1, "count": 1}})
    return Check(name, collection, promise, pipeline, ("one", "count"))


def showing(paths: Sequence[str]) -> Stage:
    """Keeps `_id` and what explains the finding, so that a row stays small."""
    return {"$project": {"_id": 1, **dict.fromkeys(paths, 1)}}


def is_date(operand: str) -> Expression:
    return {"$eq": [{"$type": operand}, "date"]}


def is_earlier(left: str, right: str, by_ms: int = 0) -> Expression:
    """Both are dates and the left one comes first, by more than so many milliseconds."""
    earlier = {"$lt": [{"$add": [left, by_ms]}, right]}
    return {"$cond": [{"$and": [is_date(left), is_date(right)]}, earlier, False]}


def if_numbers(operands: Sequence[Any], test: Expression) -> Expression:
    """`test`, unless one of the operands is no number."""
    return {"$cond": [{"$and": [{"$isNumber": operand} for operand in operands]}, test, False]}


def is_greater(left: str, right: Any) -> Expression:
    """Both are numbers and the left one is greater."""
    return if_numbers([left, right], {"$gt": [left, right]})


NOT_A_DATE: Filter = {"$not": {"$type": "date"}}
"""Also true for a missing field."""
NOT_TEXT: Filter = {"$not": {"$type": "string"}}
NOT_A_NUMBER: Filter = {"$not": {"$type": "number"}}
GIVEN: Filter = {"$ne": None}
