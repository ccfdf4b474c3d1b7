"""The formats of an export: what its file must hold, and the loop over the bare driver that anybody would write."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import parquet as pq

from shared.clock import EPOCH, rfc3339

COLUMNS = ["_id", "customer", "city", "total", "at", "open"]
LEAST = 40_000
"""Two row groups of a Parquet file: fewer documents do not fill the memory that any number of them needs."""
_GROUP = 20_000
_SCHEMA = pa.schema(
    [
        ("_id", pa.int32()), ("customer", pa.string()), ("city", pa.string()), ("total", pa.float64()),
        ("at", pa.timestamp("ms", tz="UTC")), ("open", pa.bool_()),
    ]
)  # fmt: skip

Document = dict[str, Any]


class Format(NamedTuple):
    """check: AssertionError unless the file holds exactly the first `count` orders. raw: writes documents to a file.

    of_raw: of the rows a second of `raw`; the daemon also guards, hashes and syncs, and for Parquet it reads everything
    once more, to learn the types that `raw` knows beforehand.
    """

    title: str
    params: dict[str, Any]
    check: Callable[[Path, int], None]
    raw: Callable[[Iterable[Document], Path], None]
    of_raw: float
    target: str = ""


def order(number: int) -> Document:
    return {
        "_id": number,
        "customer": f"Customer {number}",
        "city": "Berlin",
        "total": number / 4,
        "at": EPOCH + timedelta(seconds=number),
        "open": number % 2 == 0,
    }


def _check_csv(path: Path, count: int) -> None:
    def lines() -> Iterator[str]:
        yield ",".join(COLUMNS) + "\r\n"
        for number in range(count):
            made = order(number)
            opened = "true" if made["open"] else "false"
            yield f"{number},{made['customer']},Berlin,{made['total']},{rfc3339(made['at'])},{opened}\r\n"

    _check_lines(path, lines())


def _check_json_lines(path: Path, count: int) -> None:
    orders = (order(number) for number in range(count))
    _check_lines(
        path, (json.dumps(each | {"at": rfc3339(each["at"])}, separators=(",", ":")) + "\n" for each in orders)
    )


def _check_lines(path: Path, lines: Iterator[str]) -> None:
    expected = hashlib.sha256()
    for line in lines:
        expected.update(line.encode())
    with path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == expected.hexdigest(), "not what was stored"


def _check_parquet(path: Path, count: int) -> None:
    found = 0
    for batch in pq.ParquetFile(path).iter_batches(_GROUP):
        rows = batch.to_pylist()
        assert rows == [order(number) for number in range(found, found + len(rows))], "not what was stored"
        found += len(rows)
    assert found == count, f"{found} rows instead of {count}"


def _raw_csv(documents: Iterable[Document], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([document.get(column) for column in COLUMNS] for document in documents)


def _raw_json_lines(documents: Iterable[Document], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(document, default=rfc3339) + "\n" for document in documents)


def _raw_parquet(documents: Iterable[Document], path: Path) -> None:
    rest = iter(documents)
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        while rows := list(islice(rest, _GROUP)):
            writer.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))


FORMATS = (
    Format("CSV", {"format": "csv", "fields": COLUMNS}, _check_csv, _raw_csv, 0.6, ">= 150,000/s"),
    Format("JSON Lines", {"format": "jsonl"}, _check_json_lines, _raw_json_lines, 0.6),
    Format("Parquet", {"format": "parquet", "fields": COLUMNS}, _check_parquet, _raw_parquet, 0.25),
)
