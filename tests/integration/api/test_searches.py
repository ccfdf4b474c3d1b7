"""Searching people, groups, templates and scheduled notifications."""

from typing import Any

import pytest

from api.store.notification_templates import IN_A_CATEGORY
from shared.collections import NOTIFICATION_TEMPLATES, RECIPIENTS
from shared.indexes import INDEXES
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


def test_the_categories_are_those_of_the_templates_that_there_are(admin: Caller, db: Db) -> None:
    made = [
        admin.created(TEMPLATES, template_body(name=f"t{place}", category=category))
        for place, category in enumerate(("orders", "", "people", "orders", "gone", "before"))
    ]
    assert admin.delete(f"{TEMPLATES}/{made[4]['id']}").status_code == 204
    assert admin.put(f"{TEMPLATES}/{made[5]['id']}", template_body(category="after")).status_code == 200
    db[NOTIFICATION_TEMPLATES].insert_one({"_id": "odd:1", "templateId": "odd", "latest": True, "category": 5})
    assert admin.get(f"{TEMPLATES}/categories").json == {"items": ["after", "orders", "people"]}


def test_templates_of_a_category_and_the_categories_are_found_by_an_index(db: Db) -> None:
    collection = db[NOTIFICATION_TEMPLATES]
    for spec in INDEXES:
        if spec.collection == NOTIFICATION_TEMPLATES:
            options = {"partialFilterExpression": spec.partial} if spec.partial else {}
            collection.create_index(list(spec.keys), name=spec.name, **options)
    collection.insert_many(
        {"_id": f"{n}:{v}", "templateId": f"{n}", "version": v, "latest": v == 9, "createdAt": n,
         "category": "rare" if n < 3 else "orders" if n < 10 else ""}
        for n in range(100) for v in range(10)
    )  # fmt: skip
    of_one = {"latest": True, "deletedAt": None, "category": "rare"}
    for explained, most in (
        (collection.find(of_one).sort([("createdAt", -1), ("_id", -1)]).limit(51).explain(), 3),
        (db.command("explain", {"distinct": collection.name, "key": "category", "query": IN_A_CATEGORY}), 10),
    ):
        assert "'indexName': 'by_category'" in str(explained["queryPlanner"]["winningPlan"])
        assert explained["executionStats"]["totalDocsExamined"] <= most
