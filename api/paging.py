"""Lists in pages: `?limit=&cursor=`. A cursor says where the last page ended, so nothing is skipped or counted."""

import base64
import binascii
from http import HTTPStatus
from typing import Annotated, Any

from bson import json_util
from bson.codec_options import DatetimeConversion
from bson.errors import BSONError
from bson.json_util import JSONMode, JSONOptions
from pydantic import BeforeValidator, Field

from api.problems import FieldFault, Problem, ProblemCode
from api.requests import Asked
from shared.models.base import Moment, Text
from shared.queries.keyset import Position

_LONGEST_CURSOR = 4000


def _no_number(value: object) -> object:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return value
        raise ValueError('write a moment such as "2026-12-01T09:00:00Z"')
    return value


AskedMoment = Annotated[Moment, BeforeValidator(_no_number)]
"""A moment in an address, where pydantic would take a number for seconds or milliseconds, as it thinks fit."""
_EXTENDED_JSON = JSONOptions(
    json_mode=JSONMode.CANONICAL, tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)


class PageQuery(Asked):
    """The part of a query that every list has."""

    limit: Annotated[int, Field(ge=1, le=200, description="Most items in the answer.")] = 50
    cursor: Annotated[str, Field(max_length=_LONGEST_CURSOR, description="`nextCursor` of the page before.")] | None = (
        None
    )

    @property
    def position(self) -> Position | None:
        """Where to go on; None: from the start. Problem 400 if the cursor is not one of ours."""
        return decode_cursor(self.cursor) if self.cursor is not None else None


class SearchQuery(PageQuery):
    """Of a list that can be searched."""

    q: Annotated[Text, Field(min_length=1, max_length=200, description="What to search for.")] | None = None


def encode_cursor(position: Position) -> str:
    """The opaque text of a position, safe in a URL whatever BSON types it holds."""
    text = json_util.dumps(list(position), json_options=_EXTENDED_JSON)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position:
    """The inverse of encode_cursor."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        key, document_id, empty = json_util.loads(text, json_options=_EXTENDED_JSON)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, ArithmeticError, BSONError, binascii.Error):
        raise invalid_cursor() from None
    if not isinstance(empty, bool) or isinstance(document_id, list):
        raise invalid_cursor()
    return Position(key, document_id, empty)


def invalid_cursor() -> Problem:
    """The problem of a cursor that the list did not make."""
    detail = "not a cursor of this list; start without one"
    return Problem(
        HTTPStatus.BAD_REQUEST,
        ProblemCode.INVALID_CURSOR,
        f"cursor: {detail}",
        [FieldFault("cursor", ProblemCode.INVALID_CURSOR, detail)],
    )


def listing(items: list[dict[str, Any]], end: Position | None) -> dict[str, Any]:
    """The answer of a list. end: where the page ended, None if nothing follows."""
    return {"items": items, "nextCursor": encode_cursor(end) if end else None}
