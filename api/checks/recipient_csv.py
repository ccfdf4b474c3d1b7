"""People as CSV: columns are fields of a person, and `variables.<name>`. Every fault is told with its line."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.problems import FieldFault, Problem, invalid_fields
from api.requests import MOST_FAULTS, faults_of
from shared.models.notification_models import Variables
from shared.models.recipients import RecipientDefinition

MOST_ROWS = 10_000
FIELDS = ("externalKey", "name", "email", "phone", "locale", "timezone")
_VARIABLE = "variables."
_SOMEBODY = "somebody@example.com"
_NAMES = TypeAdapter(Variables)


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the file. given: the fields of its columns, None where the cell is empty.

    line: where it begins in the file, the heading is line 1.
    """

    line: int
    given: dict[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str] | None:
        """By which field the person is found again, and its value."""
        for name in ("externalKey", "email"):
            if self.given.get(name):
                return name, self.given[name]
        return None


def read_rows(body: bytes) -> list[Row]:
    """The people of the file. Problem 422 with every faulty line: then nothing of it may be taken."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refusal([FieldFault("line 1", "encoding", "save the file as UTF-8")]) from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    faults: list[FieldFault] = []
    rows: list[Row] = []
    seen: dict[tuple[str, str], int] = {}
    try:
        columns = _columns(next(reader, []))
        begins = reader.line_num + 1
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) >= MOST_ROWS:
                faults.append(_fault(line, "", "too_long", f"at most {MOST_ROWS} people at once; split the file"))
                break
            row, wrong = _row(line, columns, cells)
            faults += wrong or _repeated(row, seen)
            rows.append(row)
            if len(faults) >= MOST_FAULTS:
                break
    except csv.Error as fault:
        faults.append(_fault(reader.line_num, "", "csv", f"not CSV: {fault}"))
    if not rows and not faults:
        faults.append(_fault(2, "", "missing", "there is nobody in the file"))
    if faults:
        raise _refusal(faults)
    return rows


def checked(line: int, whole: dict[str, Any]) -> tuple[dict[str, Any], list[FieldFault]]:
    """The person as they would be stored, addresses in their normal form, and what is wrong with it."""
    try:
        return RecipientDefinition.model_validate(whole).model_dump(by_alias=True), []
    except ValidationError as fault:
        return whole, [_fault(line, each.field, each.code, each.detail) for each in faults_of(fault)]


def _delimiter(text: str) -> str:
    """A comma; a semicolon where spreadsheets use it."""
    heading = text.partition("\n")[0]
    return ";" if ";" in heading and "," not in heading else ","


def _columns(heading: list[str]) -> list[tuple[str, Callable[[str], Any]]]:
    columns: list[tuple[str, Callable[[str], Any]]] = []
    faults: list[FieldFault] = []
    for title in (cell.strip() for cell in heading):
        name, _, kind = title.partition(":")
        is_variable = name.startswith(_VARIABLE) and _is_variable_name(name.removeprefix(_VARIABLE))
        if title not in FIELDS and not (is_variable and kind in ("", *_READERS)):
            words = f"there is no such column; there are {', '.join(FIELDS)} and variables.<name>"
            faults.append(_fault(1, title[:100], "unknown_column", f"{words}, variables.<name>:number, ...:boolean"))
        elif name in [each for each, _ in columns]:
            faults.append(_fault(1, title, "repeated_column", "the column is there twice"))
        else:
            columns.append((name, _READERS.get(kind, str)))
    if not faults and not {"externalKey", "email"} & {name for name, _ in columns}:
        faults.append(_fault(1, "", "missing", "name the columns in the first line; externalKey or email is needed"))
    if faults:
        raise _refusal(faults)
    return columns


def _is_variable_name(name: str) -> bool:
    try:
        _NAMES.validate_python({name: None})
    except ValidationError:
        return False
    return True


def _row(line: int, columns: list[tuple[str, Callable[[str], Any]]], cells: list[str]) -> tuple[Row, list[FieldFault]]:
    row, faults = Row(line, {}), list[FieldFault]()
    if len(cells) != len(columns):
        faults.append(_fault(line, "", "cells", f"has {len(cells)} cells, the heading has {len(columns)}"))
        return row, faults
    for (name, read), cell in zip(columns, (each.strip() for each in cells), strict=True):
        try:
            value = read(cell) if cell else None
        except ValueError as fault:
            faults.append(_fault(line, name, "type", str(fault)))
            continue
        if name.startswith(_VARIABLE):
            row.variables[name.removeprefix(_VARIABLE)] = value
        else:
            row.given[name] = value
    if row.key is None:
        faults.append(_fault(line, "", "missing", "give externalKey or email: the person is found again by it"))
    whole = {**row.given, "name": row.given.get("name") or "", "variables": row.variables}
    if row.given.get("email") is None and "phone" not in row.given:
        whole["email"] = _SOMEBODY  # whom the row means may have a phone: the plan looks at the whole person
    normal, wrong = checked(line, whole)
    row.given.update({name: normal[name] for name, value in row.given.items() if value is not None})
    return row, faults + wrong


def _repeated(row: Row, seen: dict[tuple[str, str], int]) -> Iterator[FieldFault]:
    if row.key is None:
        return
    name, value = row.key
    first = seen.setdefault((name, value.casefold()), row.line)
    if first != row.line:
        yield _fault(row.line, name, "repeated", f"is the same person as line {first}")


def _number(cell: str) -> int | float:
    for kind in (int, float):
        try:
            value = kind(cell)
        except ValueError:
            continue
        if value == value and abs(value) < 2**63:  # neither NaN nor what MongoDB cannot hold
            return value
    raise ValueError("is no number")


def _boolean(cell: str) -> bool:
    if cell.lower() not in ("true", "false"):
        raise ValueError("write true or false")
    return cell.lower() == "true"


_READERS: dict[str, Callable[[str], Any]] = {"number": _number, "boolean": _boolean}


def _fault(line: int, column: str, code: str, detail: str) -> FieldFault:
    return FieldFault(f"line {line}.{column}" if column else f"line {line}", code, detail)


def _refusal(faults: list[FieldFault]) -> Problem:
    return invalid_fields(faults[:MOST_FAULTS])
