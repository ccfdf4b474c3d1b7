"""People from CSV: what is read, whom a row means, and every fault with its line."""

from typing import Any

import pytest

from api.checks.recipient_csv import read_rows
from api.definitions.recipient_import import plan_import
from api.problems import Problem


def faults_of(text: str, stored: list[dict[str, Any]] | None = None) -> list[tuple[str, str]]:
    with pytest.raises(Problem) as caught:
        plan_import(read_rows(text.encode()), stored or [])
    return [(fault.field, fault.code) for fault in caught.value.errors]


def test_columns_become_fields_and_typed_variables() -> None:
    text = (
        "externalKey,email,name,timezone,variables.city,variables.age:number,variables.vip:boolean\n"
        'k1,ada@EXAMPLE.com,"Ada, Countess",Europe/London,London,36,TRUE\n'
        "\n"
        "k2,,,,,,\n"
    )
    first, second = read_rows("﻿".encode() + text.encode())
    assert (first.line, first.given["name"], first.variables) == (
        2, "Ada, Countess", {"city": "London", "age": 36, "vip": True},
    )  # fmt: skip
    assert (second.line, second.given["email"], second.variables["age"]) == (4, None, None)


def test_semicolons_are_read_where_there_are_no_commas() -> None:
    assert read_rows(b"email;name\nada@example.com;Ada\n")[0].given == {"email": "ada@example.com", "name": "Ada"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("line 1", "missing")]),
        ("email\n", [("line 2", "missing")]),
        ("email,surprise\na@example.com,1\n", [("line 1.surprise", "unknown_column")]),
        ("email,variables.a b\na@example.com,1\n", [("line 1.variables.a b", "unknown_column")]),
        ("email,variables.a:date\na@example.com,1\n", [("line 1.variables.a:date", "unknown_column")]),
        ("email,email\na@example.com,b@example.com\n", [("line 1.email", "repeated_column")]),
        ("name,phone\nAda,+33123456789\n", [("line 1", "missing")]),
        ("email,name\na@example.com\n", [("line 2", "cells")]),
        ('email,name\na@example.com,"Ada\n', [("line 2", "csv")]),
        (
            "email\nnobody\nb@example.com\nnor this\n",
            [("line 2.email", "value_error"), ("line 4.email", "value_error")],
        ),
        ("email,timezone\na@example.com,Mars\n", [("line 2.timezone", "value_error")]),
        ("email,variables.n:number\na@example.com,many\n", [("line 2.variables.n", "type")]),
        ("email,variables.n:number\na@example.com,nan\n", [("line 2.variables.n", "type")]),
        ("email,variables.b:boolean\na@example.com,perhaps\n", [("line 2.variables.b", "type")]),
        ("email\na@example.com\nA@example.com\n", [("line 3.email", "repeated")]),
        ("externalKey,email\nk,\n", [("line 2", "value_error")]),
    ],
)
def test_each_fault_is_told_with_its_line(text: str, expected: list[tuple[str, str]]) -> None:
    assert faults_of(text) == expected


def test_a_row_means_who_has_its_key_else_who_has_its_email() -> None:
    stored = [
        {"_id": "a", "externalKey": "k1", "email": "old@example.com", "name": "Ada", "variables": {"x": 1}},
        {"_id": "b", "externalKey": None, "email": "bob@example.com", "name": "Bob", "variables": {}},
        {"_id": "c", "externalKey": "k9", "email": "eve@example.com", "name": "Eve", "variables": {}},
    ]
    text = (
        "externalKey,email,variables.city\nk1,ada@example.com,Paris\nk2,bob@example.com,\nk3,eve@example.com,\n"
        "k4,new@example.com,Rome\n"
    )
    plan = plan_import(read_rows(text.encode()), stored)
    changed = {person["_id"]: fields for person, fields in plan.updates}
    assert changed["a"]["email"] == "ada@example.com"
    assert changed["a"]["variables"] == {"x": 1, "city": "Paris"}
    assert "name" not in changed["a"]
    assert changed["b"]["externalKey"] == "k2"
    assert "c" not in changed
    assert sorted(each["email"] for each in plan.inserts) == ["eve@example.com", "new@example.com"]


def test_an_email_that_several_have_needs_a_key() -> None:
    stored = [{"_id": each, "email": "a@example.com"} for each in ("a", "b")]
    assert faults_of("email\na@example.com\n", stored) == [("line 2", "several")]


def test_two_rows_cannot_mean_the_same_person() -> None:
    stored = [{"_id": "a", "externalKey": "k", "email": "a@example.com"}]
    assert faults_of("externalKey,email\nk,b@example.com\n,a@example.com\n", stored) == [("line 3", "repeated")]


def test_what_is_as_it_was_is_not_written() -> None:
    text = b"email,name\na@example.com,Ada\n"
    [made] = plan_import(read_rows(text), []).inserts
    plan = plan_import(read_rows(text), [made])
    assert (plan.inserts, plan.updates, plan.unchanged) == ([], [], 1)
