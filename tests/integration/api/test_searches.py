"""Searching people, groups, templates and scheduled notifications."""

from typing import Any

import pytest

from shared.collections import RECIPIENTS
from tests.integration.api.conftest import SCHEDULED, TEMPLATES, Caller, Db, scheduled_body, template_body

PEOPLE = "/api/notifications/recipients"
GROUPS = "/api/notifications/groups"


def names(admin: Caller, path: str, **query: str) -> list[str]:
    found = admin.get(path, query_string=query)
    assert found.status_code == 200, found.text
    return sorted(item["name"] for item in found.json["items"])


@pytest.fixture
def people(admin: Caller) -> None:
    for body in (
        {"name": "Ada Lovelace", "email": "ada@example.com", "externalKey": "K-1"},
        {"name": "Émile Zola", "email": "emile@example.com", "phone": "+33612345678"},
    ):
        admin.created(PEOPLE, body)
    text = "externalKey,email,name\nK-2,grace@example.org,Grace Hopper\nK-1,ada@example.com,Ada King\n"
    imported = admin.call("POST", f"{PEOPLE}/import", data=text, content_type="text/csv")
    assert imported.status_code == 200, imported.text


@pytest.mark.parametrize(
    ("q", "found"),
    [("ada", ["Ada King"]), ("KING ada", ["Ada King"]), ("love", []), ("hop", ["Grace Hopper"]),
     ("k-", ["Ada King", "Grace Hopper"]), ("émi", ["Émile Zola"]), ("+336", ["Émile Zola"]),
     ("grace@example.org", ["Grace Hopper"]), ("da", []), (".*", []), ("$ne", [])],
)  # fmt: skip
def test_people_are_found_by_how_words_begin(admin: Caller, people: None, q: str, found: list[str]) -> None:
    assert names(admin, PEOPLE, q=q) == found


def test_people_are_found_by_an_index(admin: Caller, db: Db, people: None) -> None:
    db[RECIPIENTS].create_index([("search", 1)], name="by_search")
    db[RECIPIENTS].insert_many({"search": [f"other{n}"]} for n in range(500))
    explained = db[RECIPIENTS].find({"$and": [{"search": {"$regex": "^ada"}}]}).sort("createdAt", -1).explain()
    assert explained["executionStats"]["totalKeysExamined"] <= 4


def test_a_changed_person_is_found_by_the_new_name_only(admin: Caller, people: None) -> None:
    [ada] = admin.get(PEOPLE, query_string={"q": "ada"}).json["items"]
    body = {"name": "Augusta", "email": "ada@example.com"}
    assert admin.put(f"{PEOPLE}/{ada['id']}", body).status_code == 200
    assert names(admin, PEOPLE, q="augusta") == ["Augusta"]
    assert names(admin, PEOPLE, q="king") == []


def test_groups_templates_and_scheduled_notifications_are_found_by_a_part_of_the_name(admin: Caller) -> None:
    for name in ("Customers", "Staff"):
        admin.created(GROUPS, {"name": name, "members": []})
    assert names(admin, GROUPS, q="TOM") == ["Customers"]
    templates: list[dict[str, Any]] = [
        admin.created(TEMPLATES, template_body(name=name, category=category))
        for name, category in (("Order ready", "orders"), ("Welcome", "people"))
    ]
    assert names(admin, TEMPLATES, q="ready") == ["Order ready"]
    assert names(admin, TEMPLATES, category="people") == ["Welcome"]
    for template in templates:
        admin.created(SCHEDULED, scheduled_body(template["id"], name=f"Send {template['name']}"))
    assert names(admin, SCHEDULED, q="send w") == ["Send Welcome"]
    assert names(admin, SCHEDULED, templateId=templates[0]["id"]) == ["Send Order ready"]
