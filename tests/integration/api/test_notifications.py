"""Scheduled notifications, their templates, people and groups."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.models.notification_models import NotificationTemplate, ScheduledNotification
from tests.integration.api.conftest import (
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    scheduled_body,
    template_body,
)

PEOPLE = "/api/notifications/recipients"
GROUPS = "/api/notifications/groups"


def test_a_scheduled_notification_is_answered_as_documented_and_stored_whole(admin: Caller, db: Db) -> None:
    template = admin.created(TEMPLATES, template_body())
    response = admin.post(SCHEDULED, scheduled_body(template["id"], expiresAfter="1h", quietHours=None))
    assert response.status_code == 201
    made = response.json
    assert response.headers["Location"] == f"{SCHEDULED}/{made['id']}"
    assert (made["templateVersion"], made["state"], made["revision"]) == (1, "active", 1)
    assert made["statistics"] == dict.fromkeys(["queued", "sent", "delivered", "failed", "suppressed", "unknown"], 0)
    assert made["nextRun"] is not None
    assert made["lastRun"] is None
    assert made["expiresAfter"] == "1h"
    document = db["scheduled_notifications"].find_one({"_id": made["id"]})
    assert document is not None
    assert "plannedRevision" not in document
    assert "daemon" not in document
    ScheduledNotification.from_document(document)
    assert admin.get(f"{SCHEDULED}/{made['id']}").json == made
    assert admin.get(SCHEDULED).json["items"] == [made]


def test_the_newest_template_version_is_pinned_and_stays(admin: Caller) -> None:
    template = admin.created(TEMPLATES, template_body())
    first = admin.created(SCHEDULED, scheduled_body(template["id"]))
    assert admin.put(f"{TEMPLATES}/{template['id']}", template_body(subject="New")).json["version"] == 2
    assert admin.created(SCHEDULED, scheduled_body(template["id"]))["templateVersion"] == 2
    assert admin.get(f"{SCHEDULED}/{first['id']}").json["templateVersion"] == 1
    assert admin.created(SCHEDULED, scheduled_body(template["id"], templateVersion=1))["templateVersion"] == 1
    wrong = admin.post(SCHEDULED, scheduled_body(template["id"], templateVersion=9))
    assert_problem(wrong, 422, "invalid_fields", "templateVersion")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"templateId": "nonesuch"}, "templateId"),
        ({"channels": ["sms"]}, "channels"),
        ({"channels": []}, "channels"),
        ({"channels": ["pigeon"]}, "channels.0"),
        ({"recipients": {}}, "recipients"),
        ({"recipients": {"addresses": [{"email": "no address"}]}}, "recipients.addresses.0.email"),
        ({"recipients": {"people": ["nobody"]}}, "recipients.people"),
        ({"recipients": {"groups": ["no-group"]}}, "recipients.groups"),
        ({"variables": {"a b": 1}}, "variables.a b"),
        ({"schedule": {"kind": "cron", "expression": "0 0 31 2 *"}}, "schedule.expression"),
        ({"schedule": {"kind": "once", "at": "2026-12-01T09:00:00", "timezone": "Nowhere"}}, "schedule.timezone"),
        ({"schedule": {"kind": "once", "at": "2020-12-01T09:00:00"}}, "schedule.at"),
        ({"quietHours": {"from": "22:00"}}, "quietHours.to"),
        ({"expiresAfter": "0s"}, "expiresAfter"),
        ({"critical": "no"}, "critical"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_each_wrong_field_is_422_named_and_nothing_is_written(
    admin: Caller, db: Db, change: dict[str, Any], field: str
) -> None:
    template = admin.created(TEMPLATES, template_body())
    response = admin.post(SCHEDULED, {**scheduled_body(template["id"]), **change})
    assert_problem(response, 422, "invalid_fields", field)
    assert db["scheduled_notifications"].count_documents({}) == 0


def test_a_required_variable_must_come_from_somewhere_for_everyone(admin: Caller, db: Db) -> None:
    order = {"name": "order", "required": True}
    template = admin.created(TEMPLATES, template_body(text="{{ order }}", variables=[{"name": "name"}, order]))["id"]
    knows = {"email": "a@example.com", "variables": {"order": 7}}
    person = admin.created(PEOPLE, {"email": "p@example.com"})["id"]
    informed = admin.created(PEOPLE, {"email": "q@example.com", "variables": {"order": 8}})["id"]
    group = admin.created(GROUPS, {"name": "All", "members": [person]})["id"]
    for recipients in (
        {"addresses": [knows, {"email": "b@example.com"}]},
        {"addresses": [knows], "people": [informed, person]},
        {"groups": [group]},
    ):
        refused = admin.post(SCHEDULED, scheduled_body(template, recipients=recipients))
        problem = assert_problem(refused, 422, "invalid_fields", "variables.order")
        assert "order" in problem["detail"]
        given = scheduled_body(template, recipients=recipients, variables={"order": 1})
        assert admin.post(SCHEDULED, given).status_code == 201
    everybody = {"addresses": [knows], "people": [informed]}
    assert admin.post(SCHEDULED, scheduled_body(template, recipients=everybody)).status_code == 201


def test_put_patch_pause_resume_and_delete(admin: Caller, db: Db) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    path = f"{SCHEDULED}/{admin.created(SCHEDULED, scheduled_body(template))['id']}"
    changed = admin.put(path, scheduled_body(template, name="Second"), headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json["name"], changed.json["revision"]) == (200, "Second", 2)
    assert admin.patch(path, {"variables": {"name": "all"}}).json["variables"] == {"name": "all"}
    assert_problem(admin.patch(path, {"channels": ["sms"]}), 422, "invalid_fields", "channels")
    paused = admin.post(f"{path}/pause", {"reason": "wait"}).json
    assert (paused["state"], paused["nextRun"]) == ("paused", None)
    assert admin.post(f"{path}/resume").json["state"] == "active"
    assert_problem(admin.put(path, scheduled_body(template), headers={"If-Match": '"1"'}), 412, "revision_mismatch")
    assert admin.delete(path).status_code == 204
    assert_problem(admin.get(path), 404, "not_found")
    assert_problem(admin.put(path, scheduled_body(template)), 404, "not_found")
    actions = [entry["action"].removeprefix("scheduled_notification.") for entry in db["audit_log"].find().sort("at")]
    assert actions[1:] == ["create", "update", "update", "pause", "resume", "delete"]


def test_a_scheduled_notification_can_be_changed_after_its_template_was_deleted(admin: Caller) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    path = f"{SCHEDULED}/{admin.created(SCHEDULED, scheduled_body(template))['id']}"
    assert admin.delete(f"{TEMPLATES}/{template}").status_code == 204
    renamed = admin.patch(path, {"name": "renamed"})
    assert (renamed.status_code, renamed.json["name"], renamed.json["templateVersion"]) == (200, "renamed", 1)
    assert admin.post(SCHEDULED, scheduled_body(template)).status_code == 422


def test_statistics_are_counted_from_the_queue(admin: Caller, db: Db) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    made = admin.created(SCHEDULED, scheduled_body(template))["id"]
    other = admin.created(SCHEDULED, scheduled_body(template))["id"]
    states = ["pending", "sending", "retry_wait", "sent", "sent", "failed", "dead", "unknown", "suppressed", "odd", 7]
    db["notification_queue"].insert_many(
        [{"_id": str(number), "scheduledNotificationId": made, "state": state} for number, state in enumerate(states)]
    )
    expected = {"queued": 3, "sent": 2, "delivered": 0, "failed": 2, "suppressed": 1, "unknown": 1}
    assert admin.get(f"{SCHEDULED}/{made}").json["statistics"] == expected
    listed = {item["id"]: item["statistics"] for item in admin.get(SCHEDULED).json["items"]}
    assert listed[made] == expected
    assert listed[other]["sent"] == 0
    queue = admin.get(f"/api/notifications/queue?scheduledNotificationId={made}&state=sent").json["items"]
    assert {item["id"] for item in queue} == {"3", "4"}


def test_alerts_are_listed_by_job_and_by_run(admin: Caller, db: Db) -> None:
    common = {"channel": "email", "state": "pending", "recipient": {"address": "ada@example.com"}}
    db["notification_queue"].insert_many(
        [
            {"_id": "a1", "jobId": "j1", "runId": "j1:1", "event": "failed", **common},
            {"_id": "a2", "jobId": "j1", "runId": "j1:2", "event": "recovered", **common},
            {"_id": "a3", "jobId": "j2", "runId": None, "event": "auto_paused", **common},
            {"_id": "other", "scheduledNotificationId": "wave", **common},
        ]
    )

    def found(query: str) -> dict[str, Any]:
        items = admin.get(f"/api/notifications/queue?{query}").json["items"]
        return {item["id"]: (item["jobId"], item["runId"], item["event"]) for item in items}

    first, second = ("j1", "j1:1", "failed"), ("j1", "j1:2", "recovered")
    assert found("jobId=j1") == {"a1": first, "a2": second}
    assert found("runId=j1:2") == {"a2": second}
    assert found("jobId=j2&state=pending") == {"a3": ("j2", None, "auto_paused")}
    assert found("scheduledNotificationId=wave") == {"other": (None, None, None)}


def test_every_save_of_a_template_is_a_new_version_and_the_old_stay(admin: Caller, db: Db) -> None:
    made = admin.created(TEMPLATES, template_body())
    path = f"{TEMPLATES}/{made['id']}"
    saved = admin.put(path, template_body(name="Better"), headers={"If-Match": '"1"'})
    assert (saved.json["version"], saved.json["revision"], saved.headers["ETag"]) == (2, 2, '"2"')
    assert saved.json["createdAt"] == made["createdAt"]
    assert_problem(admin.put(path, template_body(), headers={"If-Match": '"1"'}), 412, "revision_mismatch")
    assert [item["name"] for item in admin.get(TEMPLATES).json["items"]] == ["Better"]
    documents = list(db["notification_templates"].find({"templateId": made["id"]}).sort("version"))
    assert [(each["version"], each["latest"], each["name"]) for each in documents] == [
        (1, False, "Welcome"),
        (2, True, "Better"),
    ]
    for each in documents:
        NotificationTemplate.from_document(each)
    assert admin.delete(path).status_code == 204
    assert_problem(admin.get(path), 404, "not_found")
    assert admin.get(TEMPLATES).json["items"] == []
    assert db["notification_templates"].count_documents({"deletedAt": None}) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": "Hello {{ nobody }}"}, "subject"),
        ({"text": "{% if %}"}, "text"),
        ({"html": "{{ unclosed"}, "html"),
        ({"text": "{{ " + "(" * 2000 + " }}"}, "text"),
        ({"variables": [{"name": "a b"}]}, "variables.0.name"),
        ({"channels": ["sms"]}, "sms"),
        ({"subject": None}, "subject"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_template_that_cannot_render_is_422(admin: Caller, db: Db, change: dict[str, Any], field: str) -> None:
    assert_problem(admin.post(TEMPLATES, template_body(**change)), 422, "invalid_fields", field)
    assert db["notification_templates"].count_documents({}) == 0


def test_an_undeclared_variable_is_named_and_built_in_ones_need_no_declaration(admin: Caller) -> None:
    refused = admin.post(TEMPLATES, template_body(text="{{ orderNumber }}"))
    assert "orderNumber" in assert_problem(refused, 422, "invalid_fields", "text")["detail"]
    fine = template_body(text="{{ name }} {{ email }} {% for n in range(3) %}{{ n }}{% endfor %}", variables=[])
    assert admin.post(TEMPLATES, fine).status_code == 201


def test_preview_renders_in_the_sandbox_with_defaults_and_names_what_is_missing(admin: Caller) -> None:
    needs_order = template_body(
        text="{{ name }}: {{ order }}",
        html="<p>{{ name }}</p>",
        variables=[{"name": "name", "default": "friend"}, {"name": "order", "required": True}],
    )
    path = f"{TEMPLATES}/{admin.created(TEMPLATES, needs_order)['id']}/preview"
    rendered = admin.post(path, {"variables": {"order": 7, "name": "<Ada>"}}).json
    assert rendered == {
        "subject": "Hello <Ada>",
        "text": "<Ada>: 7",
        "html": "<p>&lt;Ada&gt;</p>",
        "sms": None,
        "smsSegments": None,
    }
    assert_problem(admin.post(path), 422, "invalid_fields", "variables.order")
    escape = template_body(text="{{ name.__class__.__mro__ }}")
    evil = f"{TEMPLATES}/{admin.created(TEMPLATES, escape)['id']}/preview"
    assert_problem(admin.post(evil), 422, "invalid_fields", "text")


def test_people_and_groups_are_created_changed_and_removed(admin: Caller) -> None:
    person = admin.created(PEOPLE, {"name": "Ada", "email": "ada@example.com", "timezone": "Europe/Paris"})
    assert (person["revision"], person["createdBy"], person["problem"]) == (1, "the admin", None)
    path = f"{PEOPLE}/{person['id']}"
    changed = admin.put(path, {"phone": "+33123456789"}, headers={"If-Match": '"1"'})
    assert (changed.json["email"], changed.json["phone"], changed.json["revision"]) == (None, "+33123456789", 2)
    assert_problem(admin.put(path, {"email": "x@example.com"}, headers={"If-Match": '"1"'}), 412, "revision_mismatch")
    assert_problem(admin.post(PEOPLE, {"name": "Nobody"}), 422, "invalid_fields")
    assert_problem(admin.post(PEOPLE, {"email": "a@b.c", "timezone": "Mars"}), 422, "invalid_fields", "timezone")
    group = admin.created(GROUPS, {"name": "All", "members": [person["id"]]})
    unknown = admin.put(f"{GROUPS}/{group['id']}", {"name": "All", "members": [person["id"], "ghost"]})
    assert "ghost" in assert_problem(unknown, 422, "invalid_fields", "members")["detail"]
    assert [item["members"] for item in admin.get(GROUPS).json["items"]] == [[person["id"]]]
    assert admin.delete(path).status_code == 204
    assert_problem(admin.delete(path), 404, "not_found")
    assert admin.delete(f"{GROUPS}/{group['id']}").status_code == 204
    assert admin.get(PEOPLE).json["items"] == []


def test_messages_and_deliveries_are_listed_and_read(admin: Caller, db: Db) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    item = {
        "_id": "item", "scheduledNotificationId": "s", "occurrence": at, "channel": "email",
        "recipient": {"address": "ada@example.com"}, "templateId": "t", "templateVersion": 1, "state": "sent",
        "sendAfter": at, "messageId": "<m@x>", "createdAt": at, "variables": {"secret": "hush"},
    }  # fmt: skip
    delivery = {
        "_id": "item:1", "itemId": "item", "attempt": 1, "channel": "email", "address": "ada@example.com",
        "messageId": "<m@x>", "state": "sent", "token": "claim", "startedAt": at,
    }  # fmt: skip
    db["notification_queue"].insert_one(item)
    db["deliveries"].insert_one(delivery)
    shown = admin.get("/api/notifications/queue/item").json
    assert (shown["recipient"]["address"], shown["occurrence"]) == ("ada@example.com", "2026-01-01T00:00:00.000Z")
    assert shown["problem"] is None
    assert "hush" not in str(shown)
    assert admin.get("/api/notifications/queue").json["items"] == [shown]
    [listed] = admin.get("/api/notifications/deliveries?itemId=item").json["items"]
    assert (listed["id"], listed["state"], listed["problem"]) == ("item:1", "sent", None)
    assert "token" not in listed
    assert admin.get("/api/notifications/deliveries/item:1").json == listed
    assert_problem(admin.get("/api/notifications/queue/nonesuch"), 404, "not_found")


def test_the_preview_of_a_schedule_says_when_and_whether_the_clock_was_adjusted(admin: Caller) -> None:
    body = {
        "schedule": {"kind": "cron", "expression": "30 2 * * *", "timezone": "Europe/Paris"},
        "count": 2,
        "after": "2027-03-27T12:00:00Z",
    }
    shown = admin.post("/api/admin/scheduler/schedules/preview", body).json
    assert "Europe/Paris" in shown["description"]
    assert shown["occurrences"] == [
        {
            "at": "2027-03-28T01:00:00.000Z",
            "local": "2027-03-28T03:00:00.000+02:00",
            "utcOffset": "+02:00",
            "adjusted": True,
            "excluded": None,
        },
        {
            "at": "2027-03-29T00:30:00.000Z",
            "local": "2027-03-29T02:30:00.000+02:00",
            "utcOffset": "+02:00",
            "adjusted": False,
            "excluded": None,
        },
    ]
    wrong = {"schedule": {"kind": "cron", "expression": "0 0 31 2 *"}}
    refused = admin.post("/api/admin/scheduler/schedules/preview", wrong)
    assert_problem(refused, 422, "invalid_fields", "schedule.expression")
