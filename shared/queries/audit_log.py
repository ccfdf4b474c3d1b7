"""Filters of the audit log. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

ORDER_FIELD = "at"


def entries(
    equal: Mapping[str, str], about: str | None, start: datetime | None, end: datetime | None
) -> dict[str, Any]:
    """Entries whose fields have these values, between two moments (both included).

    about: the id of a document or of a request. Indexes `by_time`, `by_actor`, `by_action`, `by_collection`, `history`
    and `by_request`, each in the order of the list.
    """
    conditions: dict[str, Any] = {name: {"$eq": value} for name, value in equal.items()}
    span = {operator: value for operator, value in (("$gte", start), ("$lte", end)) if value is not None}
    if span:
        conditions[ORDER_FIELD] = span
    if about is not None:
        conditions["$or"] = [{"documentId": {"$eq": about}}, {"requestId": {"$eq": about}}]
    return conditions
