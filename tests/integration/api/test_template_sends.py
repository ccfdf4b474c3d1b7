"""Notification templates: examples, sending one to oneself, statistics; failed messages sent again; people from CSV."""

from collections.abc import Callable
from typing import Any

import pytest

from api import create_app
from api.context import store_of
from shared.models.commands import Command
from shared.models.notification_models import ScheduledNotification
from shared.models.recipients import Recipient
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

PEOPLE = "/api/notifications/recipients"
QUEUE = "/api/notifications/queue"
ORDER = {"name": "order", "type": "number", "required": True, "example": 7}


def ordered(**fields: Any) -> dict[str, Any]:
    return template_body(
        text="{{ name }}: {{ order }}", variables=[{"name": "name", "default": "friend"}, ORDER], **fields
    )


def test_a_preview_shows_examples_where_nothing_is_given(admin: Caller) -> None:
    path = f"{TEMPLATES}/{admin.created(TEMPLATES, ordered())['id']}/preview"
    assert admin.post(path).json["text"] == "friend: 7"
    assert admin.post(path, {"variables": {"order": 8, "name": "Ada"}}).json["text"] == "Ada: 8"
    wrong = assert_problem(admin.post(path, {"variables": {"order": "many"}}), 422, "invalid_fields", "variables.order")
    assert "number" in wrong["detail"]


@pytest.mark.parametrize(
    "variable",
    [
        {"name": "n", "type": "number", "default": "many"},
        {"name": "n", "type": "boolean", "example": 1},
        {"name": "n", "type": "string", "default": True},
    ],
)
def test_a_default_or_example_of_another_type_is_refused(admin: Caller, variable: dict[str, Any]) -> None:
    refused = admin.post(TEMPLATES, template_body(text="{{ n }}", subject="s", variables=[variable]))
    assert_problem(refused, 422, "invalid_fields", "variables.0")


def test_a_template_is_sent_to_oneself_as_a_notification_that_no_list_shows(admin: Caller, db: Db) -> None:
    template = admin.created(TEMPLATES, ordered())["id"]
    path = f"{TEMPLATES}/{template}/test"
    answer = admin.post(path, {"email": "me@example.com", "variables": {"name": "Me"}})
    assert (answer.status_code, answer.json["channels"]) == (202, ["email"])
    document = db["scheduled_notifications"].find_one({"_id": answer.json["scheduledNotificationId"]}) or {}
    stored = ScheduledNotification.from_document(document)
    assert (stored.purpose, stored.critical, stored.variables) == ("test", True, {"order": 7, "name": "Me"})
    assert stored.expire_at is not None
    assert [each.email for each in stored.recipients.addresses] == ["me@example.com"]
    assert admin.get(SCHEDULED).json["items"] == []
    assert admin.get(f"{SCHEDULED}/{stored.id}").json["name"] == "Test of Welcome"


def test_the_version_and_the_variables_that_one_writes_are_tested(admin: Caller, db: Db) -> None:
    required = {"name": "code", "required": True}
    template = admin.created(TEMPLATES, template_body(subject="s", text="{{ code }}", variables=[required]))["id"]
    newer = template_body(subject="s", text="nothing", variables=[])
    assert admin.put(f"{TEMPLATES}/{template}", newer).status_code == 200
    path, body = f"{TEMPLATES}/{template}/test", {"email": "me@example.com", "version": 1}
    assert_problem(admin.post(path, body), 422, "invalid_fields", "variables.code")
    answer = admin.post(path, {**body, "variables": {"code": "A1"}})
    assert answer.status_code == 202, answer.text
    document = db["scheduled_notifications"].find_one({"_id": answer.json["scheduledNotificationId"]}) or {}
    assert (document["templateVersion"], document["variables"]) == (1, {"code": "A1"})
    assert_problem(admin.post(path, {**body, "version": 3}), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"phone": "+33123456789"}, ""),
        ({"email": "me"}, "email"),
        ({"email": "me@example.com", "variables": {"order": "many"}}, "variables.order"),
    ],
)
def test_what_cannot_be_sent_to_oneself_is_told_at_once(admin: Caller, db: Db, body: Any, field: str) -> None:
    template = admin.created(TEMPLATES, ordered())["id"]
    assert_problem(admin.post(f"{TEMPLATES}/{template}/test", body), 422, "invalid_fields", field)
    assert db["scheduled_notifications"].count_documents({}) == 0


def test_statistics_of_a_template_count_all_that_use_it(admin: Caller, db: Db) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    made = [admin.created(SCHEDULED, scheduled_body(template))["id"] for _ in range(2)]
    rows = [(made[0], "sent"), (made[0], "failed"), (made[1], "sent"), ("other", "sent")]
    db["notification_queue"].insert_many(
        [
            {"_id": str(number), "scheduledNotificationId": source, "state": state}
            for number, (source, state) in enumerate(rows)
        ]
    )
    shown = admin.get(f"{TEMPLATES}/{template}/statistics").json
    assert shown["scheduledNotifications"] == 2
    assert (shown["statistics"]["sent"], shown["statistics"]["failed"]) == (2, 1)


