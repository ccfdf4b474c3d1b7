"""Parquet files: what is held in memory until it is written."""

import io

import bson
import pytest
from pyarrow import parquet as pq

from scheduler_daemon.exports import parquet


def batch(first: int, size: int) -> bytes:
    return b"".join(bson.encode({"_id": first + number, "text": "x" * size}) for number in range(10))


@pytest.mark.parametrize(("size", "groups"), [(1, 1), (1000, 5), (10_000, 10)])
def test_a_group_of_rows_ends_at_so_many_bytes(monkeypatch: pytest.MonkeyPatch, size: int, groups: int) -> None:
    monkeypatch.setattr(parquet, "BYTES_IN_GROUP", 20_000)
    file = io.BytesIO()
    encoder = parquet.ParquetEncoder(file, {"_id": "int32", "text": "text"})
    assert sum(encoder.encode(batch(first, size)) for first in range(0, 100, 10)) == 100
    encoder.finish()
    written = pq.ParquetFile(io.BytesIO(file.getvalue()))
    assert written.num_row_groups == groups
    assert written.read().column("_id").to_pylist() == list(range(100))
