"""What a message says, read again: texts of every kind, a link that is nobody else's, and all that can be damaged."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from werkzeug.test import TestResponse

from api import create_app
from api.context import store_of
from shared.models.queue import QueueItem
from shared.settings import Settings
from shared.sms_segments import segments_of
from shared.unsubscribe import UnsubscribeLinks
from tests.integration.api.conftest import TEMPLATES, Caller, Db, assert_problem, template_body
from tests.integration.api.test_malformed_documents import ODD_VALUES

AT = datetime(2026, 1, 1, tzinfo=UTC)
QUEUE = "/api/notifications/queue"
LINK_SETTINGS = {
    "public_url": "https://notify.example.com",
    "unsubscribe_key": SecretStr("a key of sixteen characters"),
}


def item(template_id: str = "builtin_job_alert", **changes: Any) -> dict[str, Any]:
    return {
        "_id": "item", "scheduledNotificationId": "wave", "occurrence": AT, "channel": "email",
        "recipient": {"address": "ada@example.com", "name": "Ada"}, "templateId": template_id, "templateVersion": 1,
        "variables": {"name": "Ada"}, "state": "pending", "sendAfter": AT, "messageId": "<m@x>", "createdAt": AT,
        **changes,
    }  # fmt: skip


@pytest.fixture
def with_links(settings: Callable[..., Settings], catalogue: Db) -> Iterator[Caller]:
    """A viewer of an API that knows the key of the links."""
    app = create_app(settings(**LINK_SETTINGS))
    yield Caller(app, "viewer")
    store_of(app).connection.close()


def content(caller: Caller, db: Db, stored: dict[str, Any]) -> TestResponse:
    db["notification_queue"].replace_one({"_id": stored["_id"]}, stored, upsert=True)
    return caller.get(f"{QUEUE}/{stored['_id']}/content")


def test_an_email_is_shown_with_what_goes_with_it(admin: Caller, db: Db) -> None:
    files = [{"path": "prices/2026.pdf"}, {"path": "a.txt", "name": "Terms.txt"}]
    texts = {"html": "<p>{{ name }}</p>", "replyTo": "Shop <shop@example.com>", "attachments": files}
    made = admin.created(TEMPLATES, template_body(**texts))
    shown = content(admin, db, item(made["id"], variables={"name": "<Ada> é"}))
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.json == {
        "subject": "Hello <Ada> é",
        "text": "Hello <Ada> é!",
        "html": "<p>&lt;Ada&gt; é</p>",
        "sms": None,
        "smsSegments": None,
        "replyTo": "Shop <shop@example.com>",
        "attachments": ["2026.pdf", "Terms.txt"],
        "unsubscribeStandIn": None,
    }


def test_it_is_the_pinned_version_whatever_became_of_the_template(admin: Caller, db: Db) -> None:
    made = admin.created(TEMPLATES, template_body(text="The first text"))
    path = f"{TEMPLATES}/{made['id']}"
    assert admin.put(path, template_body(text="The second text")).status_code == 200
    assert content(admin, db, item(made["id"])).json["text"] == "The first text"
    assert admin.delete(path).status_code == 204
    assert content(admin, db, item(made["id"])).json["text"] == "The first text"
    assert content(admin, db, item(made["id"], templateVersion=2)).json["text"] == "The second text"


@pytest.mark.parametrize("state", ["sent", "failed", "suppressed", "unknown"])
def test_an_alert_of_a_job_is_shown_on_both_channels_in_any_state(with_links: Caller, db: Db, state: str) -> None:
    said = {"subject": "Job failed", "text": "It failed.\n", "sms": "failed"}
    alert = item(scheduledNotificationId=None, jobId="job", event="failed", variables=said, state=state)
    shown = content(with_links, db, alert).json
    assert (shown["subject"], shown["text"], shown["html"], shown["sms"]) == ("Job failed", "It failed.\n", None, None)
    assert shown["unsubscribeStandIn"] is None
    short = content(with_links, db, {**alert, "channel": "sms"}).json
    assert (short["subject"], short["text"], short["sms"]) == (None, None, "failed")
    assert short["smsSegments"] == {"encoding": "gsm7", "count": 1}


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_link_to_unsubscribe_is_its_recipients_alone(
    admin: Caller, with_links: Caller, db: Db, settings: Callable[..., Settings], channel: str
) -> None:
    texts = {
        "channels": ["email", "sms"],
        "text": "Off: {{ unsubscribe_url }}",
        "html": '<a href="{{ unsubscribe_url|urlencode }}">{{ unsubscribe_url[-20:] }}</a>',
        "sms": "x" * 60 + "{{ unsubscribe_url }}",
    }
    made = admin.created(TEMPLATES, template_body(**texts))
    stored = item(made["id"], channel=channel, recipient={"address": "ada@example.com"})
    links = UnsubscribeLinks.from_settings(settings(**LINK_SETTINGS))
    assert links is not None
    link = links.of_message(QueueItem.from_document(stored))
    assert link is not None
    response = content(with_links, db, stored)
    shown = response.json
    assert link.rpartition(".")[2][-20:] not in response.text
    assert shown["unsubscribeStandIn"] in (shown["text"] or shown["sms"])
    path = shown["unsubscribeStandIn"].removeprefix(LINK_SETTINGS["public_url"])
    assert with_links.post(path).status_code == 404
    if channel == "sms":
        real = segments_of(shown["sms"].replace(shown["unsubscribeStandIn"], link))
        assert real.count == 2
        assert shown["smsSegments"] == {"encoding": real.encoding, "count": real.count}


@pytest.mark.parametrize(
    ("texts", "variables", "field"),
    [
        ({"text": "{{ gone }}"}, {}, "text"),
        ({"html": "{{ 1 / count }}"}, {"count": 0}, "html"),
        ({"text": "{{ 'x' * size }}"}, {"size": 10_000_000}, "text"),
        ({"variables": [{"name": "n", "type": "number"}]}, {"n": "many"}, "variables.n"),
        ({"variables": [{"name": "n", "required": True}]}, {}, "variables.n"),
        ({"subject": "{{ 'x' * size }}"}, {"size": 3000}, "subject"),
        ({"subject": None, "text": None, "html": None}, {}, "text"),
        ({"text": "{% if %}"}, {}, "templateId"),
        ({"channels": "all"}, {}, "templateId"),
    ],
)
def test_what_the_sender_could_not_send_is_told_with_its_place(
    admin: Caller, db: Db, texts: dict[str, Any], variables: dict[str, Any], field: str
) -> None:
    made = admin.created(TEMPLATES, template_body())
    db["notification_templates"].update_one({"templateId": made["id"]}, {"$set": texts})
    problem = assert_problem(content(admin, db, item(made["id"], variables=variables)), 409, "unrenderable", field)
    assert problem["errors"][0]["detail"] in problem["detail"]


def test_a_version_that_is_gone_and_a_message_that_never_was(admin: Caller, db: Db) -> None:
    gone = content(admin, db, item("nonesuch", templateVersion=7))
    assert "has no version 7" in assert_problem(gone, 409, "unrenderable", "templateId")["detail"]
    assert_problem(admin.get(f"{QUEUE}/nonesuch/content"), 404, "not_found")


def test_an_item_with_anything_anywhere_is_shown_or_told_why_not(admin: Caller, db: Db) -> None:
    made = admin.created(TEMPLATES, template_body())
    names = [name for name in item() if name != "_id"]
    documents = [
        {**item(made["id"]), "_id": f"{name}-{place}", name: value}
        for name in names
        for place, value in enumerate(ODD_VALUES)
    ]
    documents += [{**item(made["id"]), "_id": f"n-{n}", "variables": {"name": odd}} for n, odd in enumerate(ODD_VALUES)]
    documents += [{"_id": "nothing"}, {**item(made["id"]), "_id": "braces", "variables": {"name": "{{ 7 * 7 }}"}}]
    db["notification_queue"].insert_many(documents)
    answers = {each["_id"]: admin.get(f"{QUEUE}/{each['_id']}/content") for each in documents}
    assert {each.status_code for each in answers.values()} == {200, 409}
    for response in answers.values():
        if response.status_code == 409:
            assert_problem(response, 409, "unrenderable")
    assert answers["nothing"].status_code == 409
    assert answers["braces"].json["text"] == "Hello {{ 7 * 7 }}!"


def test_half_a_character_that_a_template_makes_is_shown_as_it_is_sent(admin: Caller, db: Db) -> None:
    half = "{{ '\\ud83d' }} {{ name }}"
    made = admin.created(TEMPLATES, template_body(text=half, html=half, sms=half, channels=["email", "sms"]))
    shown = content(admin, db, item(made["id"])).json
    assert (shown["text"], shown["html"]) == ("? Ada", "? Ada")
    assert content(admin, db, item(made["id"], channel="sms")).json["sms"] == "? Ada"
    assert admin.post(f"{TEMPLATES}/{made['id']}/preview", {}).json["text"] == "? friend"
