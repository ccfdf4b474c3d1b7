"""One structlog pipeline for both programs and for the libraries they use: JSON lines, or readable on a terminal."""

import logging
import sys
from functools import lru_cache
from io import FileIO
from typing import Literal, TextIO, cast

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["auto", "json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]

SECRET_WORDS = ("password", "secret", "token", "authorization", "api_key", "apikey", "credential")
MASK = "***"


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replaces values whose key says that they are secret, at any depth."""
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: str, value: object) -> object:
    if isinstance(value, str | bytes | dict | list | tuple):
        if value and _is_secret(key):
            return MASK
        if isinstance(value, dict):
            return {inner: _masked(str(inner), each) for inner, each in value.items()}
        if isinstance(value, list | tuple):
            return [_masked(key, each) for each in value]
    return value


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    lowered = key.lower()
    return any(word in lowered for word in SECRET_WORDS)


class LogOutput:
    """Writes lines to a stream and never fails: the work goes on although its log cannot.

    What a full disk or a closed pipe refuses is lost and counted in `lost` until a line gets through again.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._raw = _unbuffered(stream)
        self._cut = False
        self.lost = 0

    def write(self, text: str) -> int:
        """The number of characters taken, or lost."""
        try:
            self._write_all(text)
        except (OSError, ValueError):  # ValueError: the stream is closed
            self.lost += 1
        else:
            self.lost = 0
        return len(text)

    def flush(self) -> None:
        """Nothing is ever held back."""

    def tell_lost(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """A processor: the first line that gets through says how many did not."""
        if self.lost:
            event["log_lines_lost"] = self.lost
        return event

    def _write_all(self, text: str) -> None:
        if self._raw is None:
            self._stream.write(text)
            return
        rest = memoryview(("\n" + text if self._cut else text).encode("utf-8", "backslashreplace"))
        while rest:  # a disk that is filling up takes a part of a line
            written = self._raw.write(rest)
            if not written:
                raise BlockingIOError("the log takes nothing at the moment")
            self._cut = written < len(rest)
            rest = rest[written:]


def _unbuffered(stream: TextIO) -> FileIO | None:
    """What is behind the stream: a buffer keeps refused lines and fails with them again at the end."""
    try:
        return FileIO(stream.fileno(), "w", closefd=False)
    except (OSError, AttributeError):
        return None  # no file: a test's


def configure_logging(level: LogLevel, log_format: LogFormat) -> None:
    """Sets up structlog and the standard library's logging to write to stderr. `auto`: readable on a terminal."""
    output = LogOutput(sys.stderr)
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        output.tell_lost,
        mask_secrets,
    ]
    traceback = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    renderer: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if console
        else [traceback, structlog.processors.JSONRenderer(default=str)]
    )
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, output)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelNamesMapping()[level.upper()], logging.INFO))
    logging.getLogger("pymongo").setLevel(logging.WARNING)