def test_failed_messages_are_sent_again_once_however_often_one_asks(admin: Caller, db: Db) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    made = admin.created(SCHEDULED, scheduled_body(template))["id"]
    rows = [("a", "failed", "refused"), ("b", "dead", "exhausted"), ("c", "dead", "expired"), ("d", "sent", None)]
    db["notification_queue"].insert_many(
        [
            {"_id": name, "scheduledNotificationId": made, "state": state, "attempt": 2, "lastError": {"type": kind}}
            for name, state, kind in rows
        ]
    )
    path = f"{SCHEDULED}/{made}/retry-failed"
    assert admin.post(path).json == {"messages": 2, "asked": 2, "more": False}
    assert admin.post(path).json == {"messages": 2, "asked": 0, "more": False}
    assert admin.post(path, {"states": ["dead"], "expiredToo": True}).json == {"messages": 2, "asked": 1, "more": False}
    commands = [Command.from_document(each) for each in db["commands"].find().sort("_id")]
    assert [(each.kind, each.item_id, each.created_by) for each in commands] == [
        ("retry_message", name, "the admin") for name in "abc"
    ]
    assert db["audit_log"].count_documents({"action": "command.retry_failed"}) == 2


def test_one_message_is_retried_or_decided(admin: Caller, db: Db) -> None:
    states = {"failed": "failed", "held": "unknown", "sent": "sent"}
    db["notification_queue"].insert_many([{"_id": key, "state": state} for key, state in states.items()])
    assert admin.post(f"{QUEUE}/failed/retry").status_code == 202
    assert admin.post(f"{QUEUE}/held/resolve", {"state": "sent"}).status_code == 202
    assert_problem(admin.post(f"{QUEUE}/sent/retry"), 409, "conflict")
    assert_problem(admin.post(f"{QUEUE}/failed/resolve", {"state": "sent"}), 409, "conflict")
    assert_problem(admin.post(f"{QUEUE}/held/resolve", {"state": "lost"}), 422, "invalid_fields", "state")
    assert_problem(admin.post(f"{QUEUE}/nonesuch/retry"), 404, "not_found")
    found = {each["itemId"]: (each["kind"], each["params"]) for each in db["commands"].find()}
    assert found == {"failed": ("retry_message", None), "held": ("resolve_message", {"state": "sent"})}


def imported(admin: Caller, text: str, query: str = "") -> Any:
    return admin.call("POST", f"{PEOPLE}/import{query}", data=text.encode(), content_type="text/csv")


def test_people_are_imported_and_imported_again(admin: Caller, db: Db) -> None:
    text = "externalKey,email,name,variables.city\nk1,ada@example.com,Ada,London\nk2,bob@example.com,Bob,\n"
    assert imported(admin, text, "?dryRun=true").json == {
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "joined": 0,
        "dryRun": True,
    }
    assert db["recipients"].count_documents({}) == 0
    assert imported(admin, text).json == {"created": 2, "updated": 0, "unchanged": 0, "joined": 0, "dryRun": False}
    people = [Recipient.from_document(each) for each in db["recipients"].find().sort("externalKey")]
    assert [(each.name, each.variables, each.revision) for each in people] == [
        ("Ada", {"city": "London"}, 1),
        ("Bob", {}, 1),
    ]
    again = imported(admin, text.replace("Bob", "Robert")).json
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 1, 1)
    robert = Recipient.from_document(db["recipients"].find_one({"externalKey": "k2"}) or {})
    assert (robert.name, robert.revision) == ("Robert", 2)
    assert db["audit_log"].count_documents({"action": "recipient.create"}) == 2
    assert db["audit_log"].count_documents({"action": "recipient.update"}) == 1


def test_an_import_with_a_fault_changes_nothing(admin: Caller, db: Db) -> None:
    refused = imported(admin, "email\nada@example.com\nnobody\n")
    assert_problem(refused, 422, "invalid_fields", "line 3.email")
    assert_problem(admin.post(f"{PEOPLE}/import", {}), 415, "unsupported_media_type")
    assert db["recipients"].count_documents({}) == 0


def test_an_external_key_is_one_persons(admin: Caller, db: Db) -> None:
    from shared.indexes import INDEXES

    [index] = [each for each in INDEXES if each.name == "by_external_key"]
    db["recipients"].create_index(list(index.keys), unique=True, partialFilterExpression=index.partial)
    for number in range(2):
        admin.created(PEOPLE, {"email": f"p{number}@example.com"})
    admin.created(PEOPLE, {"email": "a@example.com", "externalKey": "k"})
    assert_problem(admin.post(PEOPLE, {"email": "b@example.com", "externalKey": "k"}), 409, "conflict")
    plan = db.command({"explain": {"find": "recipients", "filter": {"externalKey": {"$in": ["k", "x"]}}}})
    assert (
        "by_external_key" in str(plan["queryPlanner"]["winningPlan"])
        or index.name in str(plan)
        or "externalKey_1" in str(plan)
    )


