"""One page of a list, by keyset."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from api.store.connection import Connection
from api.store.errors import translated
from shared.queries import keyset
from shared.queries.keyset import Position

_SORT_KEY = "__sortKey"


class Page(NamedTuple):
    """Documents, and where the page ended (None: nothing follows)."""

    documents: list[dict[str, Any]]
    end: Position | None


@translated()
def read_page(
    connection: Connection,
    collection: str,
    conditions: Mapping[str, Any],
    field: str,
    limit: int,
    position: Position | None,
    without: tuple[str, ...] = (),
) -> Page:
    """At most `limit` documents that meet `conditions`, newest `field` first, after `position`. without: left out."""
    clauses = [dict(conditions)] if conditions else []
    if position is not None:
        clauses.append(keyset.after(field, position))
    projection = {_SORT_KEY: {"$meta": "sortKey"}, **dict.fromkeys(without, 0)}
    found = list(
        connection.collection(collection)
        .find({"$and": clauses} if clauses else {}, projection)
        .sort(keyset.sort_keys(field))
        .limit(limit + 1)
    )
    ends = [_position(document, field) for document in found]
    return Page(found[:limit], ends[limit - 1] if len(found) > limit else None)


def _position(document: dict[str, Any], field: str) -> Position:
    key = document.pop(_SORT_KEY)[0]
    return Position(key, document["_id"], document.get(field) == [])
