"""What would be sent, before anything is saved; and the versions of a template."""

from typing import Any

import pytest

from shared.collections import NOTIFICATION_TEMPLATES, SCHEDULED_NOTIFICATIONS
from tests.integration.api.conftest import (
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    scheduled_body,
    template_body,
)

PREVIEW = f"{SCHEDULED}/preview"


@pytest.fixture
def template(admin: Caller) -> str:
    return str(admin.created(TEMPLATES, template_body(name="Order", channels=["email", "sms"], sms="Hi"))["id"])


def previewed(admin: Caller, **fields: Any) -> dict[str, Any]:
    answer = admin.post(PREVIEW, fields)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json
    return shown


def test_a_preview_counts_everybody_once_and_stores_nothing(admin: Caller, db: Db, template: str) -> None:
    people = [
        admin.created("/api/notifications/recipients", {"name": name, "email": email, "phone": phone})["id"]
        for name, email, phone in (("Ada", "ada@example.com", "+33612345678"), ("Bob", "bob@example.com", None))
    ]
    group = admin.created("/api/notifications/groups", {"name": "All", "members": people})["id"]
    recipients = {"people": people[:1], "groups": [group], "addresses": [{"email": "bob@example.com"}]}
    schedule = {"kind": "cron", "expression": "0 9 * * TUE", "timezone": "Europe/Paris"}
    body = scheduled_body(template, recipients=recipients, schedule=schedule, channels=["email", "sms"])
    shown = previewed(admin, **body)
    assert shown["byChannel"] == {"email": 2, "sms": 1}
    assert shown["recipients"] == 3
    assert (shown["atLeast"], shown["approvalNeeded"], shown["timezone"]) == (False, False, "Europe/Paris")
    assert {each["name"] for each in shown["sample"]} == {None, "Ada", "Bob"}
    assert len(shown["occurrences"]) == 5
    assert all(each["local"][11:16] == "09:00" for each in shown["occurrences"])
    assert "Tuesday" in shown["description"]
    assert previewed(admin, **{**body, "channels": ["sms"]})["byChannel"] == {"sms": 1}
    assert db[SCHEDULED_NOTIFICATIONS].count_documents({}) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schedule": {"kind": "once", "at": "2020-01-01T09:00:00", "timezone": "UTC"}}, "schedule.at"),
        ({"schedule": {"kind": "cron", "expression": "0 0 30 2 *", "timezone": "UTC"}}, "schedule.expression"),
        ({"recipients": {"people": ["nobody"]}}, "recipients.people"),
        ({"templateId": "none"}, "templateId"),
    ],
)
def test_a_preview_refuses_what_creating_it_would_refuse(
    admin: Caller, template: str, change: dict[str, Any], field: str
) -> None:
    body = scheduled_body(template) | change
    for path in (PREVIEW, SCHEDULED):
        assert_problem(admin.post(path, body), 422, "invalid_fields", field)


def test_a_preview_stops_counting_people(admin: Caller, template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.definitions.audience.MOST_COUNTED", 2)
    people = [admin.created("/api/notifications/recipients", {"email": f"p{n}@example.com"})["id"] for n in range(3)]
    shown = previewed(admin, **scheduled_body(template, recipients={"people": people}))
    assert (shown["recipients"], shown["atLeast"]) == (2, True)


def test_a_template_that_is_not_saved_is_rendered(admin: Caller, db: Db) -> None:
    draft = template_body(text="Dear {{ name }}", variables=[{"name": "name", "type": "string", "default": "friend"}])
    shown = admin.post(f"{TEMPLATES}/preview", {"template": draft, "variables": {"name": "Ada"}})
    assert shown.status_code == 200, shown.text
    assert shown.json["text"] == "Dear Ada"
    assert admin.post(f"{TEMPLATES}/preview", {"template": draft}).json["text"] == "Dear friend"
    for text, field in (("{{ unknown }}", "text"), ("{{ name", "text")):
        wrong = admin.post(f"{TEMPLATES}/preview", {"template": {**draft, "text": text}})
        assert_problem(wrong, 422, "invalid_fields", field)
    assert db[NOTIFICATION_TEMPLATES].count_documents({}) == 0


def test_every_version_is_listed_and_read(admin: Caller) -> None:
    made = admin.created(TEMPLATES, template_body(subject="One"))
    one = f"{TEMPLATES}/{made['id']}"
    assert admin.put(one, template_body(subject="Two"), headers={"If-Match": '"1"'}).status_code == 200
    listed = admin.all_pages(f"{one}/versions", 1)
    assert [(each["version"], each["subject"]) for each in listed] == [(2, "Two"), (1, "One")]
    assert admin.get(f"{one}/versions/1").json["subject"] == "One"
    assert_problem(admin.get(f"{one}/versions/3"), 404, "not_found")
    assert_problem(admin.get(f"{TEMPLATES}/none/versions"), 404, "not_found")
    admin.delete(one)
    assert_problem(admin.get(f"{one}/versions/1"), 404, "not_found")
