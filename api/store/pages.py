"""One page of a list, by keyset."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from api.store.connection import Connection
from api.store.errors import translated
from shared.clock import EPOCH
from shared.collections import CODEC_OPTIONS
from shared.queries import keyset
from shared.queries.keyset import Order, Position

_SORT_KEY = "__sortKey"
NAIVE = CODEC_OPTIONS.with_options(tz_aware=False)
"""A page has hundreds of dates, and the driver takes ten times as long for one with a zone as for one without."""
_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)


class Page(NamedTuple):
    """Documents, and where the page ended (None: nothing follows)."""

    documents: list[dict[str, Any]]
    end: Position | None


@translated()
def read_page(
    connection: Connection,
    collection: str,
    conditions: Mapping[str, Any],
    order: Order | str,
    limit: int,
    position: Position | None,
    without: tuple[str, ...] = (),
) -> Page:
    """At most `limit` documents that meet `conditions`, after `position`. without: left out.

    order: a field alone is the newest first.
    """
    order = Order(order) if isinstance(order, str) else order
    clauses = [dict(conditions)] if conditions else []
    if position is not None:
        clauses.append(keyset.after(order, position))
    projection = {_SORT_KEY: {"$meta": "sortKey"}, **dict.fromkeys(without, 0)}
    found = list(
        connection.collection(collection)
        .with_options(codec_options=NAIVE)
        .find({"$and": clauses} if clauses else {}, projection)
        .sort(order.sort_keys())
        .limit(limit + 1)
    )
    for document in found:
        make_aware(document)
    ends = [_position(document, order.field) for document in found]
    return Page(found[:limit], ends[limit - 1] if len(found) > limit else None)


def contains(text: str) -> dict[str, Any]:
    """The condition on a text that has this part, in any case."""
    return {"$regex": re.escape(text), "$options": "i"}


def make_aware(part: Any) -> None:
    """Gives the dates in a document or list, which are in UTC, their zone."""
    for place, value in part.items() if type(part) is dict else enumerate(part):
        kind = type(value)
        if kind is datetime:
            part[place] = EPOCH + (value - _NAIVE_EPOCH)
        elif kind is dict or kind is list:
            make_aware(value)


def _position(document: dict[str, Any], field: str) -> Position:
    key = document.pop(_SORT_KEY)[0]
    found: Any = document
    for part in field.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return Position(key, document["_id"], found == [])
