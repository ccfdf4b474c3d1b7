"""What would be sent, before anything is saved; and the versions of a template."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

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

PARIS = ZoneInfo("Europe/Paris")
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
    assert shown["recipients"] == 2
    assert (shown["atLeast"], shown["approvalNeeded"], shown["timezone"]) == (False, False, "Europe/Paris")
    assert {each["email"] for each in shown["sample"]} == {"ada@example.com", "bob@example.com"}
    assert len(shown["occurrences"]) == 5
    assert all(each["local"][11:16] == "09:00" for each in shown["occurrences"])
    assert "Tuesday" in shown["description"]
    assert previewed(admin, **{**body, "channels": ["sms"]})["byChannel"] == {"sms": 1}
    assert db[SCHEDULED_NOTIFICATIONS].count_documents({}) == 0


def test_one_address_counts_once_however_it_is_written(admin: Caller, template: str) -> None:
    addresses = [{"email": each} for each in ("dup@example.com", "DUP@example.com", "dup@example.com")]
    shown = previewed(admin, **scheduled_body(template, recipients={"addresses": addresses}))
    assert (shown["recipients"], shown["byChannel"], len(shown["sample"])) == (1, {"email": 1}, 1)


def at_hour(clock_time: str) -> dict[str, Any]:
    hour, minute = clock_time.split(":")
    return {"kind": "cron", "expression": f"{minute} {hour} * * *", "timezone": "Europe/Paris"}


def test_the_times_are_those_at_which_messages_leave(admin: Caller, template: str) -> None:
    night = {"from": "22:00", "to": "08:00", "timezone": None}
    body = scheduled_body(template, schedule=at_hour("23:30"), quietHours=night)
    for shown in (
        previewed(admin, **body),
        admin.get(f"{SCHEDULED}/{admin.created(SCHEDULED, body)['id']}/coming").json,
    ):
        first = shown["occurrences"][0]
        meant, leaves = (datetime.fromisoformat(first[name]).astimezone(PARIS) for name in ("at", "sendAt"))
        assert (meant.strftime("%H:%M"), leaves.strftime("%H:%M")) == ("23:30", "08:00")
        assert (leaves.date() - meant.date()).days == 1
    in_tokyo = previewed(admin, **{**body, "quietHours": {**night, "timezone": "Asia/Tokyo"}})["occurrences"][0]
    leaves = datetime.fromisoformat(in_tokyo["sendAt"]).astimezone(ZoneInfo("Asia/Tokyo"))
    assert leaves.strftime("%H:%M") == "08:00"
    critical = previewed(admin, **body, critical=True)["occurrences"][0]
    assert critical["sendAt"] == critical["at"]
    own_clock = previewed(admin, **body, recipientTimezone=True)["occurrences"][0]
    assert datetime.fromisoformat(own_clock["sendAt"]).astimezone(PARIS).strftime("%H:%M") == "08:00"
    mondays = previewed(admin, **{**body, "quietHours": None}, allowedDays=["MON"])["occurrences"]
    assert {datetime.fromisoformat(each["sendAt"]).astimezone(PARIS).weekday() for each in mondays} == {0}


def test_a_throttle_says_when_the_last_message_leaves_and_how_many_expire_before(admin: Caller, template: str) -> None:
    people = [{"email": f"p{n}@example.com"} for n in range(5)]
    body = scheduled_body(template, schedule=at_hour("12:00"), recipients={"addresses": people})
    fast = previewed(admin, **body)
    assert (fast["lastAt"], fast["tooLate"]) == (fast["occurrences"][0]["sendAt"], 0)
    slow = previewed(admin, **body, throttle={"perMinute": 2}, expiresAfter="90s")
    took = datetime.fromisoformat(slow["lastAt"]) - datetime.fromisoformat(slow["occurrences"][0]["sendAt"])
    assert (took, slow["tooLate"]) == (timedelta(minutes=2), 1)


def test_what_is_left_of_a_rule_that_ends_is_foreseen(admin: Caller, db: Db, template: str) -> None:
    made = admin.created(SCHEDULED, scheduled_body(template, schedule={**at_hour("12:00"), "maxRuns": 3}))
    db[SCHEDULED_NOTIFICATIONS].update_one({"_id": made["id"]}, {"$set": {"daemon.occurrencesQueued": 1}})
    assert len(admin.get(f"{SCHEDULED}/{made['id']}/coming").json["occurrences"]) == 2
    assert_problem(admin.get(f"{SCHEDULED}/none/coming"), 404, "not_found")


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
    assert db[NOTIFICATION_TEMPLATES].count_documents({}) == 0


def test_what_is_wrong_with_one_text_of_a_draft_hides_no_other(admin: Caller) -> None:
    code = {"name": "code", "type": "string", "required": True}
    count = {"name": "count", "type": "number"}
    draft = template_body(
        channels=["email", "sms"], subject="Hi {{ nobody }}", text="{{ code }}", html="{{ code", sms="{{ 1 / 0 }}",
        variables=[code, count],
    )  # fmt: skip
    answer = admin.post(f"{TEMPLATES}/preview", {"template": draft, "variables": {"code": "[code]", "count": "many"}})
    assert answer.status_code == 200, answer.text
    shown = answer.json
    assert [shown[part] for part in ("subject", "text", "html", "sms")] == [None, "[code]", None, None]
    wrong = {each["field"]: each["code"] for each in shown["faults"]}
    assert wrong == {
        "subject": "undeclared_variable", "html": "template_syntax", "sms": "template_error",
        "variables.count": "variable_type",
    }  # fmt: skip
    without = admin.post(f"{TEMPLATES}/preview", {"template": template_body(text="{{ code }}", variables=[code])})
    assert [each["field"] for each in without.json["faults"]] == ["variables.code"]
    assert without.json["text"] == ""


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": "", "subject": "", "text": None, "channels": ["email", "sms"]}, {"name", "subject", "text", "sms"}),
        ({"subject": "", "text": "", "html": "<p>Hi</p>"}, {"subject"}),
        ({"channels": "email", "subject": ""}, {"channels"}),
    ],
)
def test_all_texts_that_a_template_lacks_are_told_at_once(
    admin: Caller, fields: dict[str, Any], wrong: set[str]
) -> None:
    refused = assert_problem(admin.post(TEMPLATES, template_body(**fields)), 422, "invalid_fields")
    assert {each["field"] for each in refused["errors"]} == wrong


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