def test_opt_outs_are_kept_with_the_person(admin: Caller) -> None:
    body = {"email": "ada@example.com", "optOuts": [{"category": "news", "channel": "email"}, {"category": "offers"}]}
    made = admin.created(PEOPLE, body)
    assert made["optOuts"] == [{"category": "news", "channel": "email"}, {"category": "offers", "channel": None}]
    wrong = admin.post(PEOPLE, {**body, "optOuts": [{"channel": "pigeon"}]})
    assert_problem(wrong, 422, "invalid_fields", "optOuts.0.channel")


def test_a_preview_counts_the_segments_of_a_short_message(admin: Caller) -> None:
    path = f"{TEMPLATES}/{admin.created(TEMPLATES, ordered(channels=['sms'], sms='{{ name }}' * 10))['id']}/preview"
    assert admin.post(path).json["smsSegments"] == {"encoding": "gsm7", "count": 1}
    assert admin.post(path, {"variables": {"name": "Ж" * 7}}).json["smsSegments"] == {"encoding": "ucs2", "count": 1}
    assert admin.post(path, {"variables": {"name": "Ж" * 8}}).json["smsSegments"] == {"encoding": "ucs2", "count": 2}
    email = f"{TEMPLATES}/{admin.created(TEMPLATES, template_body())['id']}/preview"
    assert admin.post(email).json["smsSegments"] is None


def test_a_preview_shows_where_the_link_to_unsubscribe_stands(settings: Callable[..., Settings], catalogue: Db) -> None:
    links = {"public_url": "https://notify.example.com", "unsubscribe_key": "a key of sixteen characters"}
    app = create_app(settings(**links))
    admin = Caller(app, "admin")
    path = f"{TEMPLATES}/{admin.created(TEMPLATES, template_body(text='{{ unsubscribe_url }}'))['id']}/preview"
    assert admin.post(path).json["text"] == "https://notify.example.com/unsubscribe/preview"
    assert admin.get("/unsubscribe/preview").status_code == 404
    store_of(app).connection.close()


@pytest.mark.parametrize(
    "text", ["nobody", "a@example.com\r\nBcc: b@example.com", "<a@example.com", "A, B <a@b@c>", ""]
)
def test_a_reply_to_that_is_no_mailbox_is_refused(admin: Caller, text: str) -> None:
    assert_problem(admin.post(TEMPLATES, template_body(replyTo=text)), 422, "invalid_fields", "replyTo")


def test_a_reply_to_is_kept_with_the_template(admin: Caller) -> None:
    made = admin.created(TEMPLATES, template_body(replyTo="Sales <sales@example.com>"))
    assert made["replyTo"] == "Sales <sales@example.com>"
    assert admin.get(f"{TEMPLATES}/{made['id']}").json["replyTo"] == "Sales <sales@example.com>"
    on_sms = template_body(channels=["sms"], sms="Hello", replyTo="sales@example.com")
    assert_problem(admin.post(TEMPLATES, on_sms), 422, "invalid_fields")


def test_people_of_a_file_join_a_group(admin: Caller, db: Db) -> None:
    known = admin.created(PEOPLE, {"email": "ada@example.com"})["id"]
    group = admin.created("/api/notifications/groups", {"name": "Crew", "members": [known]})
    text, query = "email\nada@example.com\nbob@example.com\n", f"?groupId={group['id']}"
    assert imported(admin, text, f"{query}&dryRun=true").json["joined"] == 1
    assert db["recipient_groups"].find_one() == db["recipient_groups"].find_one({"revision": 1})
    assert imported(admin, text, query).json["joined"] == 1
    joined = admin.get(f"/api/notifications/groups/{group['id']}").json
    bob = (db["recipients"].find_one({"email": "bob@example.com"}) or {})["_id"]
    assert (joined["members"], joined["revision"]) == ([known, bob], 2)
    assert imported(admin, text, query).json["joined"] == 0
    assert admin.get(f"/api/notifications/groups/{group['id']}").json["revision"] == 2
    assert_problem(imported(admin, "email\neve@example.com\n", "?groupId=none"), 422, "invalid_fields", "groupId")
    assert db["recipients"].count_documents({}) == 2, "all, or nothing"


def test_the_description_of_the_api_says_what_an_import_takes(admin: Caller) -> None:
    operation = admin.get("/api/openapi.json").json["paths"][f"{PEOPLE}/import"]["post"]
    assert list(operation["requestBody"]["content"]) == ["text/csv"]
