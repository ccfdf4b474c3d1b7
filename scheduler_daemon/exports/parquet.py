"""Documents as a Parquet file; needs the extra `parquet`."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from bson import Decimal128

from scheduler_daemon.exports.cells import as_json, plain
from scheduler_daemon.exports.encoders import documents, values_at
from shared.errors import InvalidDefinition

try:
    import pyarrow as pa
    from pyarrow import parquet as pq
except ImportError:  # the extra is not installed
    pa = None

ROWS_IN_GROUP = 20_000
BYTES_IN_GROUP = 32 * 1024 * 1024

_NUMBERS = {"int": "int32", "long": "int64", "double": "float64"}


def require() -> None:
    """InvalidDefinition unless the extra is installed."""
    if pa is None:
        raise InvalidDefinition("format", "Parquet needs the extra: pip install unified-scheduler[parquet]")


def column_kinds(columns: Sequence[str], shape: Mapping[str, set[str]]) -> dict[str, str]:
    """The kind of each column: that of the only BSON type which it has, text for a mixture and for all else.

    shape: the types by column; a column that is missing there is text.
    """
    return {column: _kind(shape.get(column, set()) - {"null", "undefined"}) for column in columns}


def _kind(types: set[str]) -> str:
    if types == {"int"} or types == {"long"} or types == {"double"}:
        return _NUMBERS[next(iter(types))]
    if types == {"int", "long"}:
        return "int64"
    if types == {"int", "double"}:
        return "float64"
    return {frozenset({"bool"}): "bool", frozenset({"date"}): "date"}.get(frozenset(types), "text")


class ParquetEncoder:
    """Writes groups of rows, bounded in number and bytes. misfits: null, as the type of their column changed."""

    def __init__(self, file: BinaryIO, kinds: Mapping[str, str]) -> None:
        self._kinds = dict(kinds)
        self._values = values_at(list(kinds))
        self._rows: list[tuple[Any, ...]] = []
        self._bytes = 0
        self._schema = pa.schema([(name, _arrow_type(kind)) for name, kind in kinds.items()])
        self._writer = pq.ParquetWriter(pa.PythonFile(file, mode="w"), self._schema, compression="zstd")
        self.misfits = 0

    def encode(self, batch: bytes) -> int:
        rows = [tuple(self._values(document)) for document in documents(batch)]
        self._rows += rows
        self._bytes += len(batch)
        if len(self._rows) >= ROWS_IN_GROUP or self._bytes >= BYTES_IN_GROUP:
            self._write_group()
        return len(rows)

    def finish(self) -> None:
        if self._rows:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        with suppress(Exception):  # it writes its footer, for which there may be no room
            self._writer.close()

    def _write_group(self) -> None:
        rows, self._rows, self._bytes = self._rows, [], 0
        columns = zip(*rows, strict=True) if rows else [() for _ in self._kinds]
        arrays = [
            self._array(kind, values, field.type)
            for kind, values, field in zip(self._kinds.values(), columns, self._schema, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def _array(self, kind: str, values: Sequence[Any], arrow_type: Any) -> Any:
        if kind == "text":
            return pa.array([_text(value) for value in values], arrow_type)
        try:
            return pa.array(values, arrow_type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            return pa.array([self._fitting(value, arrow_type) for value in values], arrow_type)

    def _fitting(self, value: Any, arrow_type: Any) -> Any:
        try:
            return pa.scalar(value, arrow_type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            self.misfits += 1
            return None


def _arrow_type(kind: str) -> Any:
    if kind == "text":
        return pa.string()
    if kind == "bool":
        return pa.bool_()
    return pa.timestamp("ms", tz="UTC") if kind == "date" else getattr(pa, kind)()


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float | dict | list):
        return as_json(value)
    return str(value) if isinstance(value, Decimal128) else str(plain(value))
