"""Which documents of the host application's collection are meant, and what they say of a person. No I/O."""

from collections.abc import Mapping
from typing import Any

from bson.objectid import ObjectId

from shared.errors import InvalidDefinition
from shared.models.host_users import HostSelection, HostUsers

Filter = dict[str, Any]
FIELD = "recipients.users"
_OF_PERSON = ("email", "phone", "name", "locale", "timezone")


def selected(users: HostUsers | None, selection: HostSelection) -> Filter:
    """The users who are meant; InvalidDefinition if HOST_USERS does not say how to find them."""
    if users is None:
        raise InvalidDefinition(FIELD, "the setting HOST_USERS names no collection of users", "no_host_users")
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
    return {"$or": clauses} if len(clauses) > 1 else clauses[0]


def projection(users: HostUsers) -> dict[str, int]:
    """What is read of each."""
    named = {getattr(users, name) for name in _OF_PERSON} | {users.id, "_id"}
    return dict.fromkeys(sorted(each for each in named if each is not None), 1)


def person_of(users: HostUsers, document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as one of `recipients`; values may be of any type."""
    person = {name: _at(document, getattr(users, name)) for name in _OF_PERSON}
    return {"_id": str(_at(document, users.id)), **person}


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
