"""Which documents of the host application's collection are meant, and what they say of a person. No I/O."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson.decimal128 import Decimal128
from bson.objectid import ObjectId

from shared.clock import rfc3339
from shared.errors import InvalidDefinition
from shared.models.host_users import HostSelection, HostUsers
from shared.queries.filters import fields_of, read_filter, together

Filter = dict[str, Any]
FIELD = "recipients.users"
_OF_PERSON = ("email", "phone", "name", "locale", "timezone")


def selected(users: HostUsers | None, selection: HostSelection) -> Filter:
    """The users who are meant; InvalidDefinition if HOST_USERS does not say how to find them."""
    if users is None:
        raise InvalidDefinition(FIELD, "the setting HOST_USERS names no collection of users", "no_host_users")
    return together(_named(users, selection), _filtered(users, selection.filter))


def _named(users: HostUsers, selection: HostSelection) -> Filter:
    if selection.everyone:
        return {}
    wanted = (
        ("ids", users.id, [each for text in selection.ids for each in _ids(text)]),
        ("roles", users.role, selection.roles),
        ("tags", users.tags, selection.tags),
        ("groups", users.groups, selection.groups),
    )
    clauses: list[Filter] = []
    for name, field, values in wanted:
        if values and field is None:
            raise InvalidDefinition(f"{FIELD}.{name}", f"the setting HOST_USERS names no field of {name}", "no_field")
        if values:
            clauses.append({str(field): {"$in": list(values)}})
    if not clauses:
        return {}
    return {"$or": clauses} if len(clauses) > 1 else clauses[0]


def _filtered(users: HostUsers, text: str) -> Filter:
    """What a filter means that asks only about fields of the settings."""
    found = read_filter(text)
    for field in fields_of(found):
        if field not in users.filter_fields:
            allowed = ", ".join(users.filter_fields) or "none"
            raise InvalidDefinition(
                f"{FIELD}.filter",
                f"{field} is not in filterFields of the setting HOST_USERS; allowed: {allowed}",
                "field",
            )
    return found


def projection(users: HostUsers) -> dict[str, int]:
    """What is read of each. A field inside of another one comes with it; MongoDB refuses to be asked for both."""
    paths = {getattr(users, name) for name in _OF_PERSON} | {users.id, "_id", *users.variables.values()}
    named = sorted(each for each in paths if each is not None)
    return {each: 1 for each in named if not any(each.startswith(f"{outer}.") for outer in named)}


def person_of(users: HostUsers, document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as one of `recipients`; values may be of any type."""
    person = {name: _at(document, getattr(users, name)) for name in _OF_PERSON}
    values = {name: _variable(_at(document, field)) for name, field in users.variables.items()}
    given = {name: value for name, value in values.items() if value is not None}
    return {"_id": str(_at(document, users.id)), **person, "variables": given}


def _variable(value: Any) -> Any:
    """As a text can show it; None: there is nothing that it could show."""
    match value:
        case str() | bool() | float() | int():
            return value
        case datetime():
            return rfc3339(value)
        case ObjectId() | Decimal128():
            return str(value)
    return None


def _ids(text: str) -> list[Any]:
    """Every stored id that the text may mean."""
    found: list[Any] = [text]
    if ObjectId.is_valid(text):
        found.append(ObjectId(text))
    if text.isascii() and text.isdigit() and len(text) < 19:
        found.append(int(text))
    return found


def _at(document: Mapping[str, Any], path: str | None) -> Any:
    value: Any = document
    for part in path.split(".") if path is not None else ():
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if path is not None else None
