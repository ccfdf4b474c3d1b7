"""BSON values in CSV and JSON, and texts that a spreadsheet would take for formulas."""

import csv
import io
import json
from datetime import datetime
from typing import Any
from uuid import UUID

import bson
import pytest
from bson import Binary, Decimal128, Int64, ObjectId

from scheduler_daemon.exports.cells import as_json, guarded
from scheduler_daemon.exports.encoders import CsvEncoder, documents, extended_json_lines, json_lines, values_at

MOMENT = datetime(2026, 6, 1, 10, 0, 0, 123000)  # noqa: DTZ001 - stored as UTC
FAR = bson.datetime_ms.DatetimeMS(10**15)

CELLS = [
    (None, ""),
    (True, "true"),
    (5, "5"),
    (-5, "-5"),
    (Int64(2**62), str(2**62)),
    (-0.5, "-0.5"),
    (float("nan"), "nan"),
    ("", ""),
    ("plain", "plain"),
    ('a "b", c\nd', 'a "b", c\nd'),
    ("=1+1", "'=1+1"),
    ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
    ("-2+3", "'-2+3"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t=1"),
    ("\r=1", "'\r=1"),
    ("＝1", "'＝1"),  # noqa: RUF001
    ("-5", "-5"),
    ("+49301234567", "+49301234567"),
    ("-1,5", "-1,5"),
    (MOMENT, "2026-06-01T10:00:00.123Z"),
    (FAR, "1000000000000000 ms"),
    (ObjectId("65f000000000000000000000"), "65f000000000000000000000"),
    (Decimal128("-1.10"), "-1.10"),
    (Decimal128("-Infinity"), "'-Infinity"),
    (b"\x00\xff", "AP8="),
    (Binary.from_uuid(UUID(int=1)), "00000000-0000-0000-0000-000000000001"),
    ({"a": [1, MOMENT]}, '{"a":[1,"2026-06-01T10:00:00.123Z"]}'),
    ([float("inf"), "=1"], '[null,"=1"]'),
    (bson.Regex("^a"), "Regex('^a', 0)"),
]


def batch(*stored: dict[str, Any]) -> bytes:
    return b"".join(bson.encode(each) for each in stored)


@pytest.mark.parametrize(("value", "cell"), CELLS, ids=lambda value: repr(value)[:30])
def test_a_value_becomes_a_cell(value: Any, cell: str) -> None:
    file = io.BytesIO()
    encoder = CsvEncoder(file, ["a", "b"], ",")
    assert encoder.encode(batch({"a": value, "b": "x"}, {"b": "y"})) == 2
    rows = list(csv.reader(io.StringIO(file.getvalue().decode(), newline="")))
    assert rows == [["a", "b"], [cell, "x"], ["", "y"]]


def test_names_of_columns_are_guarded_and_the_delimiter_is_quoted() -> None:
    file = io.BytesIO()
    CsvEncoder(file, ["=a", "b"], ";").encode(batch({"=a": "x;y", "b": 1}))
    assert file.getvalue() == b'\'=a;b\r\n"x;y";1\r\n'


def test_a_text_that_was_guarded_is_not_guarded_twice() -> None:
    assert guarded(guarded("=1")) == "'=1"


def test_paths_lead_into_documents_and_lists() -> None:
    stored = {"a": {"b": [{"c": 1}], "d": None}, "e": 5}
    assert list(values_at(["a.b.0.c", "a.b.1.c", "a.d.x", "e.x", "e"])(stored)) == [1, None, None, None, 5]


def test_json_lines_are_json() -> None:
    file = io.BytesIO()
    assert json_lines(file, []).encode(batch({"a": MOMENT, "n": float("nan"), "t": "ü\n"}, {})) == 2
    first, second = file.getvalue().decode().splitlines()
    assert json.loads(first) == {"a": "2026-06-01T10:00:00.123Z", "n": None, "t": "ü\n"}
    assert second == "{}"
    file = io.BytesIO()
    json_lines(file, ["t", "a.b"]).encode(batch({"a": {"b": 1, "c": 2}}))
    assert file.getvalue() == b'{"t":null,"a.b":1}\n'


def test_extended_json_comes_back_as_it_was() -> None:
    stored = {each: value for each, (value, _) in zip("abcdefghijklmnopqrstuvwxyzABCDEFGH", CELLS, strict=False)}
    stored.pop("g")  # NaN is not equal to itself
    file = io.BytesIO()
    extended_json_lines(file).encode(batch(stored))
    options = bson.json_util.CANONICAL_JSON_OPTIONS.with_options(
        datetime_conversion=bson.codec_options.DatetimeConversion.DATETIME_AUTO
    )
    assert bson.encode(bson.json_util.loads(file.getvalue(), json_options=options)) == bson.encode(stored)


def test_large_batches_are_decoded_one_by_one() -> None:
    large = batch(*({"n": n, "t": "x" * 1_000_000} for n in range(6)))
    assert [each["n"] for each in documents(large)] == list(range(6))
    assert not isinstance(documents(large), list)


def test_bad_text_in_a_document_is_replaced() -> None:
    bad = bson.encode({"a": "xyz"}).replace(b"xyz", b"x\xffz")
    assert [each["a"] for each in documents(bad)] == ["x\ufffdz"]
    assert as_json({"a": {"b": float("-inf")}}) == '{"a":{"b":null}}'
