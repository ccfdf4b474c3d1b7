"""What a template logs through its context: lines that can be stored, within a budget.

The daemon keeps one RunLog for each attempt; a worker process keeps one too, so that a flood ends where it begins.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

import bson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from shared.clock import Clock, cut_to_milliseconds
from shared.logging import LogLevel, mask_secrets

Line = dict[str, Any]
"""A LogLine as it is stored: at, level, event, fields."""

MOST_LINES = 2_000
MOST_BYTES = 1_048_576
RESERVED_LINES = 200
RESERVED_BYTES = 262_144
"""Beyond the budget, for warnings and worse only: they are what one looks for."""
LONGEST_TEXT = 8_192
LARGEST_FIELDS_BYTES = 16_384
MOST_ITEMS = 100
DEEPEST_FIELD = 8

_LEVELS = ("debug", "info", "warning", "error", "critical")
_GRAVE = ("warning", "error", "critical")
_LARGEST_INTEGER = 2**63


class RunLog:
    """The log of one attempt. Lines may come from any thread; `emit` gets those that the budget has room for."""

    __slots__ = ("_bytes", "_clock", "_closed", "_emit", "_least", "_lines", "_lock", "_said_full", "_says", "left_out")

    def __init__(
        self, clock: Clock, emit: Callable[[Line, int], None], configured: LogLevel, *, own_lines: bool = True
    ) -> None:
        """emit: gets each line with its size in bytes. configured: the structured log's level; info and above are kept
        whatever it is. own_lines: says itself when it is full, and in the end how much is left out.
        """
        self._clock = clock
        self._emit = emit
        self._least = min(logging.INFO, logging.getLevelNamesMapping()[configured.upper()])
        self._lock = threading.RLock()  # a destructor that logs may come in between
        self._lines = 0
        self._bytes = 0
        self._says = own_lines
        self._said_full = False
        self._closed = False
        self.left_out = 0
        """Lines that the budget had no room for."""

    def logger(self) -> FilteringBoundLogger:
        """What the template gets as `context.log`."""
        bound: Callable[..., FilteringBoundLogger] = structlog.make_filtering_bound_logger(self._least)
        return bound(None, [self._process], {})

    def add(self, level: str, event: object, fields: Mapping[str, Any]) -> None:
        """Keeps a line with whatever values a template gave it. Never raises: logging ends no run."""
        level = level if level in _LEVELS else "info"
        if self.is_full(level):
            self.leave_out(1)
            return
        try:
            kept = _storable_fields(fields)
        except Exception as fault:  # a plugin's own objects: anything may go wrong
            kept = {"fieldsLeftOut": f"not storable: {type(fault).__name__}"}
        self.keep({"at": self._clock.now(), "level": level, "event": _text(event), "fields": kept})

    def keep(self, line: Line) -> None:
        """Keeps a line that can be stored as it is."""
        size = len(bson.encode(line))
        with self._lock:
            if self._closed:
                return
            room_for = RESERVED_BYTES if line["level"] in _GRAVE else 0
            if self._full(line["level"]) or self._bytes + size > MOST_BYTES + room_for:
                self._leave_out(1)
                return
            self._lines += 1
            self._bytes += size
            self._emit(line, size)

    @property
    def is_closed(self) -> bool:
        return self._closed

    def is_full(self, level: str) -> bool:
        """Whether a line of that level would be left out."""
        return self._closed or self._full(level)

    def leave_out(self, lines: int) -> None:
        """Counts lines that are not kept; the first time the log says that it is full."""
        with self._lock:
            if not self._closed:
                self._leave_out(lines)

    def close(self) -> None:
        """No more lines. What was left out is said in the last one."""
        with self._lock:
            if not self._closed and self.left_out:
                self._say("log_lines_left_out", {"lines": self.left_out})
            self._closed = True

    def _full(self, level: str) -> bool:
        grave = level in _GRAVE
        lines = MOST_LINES + (RESERVED_LINES if grave else 0)
        return self._lines >= lines or self._bytes >= MOST_BYTES + (RESERVED_BYTES if grave else 0)

    def _leave_out(self, lines: int) -> None:
        if lines and not self._said_full:
            self._said_full = True
            self._say("log_full", {"mostLines": MOST_LINES, "mostBytes": MOST_BYTES})
        self.left_out += lines

    def _say(self, event: str, fields: dict[str, Any]) -> None:
        if not self._says:
            return
        line = {"at": self._clock.now(), "level": "warning", "event": event, "fields": fields}
        self._emit(line, len(bson.encode(line)))

    def _process(self, _logger: WrappedLogger, method: str, event_dict: EventDict) -> EventDict:
        """The only processor of the template's logger: the line ends here."""
        event = event_dict.pop("event", "")
        self.add(method, event, with_traceback(event_dict))
        raise structlog.DropEvent


def with_traceback(fields: EventDict) -> EventDict:
    """exc_info as the text of its traceback, without local variables."""
    exc_info = fields.pop("exc_info", None)
    fault = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if fault is True:
        fault = sys.exception()
    if isinstance(fault, BaseException):
        fields["exception"] = "".join(traceback.format_exception(fault))[-LONGEST_TEXT:]
    return fields


def _storable_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    if not fields:
        return {}
    stored = _storable(mask_secrets(None, "", dict(fields)), 0)
    if len(bson.encode(stored)) > LARGEST_FIELDS_BYTES:
        return {"fieldsLeftOut": f"larger than {LARGEST_FIELDS_BYTES} bytes: {', '.join(stored)}"[:LONGEST_TEXT]}
    return cast(dict[str, Any], stored)


def _storable(value: Any, depth: int) -> Any:
    """`value` as BSON and JSON can hold it; what they cannot becomes text."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return int(value) if -_LARGEST_INTEGER <= value < _LARGEST_INTEGER else _text(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return _moment(value)
    if isinstance(value, bytes | bytearray):
        return f"(binary, {len(value)} bytes)"
    if depth < DEEPEST_FIELD and isinstance(value, Mapping):
        some = list(value.items())[:MOST_ITEMS]
        return {_text(key).replace("\x00", ""): _storable(inner, depth + 1) for key, inner in some}
    if depth < DEEPEST_FIELD and isinstance(value, list | tuple | set | frozenset):
        return [_storable(inner, depth + 1) for inner in list(value)[:MOST_ITEMS]]
    return _text(value)


def _moment(value: datetime) -> datetime | str:
    try:
        return cut_to_milliseconds(value)
    except OverflowError:
        return value.isoformat()


def _text(value: object) -> str:
    try:
        text = str(value)
    except Exception as fault:  # a plugin's own object
        text = f"({type(value).__name__} without text: {type(fault).__name__})"
    return text[:LONGEST_TEXT].encode("utf-8", "replace").decode()
