"""Whose clock decides, quiet hours, approval, and the newest template version, over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api import create_app
from api.context import store_of
from shared.models.notification_models import ScheduledNotification
from shared.settings import Settings
from tests.integration.api.conftest import (
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    scheduled_body,
    template_body,
)

RULES: dict[str, Any] = {
    "recipientTimezone": True,
    "timezoneFallback": "Asia/Tokyo",
    "alreadyPassed": "skip",
    "quietHours": {"from": "22:00", "to": "07:00", "timezone": None},
    "allowedDays": ["MON", "TUE"],
    "throttle": {"perMinute": 60},
    "expiresAfter": "2h",
    "critical": False,
}
MANY = {"addresses": [{"email": f"p{number}@example.com"} for number in range(3)]}


def test_all_rules_are_stored_answered_and_changed_one_by_one(admin: Caller, db: Db) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    weekly = {"kind": "cron", "expression": "0 9 * * WED", "timezone": "UTC"}
    made = admin.created(SCHEDULED, scheduled_body(template, schedule=weekly, **RULES))
    assert {name: made[name] for name in RULES} == RULES
    ScheduledNotification.from_document(db["scheduled_notifications"].find_one() or {})
    path = f"{SCHEDULED}/{made['id']}"
    changed = admin.patch(path, {"quietHours": None, "throttle": {"perMinute": 5}}).json
    assert (changed["quietHours"], changed["throttle"]) == (None, {"perMinute": 5})
    assert changed["allowedDays"] == ["MON", "TUE"]
    assert changed["nextRun"] == made["nextRun"]
    elsewhere = admin.patch(path, {"recipientTimezone": False}).json
    assert made["nextRun"][10:] == "T19:00:00.000Z"  # 09:00 comes first at UTC+14
    assert elsewhere["nextRun"][10:] == "T09:00:00.000Z"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quietHours": {"from": "22:00"}}, "quietHours.to"),
        ({"quietHours": {"from": "22:00", "to": "25:00"}}, "quietHours.to"),
        ({"quietHours": {"from": "22:00", "to": "22:00"}}, "quietHours"),
        ({"quietHours": {"from": "22:00", "to": "07:00", "timezone": "Mars"}}, "quietHours.timezone"),
        ({"allowedDays": []}, "allowedDays"),
        ({"allowedDays": ["FUNDAY"]}, "allowedDays.0"),
        ({"alreadyPassed": "perhaps"}, "alreadyPassed"),
        ({"throttle": {"perMinute": 0}}, "throttle.perMinute"),
        ({"templateVersion": "oldest"}, "templateVersion"),
        ({"templateVersion": 0}, "templateVersion"),
        ({"recipientTimezone": True, "schedule": {"kind": "interval", "every": "1h"}}, "recipientTimezone"),
        (
            {"recipientTimezone": True, "schedule": {"kind": "once", "at": "2030-12-01T09:00:00+01:00"}},
            "recipientTimezone",
        ),
        ({"recipients": {"users": {"everyone": True}}}, "recipients.users"),  # HOST_USERS is not set
        ({"recipients": {"users": {}}}, "recipients.users"),
        ({"variables": {"name": [1]}}, "variables.name"),
        (
            {"recipients": {"addresses": [{"email": "a@example.com", "variables": {"name": {}}}]}},
            "recipients.addresses.0.variables.name",
        ),
        (
            {"recipients": {"addresses": [{"email": "a@example.com", "timezone": "X"}]}},
            "recipients.addresses.0.timezone",
        ),
    ],
)
def test_each_wrong_rule_is_named(admin: Caller, db: Db, change: dict[str, Any], field: str) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    assert_problem(admin.post(SCHEDULED, {**scheduled_body(template), **change}), 422, "invalid_fields", field)
    assert db["scheduled_notifications"].count_documents({}) == 0


def test_a_notification_may_follow_the_newest_version(admin: Caller) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    made = admin.created(SCHEDULED, scheduled_body(template, templateVersion="newest"))
    assert made["templateVersion"] == "newest"
    admin.put(f"{TEMPLATES}/{template}", template_body(subject="New"))
    path = f"{SCHEDULED}/{made['id']}"
    assert admin.patch(path, {"name": "renamed"}).json["templateVersion"] == "newest"
    assert admin.patch(path, {"templateVersion": None}).json["templateVersion"] == 2


@pytest.fixture
def careful(settings: Callable[..., Settings], catalogue: Db) -> Any:
    app = create_app(settings(notification_approval_above=2))
    yield app
    store_of(app).connection.close()


def approve(caller: Caller, seen: dict[str, Any]) -> TestResponse:
    """Approves the revision of that answer."""
    return caller.post(f"{SCHEDULED}/{seen['id']}/approve", headers={"If-Match": f'"{seen["revision"]}"'})


def test_only_what_was_seen_is_approved(careful: Flask, db: Db) -> None:
    author, other = Caller(careful, "editor"), Caller(careful, "admin")
    template = author.created(TEMPLATES, template_body())["id"]
    seen = author.created(SCHEDULED, scheduled_body(template, recipients=MANY))
    path = f"{SCHEDULED}/{seen['id']}"
    for headers in ({}, {"If-Match": "*"}):
        refused = other.post(f"{path}/approve", headers=headers)
        assert_problem(refused, 428, "precondition_required")
    author.patch(path, {"variables": {"name": "something else"}})
    assert_problem(approve(other, seen), 412, "revision_mismatch")
    assert other.get(path).json["state"] == "awaiting_approval"


def test_many_recipients_wait_for_somebody_else(careful: Flask, db: Db) -> None:
    author, other = Caller(careful, "editor"), Caller(careful, "admin")
    template = author.created(TEMPLATES, template_body())["id"]
    few = author.created(SCHEDULED, scheduled_body(template))
    assert (few["state"], few["approval"]) == ("active", None)
    assert_problem(approve(other, few), 409, "conflict")
    made = author.created(SCHEDULED, scheduled_body(template, recipients=MANY))
    assert (made["state"], made["nextRun"]) == ("awaiting_approval", None)
    assert made["approval"] == {"requestedBy": "the editor", "recipients": 3, "by": None, "at": None}
    path = f"{SCHEDULED}/{made['id']}"
    refused = assert_problem(approve(author, made), 403, "forbidden")
    assert "somebody else" in refused["detail"]
    approved = approve(other, made).json
    assert (approved["state"], approved["approval"]["by"]) == ("active", "the admin")
    assert approve(other, approved).json["revision"] == approved["revision"]
    assert author.post(f"{path}/pause").json["approval"] == approved["approval"]
    assert author.post(f"{path}/resume").json["state"] == "active"
    renamed = author.patch(path, {"name": "changed"}).json
    assert (renamed["state"], renamed["approval"]["by"]) == ("awaiting_approval", None)
    assert author.patch(path, {"recipients": {"addresses": MANY["addresses"][:1]}}).json["state"] == "active"


def test_who_wrote_the_definition_stays_its_author_whoever_pauses_it(careful: Flask, db: Db) -> None:
    author, other = Caller(careful, "editor"), Caller(careful, "admin")
    template = author.created(TEMPLATES, template_body())["id"]
    made = author.created(SCHEDULED, scheduled_body(template))
    path = f"{SCHEDULED}/{made['id']}"
    other.post(f"{path}/pause")
    other.post(f"{path}/resume")
    held = {"plannedRevision": 3, "daemon": {"needsApproval": 9, "nextRun": None}}
    db["scheduled_notifications"].update_one({"_id": made["id"]}, {"$set": held})
    assert_problem(approve(author, author.get(path).json), 403, "forbidden")
    assert approve(other, other.get(path).json).json["approval"]["requestedBy"] == "the editor"
    other.patch(path, {"name": "another"})
    db["scheduled_notifications"].update_one({"_id": made["id"]}, {"$set": {**held, "plannedRevision": 5}})
    assert_problem(approve(other, other.get(path).json), 403, "forbidden")


def test_more_recipients_than_were_approved_of_need_another_approval(careful: Flask, db: Db) -> None:
    author, other = Caller(careful, "editor"), Caller(careful, "admin")
    template = author.created(TEMPLATES, template_body())["id"]
    made = author.created(SCHEDULED, scheduled_body(template, recipients=MANY))
    path = f"{SCHEDULED}/{made['id']}"
    assert approve(other, other.get(path).json).json["state"] == "active"
    held = {"plannedRevision": 2, "daemon": {"needsApproval": 1_000_000, "nextRun": None}}
    db["scheduled_notifications"].update_one({"_id": made["id"]}, {"$set": held})
    assert author.get(path).json["state"] == "awaiting_approval"
    assert_problem(approve(author, author.get(path).json), 403, "forbidden")
    approved = approve(other, other.get(path).json).json
    assert (approved["state"], approved["approval"]["recipients"]) == ("active", 1_000_000)
    assert approve(other, other.get(path).json).json["revision"] == approved["revision"]


def test_members_of_groups_count(careful: Flask, db: Db) -> None:
    author = Caller(careful, "editor")
    template = author.created(TEMPLATES, template_body())["id"]
    people = [
        author.created("/api/notifications/recipients", {"email": f"p{number}@example.com"})["id"]
        for number in range(3)
    ]
    group = author.created("/api/notifications/groups", {"name": "All", "members": people})["id"]
    made = author.created(SCHEDULED, scheduled_body(template, recipients={"groups": [group]}))
    assert made["state"] == "awaiting_approval"


def test_what_the_daemon_held_back_can_be_approved(careful: Flask, db: Db) -> None:
    author, other = Caller(careful, "editor"), Caller(careful, "admin")
    template = author.created(TEMPLATES, template_body())["id"]
    made = author.created(SCHEDULED, scheduled_body(template))
    path = f"{SCHEDULED}/{made['id']}"
    held = {"plannedRevision": 1, "daemon": {"needsApproval": 9, "nextRun": None}}
    db["scheduled_notifications"].update_one({"_id": made["id"]}, {"$set": held})
    assert author.get(path).json["state"] == "awaiting_approval"
    assert_problem(approve(author, made), 403, "forbidden")
    approval = approve(other, made).json["approval"]
    assert (approval["recipients"], approval["requestedBy"], approval["by"]) == (9, "the editor", "the admin")
