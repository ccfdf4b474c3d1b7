"""Documents as bytes of a file: CSV, JSON Lines, lossless extended JSON. They run in a thread, one batch at a time."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Protocol

import bson
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion

from scheduler_daemon.exports.cells import CELLS, FORMULA_STARTS, as_json, guarded

Document = dict[str, Any]

LARGEST_AT_ONCE = 4 * 1024 * 1024
"""Batches of more bytes are decoded one document after the other."""
NAIVE: CodecOptions[Document] = CodecOptions(
    tz_aware=False,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    unicode_decode_error_handler="replace",
)


class Encoder(Protocol):
    """Writes to the file that it was made with."""

    def encode(self, batch: bytes) -> int:
        """Writes the documents of a batch. How many there were."""
        ...

    def finish(self) -> None:
        """Writes what is still held back."""
        ...

    def abandon(self) -> None:
        """Instead of finish(): nobody wants the file any more. Never fails."""
        ...


def documents(batch: bytes) -> Iterable[Document]:
    """The documents of a piece of BSON."""
    if len(batch) <= LARGEST_AT_ONCE:
        return bson.decode_all(batch, NAIVE)
    return bson.decode_iter(batch, NAIVE)


def values_at(columns: Sequence[str]) -> Callable[[Document], Iterable[Any]]:
    """Reads the values of some columns, which may be dotted paths, out of a document; None where there is nothing."""
    if not any("." in column for column in columns):
        return lambda document: map(document.get, columns)
    paths = [column.split(".") for column in columns]
    return lambda document: _walk(document, paths)


def _walk(document: Document, paths: Sequence[Sequence[str]]) -> Iterator[Any]:
    for path in paths:
        value: Any = document
        for part in path:
            if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                value = value.get(part) if isinstance(value, Mapping) else None
        yield value


class CsvEncoder:
    """RFC 4180: a line of names, then a line for each document; UTF-8."""

    def __init__(self, file: BinaryIO, columns: Sequence[str], delimiter: str) -> None:
        self._file = file
        self._delimiter = delimiter
        self._values = values_at(columns)
        self._write([[guarded(column) for column in columns]])

    def encode(self, batch: bytes) -> int:
        rows = 0
        cells, values, starts = CELLS, self._values, FORMULA_STARTS

        def row(document: Document) -> list[Any]:  # the usual types without a call: half of an export's time is here
            nonlocal rows
            rows += 1
            return [
                value
                if (kind := type(value)) is int or kind is float
                else (guarded(value) if value[:1] in starts else value)
                if kind is str
                else cells[kind](value)
                for value in values(document)
            ]

        self._write(map(row, documents(batch)))
        return rows

    def finish(self) -> None:
        return

    def abandon(self) -> None:
        return

    def _write(self, rows: Iterable[Sequence[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self._delimiter).writerows(rows)
        self._file.write(text.getvalue().encode("utf-8", "replace"))


class LinesEncoder:
    """A line of text for each document."""

    def __init__(self, file: BinaryIO, line: Callable[[Document], str]) -> None:
        self._file = file
        self._line = line

    def encode(self, batch: bytes) -> int:
        lines = [self._line(document) for document in documents(batch)]
        lines.append("")
        self._file.write("\n".join(lines).encode("utf-8", "replace"))
        return len(lines) - 1

    def finish(self) -> None:
        return

    def abandon(self) -> None:
        return


def json_lines(file: BinaryIO, columns: Sequence[str]) -> LinesEncoder:
    """JSON that any program reads: dates as RFC 3339, ids and decimals as text. columns empty: whole documents."""
    if not columns:
        return LinesEncoder(file, as_json)
    values = values_at(columns)
    return LinesEncoder(file, lambda document: as_json(dict(zip(columns, values(document), strict=True))))


def extended_json_lines(file: BinaryIO) -> LinesEncoder:
    """Canonical MongoDB Extended JSON v2: every type comes back as it was (`mongoimport` reads it)."""
    return LinesEncoder(file, lambda document: json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS))
