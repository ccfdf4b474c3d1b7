"""The answer for the log of a run."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from api.answers.fields import moment
from api.paging import invalid_cursor
from api.store.run_logs import LogPart, StoredLine
from shared.jsonable import jsonable
from shared.models.runs import LIVE, RunState
from shared.queries.run_logs import LogPosition

_LARGEST_NUMBER = 2**31
_START = LogPosition(0, 0, 0)


def log_answer(part: LogPart, start: LogPosition | None, *, live: bool) -> dict[str, Any]:
    """live: more lines may come, so there is always a cursor to ask for them with."""
    end = part.end or start or _START
    return {
        "items": [_line(each) for each in part.lines],
        "nextCursor": _encode(end) if part.more or live else None,
        "live": live,
    }


def is_live(run: Mapping[str, Any], attempt: int | None) -> bool:
    """Whether more lines of the run, or of that attempt of it, may come."""
    state, present = run.get("state"), run.get("attempt")
    if state not in LIVE:
        return False
    if attempt is None or not isinstance(present, int) or present < attempt:
        return True
    return present == attempt and state == RunState.RUNNING


def log_position(cursor: str) -> LogPosition:
    """The inverse of nextCursor; problem 400 if it is not one of a log."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        numbers = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        position = LogPosition(*numbers)
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise invalid_cursor() from None
    if not all(type(number) is int and 0 <= number < _LARGEST_NUMBER for number in position):
        raise invalid_cursor()
    return position


def _encode(position: LogPosition) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(position)).encode()).decode().rstrip("=")


def _line(stored: StoredLine) -> dict[str, Any]:
    line = stored.line
    fields = line.get("fields")
    return {
        "at": moment(line.get("at")),
        "level": jsonable(line.get("level")),
        "event": jsonable(line.get("event")),
        "fields": jsonable(fields) if isinstance(fields, dict) else {},
        "attempt": stored.attempt,
    }
