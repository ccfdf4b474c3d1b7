"""An import of people: whom each row means, and what becomes of them. All of them, or none."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.checks.recipient_csv import Row, checked
from api.problems import FieldFault, invalid_fields
from api.requests import MOST_FAULTS
from shared.models.recipients import RecipientDefinition

_EMPTY = RecipientDefinition(email="nobody@example.com").model_dump(by_alias=True) | {"email": None}
FIELDS = tuple(_EMPTY)


@dataclass(slots=True)
class ImportPlan:
    """inserts: new people with their ids; updates: (stored, fields to set); people: the ids of all.

    joined: how many of them were not in the group before.
    """

    inserts: list[dict[str, Any]] = field(default_factory=list)
    updates: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    unchanged: int = 0
    people: list[Any] = field(default_factory=list)
    joined: int = 0


def plan_import(rows: Sequence[Row], stored: Iterable[dict[str, Any]]) -> ImportPlan:
    """stored: the people that any row may mean. Problem 422 names each line that cannot be carried out."""
    by_key: dict[str, dict[str, Any]] = {}
    by_email: dict[str, list[dict[str, Any]]] = {}
    for each in stored:
        if isinstance(each.get("externalKey"), str):
            by_key[each["externalKey"]] = each
        if isinstance(each.get("email"), str):
            by_email.setdefault(each["email"], []).append(each)
    plan, faults = ImportPlan(), list[FieldFault]()
    meant: dict[Any, int] = {}
    for row in rows:
        people = _meant(row, by_key, by_email)
        if len(people) > 1:
            faults.append(_fault(row, "several", f"{len(people)} people have this e-mail; give their externalKey"))
            continue
        person = people[0] if people else None
        whole, wrong = checked(row.line, _whole(row, person))
        faults += wrong
        if person is None:
            person = {"_id": uuid.uuid4().hex}
            plan.inserts.append({**person, **whole})
        elif (first := meant.setdefault(person["_id"], row.line)) != row.line:
            faults.append(_fault(row, "repeated", f"is the same person as line {first}"))
        elif changes := {name: value for name, value in whole.items() if person.get(name) != value}:
            plan.updates.append((person, changes))
        else:
            plan.unchanged += 1
        plan.people.append(person["_id"])
    if faults:
        raise invalid_fields(faults[:MOST_FAULTS])
    return plan


def _meant(
    row: Row, by_key: Mapping[str, dict[str, Any]], by_email: Mapping[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Whoever has the external key; else whoever has the e-mail, unless another key says that it is somebody else."""
    key, email = row.given.get("externalKey"), row.given.get("email")
    if key is not None and key in by_key:
        return [by_key[key]]
    found = by_email.get(email, []) if email is not None else []
    return [each for each in found if key is None or each.get("externalKey") is None]


def _whole(row: Row, person: Mapping[str, Any] | None) -> dict[str, Any]:
    """The person with the file's columns over what is stored; variables that the file does not name stay."""
    known = {name: person[name] for name in FIELDS if name in person} if person is not None else {}
    kept = known.get("variables")
    variables = {**(kept if isinstance(kept, Mapping) else {}), **row.variables}
    given = {**row.given, "name": row.given["name"] or ""} if "name" in row.given else row.given
    whole = {**_EMPTY, **known, **given}
    return {**whole, "variables": {name: value for name, value in variables.items() if value is not None}}


def _fault(row: Row, code: str, detail: str) -> FieldFault:
    return FieldFault(f"line {row.line}", code, detail)
