"""Who Fernhill Books writes to: recipients, groups, and addresses that get nothing."""

from typing import Any, NamedTuple

from tests.support.api_process import ApiProcess
from tests.support.http_objects import create

_ZONES = ("Europe/Paris", "Europe/London", "America/New_York", "Asia/Tokyo")
_NAMES = (
    "Amelia Hart", "Benoît Lefèvre", "Chidi Okonkwo", "Dana Whitfield", "Elif Demir", "Farah Haddad", "Giulia Conti",
    "Henrik Dahl", "Ines Carvalho", "Jonas Weber", "Keiko Tanaka", "Liam Byrne", "Marta Kowalska", "Noor Rahman",
    "Oskar Lind", "Priya Nair", "Quentin Moreau", "Rosa Jiménez", "Samuel Adeyemi", "Tove Nyström", "Ulla Bergmann",
    "Viktor Horák", "Wen Li", "Xenia Papadaki",
)  # fmt: skip
_SUPPRESSED: tuple[dict[str, str], ...] = (
    {"email": "closed.account@example.net", "reason": "hard_bounce", "note": "550 5.1.1 No such user here"},
    {"email": "rosa.jimenez@example.com", "reason": "unsubscribed", "category": "newsletter"},
    {"phone": "+33123456790", "reason": "unsubscribed", "note": "STOP"},
    {"email": "press@example.org", "reason": "manual", "note": "Asked by telephone on 3 November"},
)


class People(NamedTuple):
    """Ids of groups, and of recipients in the order of their names."""

    customers: str
    staff: str
    readers: str
    ids: list[str]


def settle_people(api: ApiProcess) -> People:
    """24 recipients, three groups and an empty one, four suppressions."""
    ids = [create(api, "/api/notifications/recipients", _person(at, name))["id"] for at, name in enumerate(_NAMES)]
    groups = {"Customers": ids, "Shop and warehouse staff": ids[::4], "Reading club": ids[1:12:2], "Press": []}
    made = {
        name: create(api, "/api/notifications/groups", {"name": name, "members": members})["id"]
        for name, members in groups.items()
    }
    for each in _SUPPRESSED:
        create(api, "/api/notifications/suppressions", dict(each))
    return People(made["Customers"], made["Shop and warehouse staff"], made["Reading club"], ids)


def address_of(name: str) -> str:
    """The e-mail address of a name of these people."""
    plain = str.maketrans("îèéöá ", "ieeoa.")
    return name.lower().translate(plain) + "@example.com"


def addresses() -> list[str]:
    """The e-mail addresses of everyone, in the order of their names."""
    return [address_of(name) for name in _NAMES]


def _person(at: int, name: str) -> dict[str, Any]:
    person: dict[str, Any] = {"name": name, "email": address_of(name), "variables": {"name": name.split()[0]}}
    if at % 3 != 2:
        person["timezone"] = _ZONES[at % len(_ZONES)]
    if at % 2 == 0:
        person |= {"phone": f"+331234567{at:02}", "externalKey": f"crm-{1400 + at}"}
    if at % 7 == 3:
        person["optOuts"] = [{"category": "newsletter", "channel": None}, {"category": None, "channel": "sms"}]
    if at % 5 == 1:
        person["locale"] = "fr"
    return person
