"""The suppression list, the link that puts an address on it, and what providers report."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from api import create_app
from api.context import store_of
from shared.models.notification_models import Channel
from shared.models.provider_events import ProviderEvent
from shared.models.suppressions import Suppression
from shared.queries.suppressions import Subject
from shared.settings import Settings
from shared.twilio import CALLBACK_PATH, SIGNATURE_HEADER, callback_url, signature
from shared.unsubscribe import UnsubscribeLinks
from tests.integration.api.conftest import Caller, Db, assert_problem

LIST = "/api/notifications/suppressions"
PUBLIC, KEY, TOKEN = "https://notify.example.com", "a key of sixteen characters", "the token of the account"
LINKS = UnsubscribeLinks(PUBLIC, KEY)
SUBJECT = Subject(Channel.EMAIL, "ada@example.com", "news & more")


def test_an_address_is_put_on_the_list_once_and_taken_off(admin: Caller, db: Db) -> None:
    made = admin.created(LIST, {"email": "Ada@Example.com", "category": "news", "note": "asked by phone"})
    assert (made["channel"], made["address"], made["category"]) == ("email", "ada@example.com", "news")
    assert (made["reason"], made["note"], made["createdBy"], made["revision"]) == (
        "manual",
        "asked by phone",
        "the admin",
        1,
    )
    Suppression.from_document(db["suppressions"].find_one({"_id": made["id"]}) or {})
    again = admin.post(LIST, {"email": "ada@example.com", "category": "news", "note": "again"})
    assert (again.status_code, again.json) == (200, made)
    assert admin.get(f"{LIST}/{made['id']}").json == made
    assert admin.delete(f"{LIST}/{made['id']}").status_code == 204
    assert_problem(admin.get(f"{LIST}/{made['id']}"), 404, "not_found")
    actions = [entry["action"] for entry in db["audit_log"].find({"documentId": made["id"]}).sort("at", 1)]
    assert actions == ["suppression.create", "suppression.delete"]


def test_the_list_is_paged_and_filtered(admin: Caller) -> None:
    for number in range(5):
        admin.created(LIST, {"phone": f"+3310000000{number}", "reason": "unsubscribed"})
    admin.created(LIST, {"email": "ada@example.com"})
    admin.created(LIST, {"email": "ada@example.com", "category": "news"})
    assert len(admin.all_pages(LIST, 2)) == 7
    assert len(admin.all_pages(f"{LIST}?channel=sms", 2)) == 5
    assert len(admin.all_pages(f"{LIST}?reason=manual", 2)) == 2
    assert len(admin.all_pages(f"{LIST}?address=ADA@example.com", 1)) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"email": "ada@example.com", "phone": "+33100000000"}, ""),
        ({"email": "nobody"}, "email"),
        ({"phone": "0123"}, "phone"),
        ({"email": "ada@example.com", "reason": "whim"}, "reason"),
        ({"email": "ada@example.com", "surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_entry_is_refused_by_field(admin: Caller, body: dict[str, Any], field: str) -> None:
    assert_problem(admin.post(LIST, body), 422, "invalid_fields", field)


def test_a_viewer_only_looks(as_role: Callable[[str], Caller]) -> None:
    assert as_role("viewer").get(LIST).status_code == 200
    assert_problem(as_role("viewer").post(LIST, {"email": "ada@example.com"}), 403, "forbidden")


def test_a_malformed_entry_is_shown_with_its_problem(admin: Caller, db: Db) -> None:
    db["suppressions"].insert_one({"_id": "odd", "channel": 7})
    [shown] = admin.get(LIST).json["items"]
    assert "channel" in shown["problem"]
    assert admin.delete(f"{LIST}/odd").status_code == 204


@pytest.fixture
def public_app(settings: Callable[..., Settings]) -> Iterator[Flask]:
    app = create_app(settings(public_url=PUBLIC, unsubscribe_key=KEY, twilio_auth_token=TOKEN))
    yield app
    store_of(app).connection.close()


@pytest.fixture
def anybody(public_app: Flask) -> FlaskClient:
    return public_app.test_client()


def path_of(links: UnsubscribeLinks = LINKS) -> str:
    return links.url(SUBJECT).removeprefix(PUBLIC)


def test_one_click_unsubscribes_without_a_token_of_ours(anybody: FlaskClient, db: Db) -> None:
    for _ in range(2):
        done = anybody.post(path_of(), data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
    [entry] = db["suppressions"].find()
    assert (entry["address"], entry["category"], entry["reason"]) == ("ada@example.com", "news & more", "unsubscribed")
    assert entry["createdBy"] == "unsubscribe link"
    assert db["audit_log"].count_documents({"documentId": entry["_id"]}) == 1


def test_following_the_link_asks_and_changes_nothing(anybody: FlaskClient, db: Db) -> None:
    page = anybody.get(path_of())
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert '<form method="post">' in page.text
    assert "ada@example.com" in page.text
    assert "news &amp; more" in page.text
    assert db["suppressions"].count_documents({}) == 0


def test_a_crash_puts_no_link_into_the_log(
    public_app: Flask, anybody: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashed(*_given: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(UnsubscribeLinks, "subject", crashed)
    public_app.config["PROPAGATE_EXCEPTIONS"] = False
    with capture_logs() as logs:
        assert_problem(anybody.get(path_of()), 500, "internal")
    [crash] = [entry for entry in logs if entry["event"] == "request_crashed"]
    assert crash["rule"] == "/unsubscribe/<token>"
    token = path_of().rpartition("/")[2]
    assert token not in str(crash)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_link_changes_nothing(anybody: FlaskClient, db: Db, method: str) -> None:
    for path in ("/unsubscribe/x", "/unsubscribe/x.y", path_of(UnsubscribeLinks(PUBLIC, "another key of the house"))):
        assert_problem(anybody.open(path, method=method), 404, "not_found")
    assert db["suppressions"].count_documents({}) == 0


def test_without_a_key_no_link_is_obeyed(app: Flask, db: Db) -> None:
    assert_problem(app.test_client().post(path_of()), 404, "not_found")
    assert db["suppressions"].count_documents({}) == 0


def report(client: FlaskClient, form: dict[str, str], token: str = TOKEN, item: str = "item-1") -> Any:
    signed = signature(token, callback_url(PUBLIC, item), {name: [value] for name, value in form.items()})
    return client.post(f"{CALLBACK_PATH}/{item}", data=form, headers={SIGNATURE_HEADER: signed})


def test_a_signed_report_is_kept_once_for_the_daemon(anybody: FlaskClient, db: Db) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": "+33100000000"}
    for _ in range(2):
        assert report(anybody, form).status_code == 204
    [stored] = db["provider_events"].find()
    event = ProviderEvent.from_document(stored)
    assert (event.provider, event.item_id, event.reference) == ("twilio", "item-1", "SM1")
    assert (event.report, event.error_code, event.handled_at) == ("bounced", 30005, None)


@pytest.mark.parametrize("status", ["queued", "sent", "sending", "", "odd"])
def test_a_report_that_tells_nothing_new_is_thanked_for_and_forgotten(
    anybody: FlaskClient, db: Db, status: str
) -> None:
    assert report(anybody, {"MessageSid": "SM1", "MessageStatus": status}).status_code == 204
    assert db["provider_events"].count_documents({}) == 0


def test_a_report_with_a_wrong_signature_is_refused(anybody: FlaskClient, db: Db) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    assert_problem(report(anybody, form, token="another"), 403, "forbidden")
    assert_problem(anybody.post(f"{CALLBACK_PATH}/item-1", data=form), 403, "forbidden")
    signed = signature(TOKEN, callback_url(PUBLIC, "item-1"), {name: [value] for name, value in form.items()})
    moved = anybody.post(f"{CALLBACK_PATH}/item-2", data=form, headers={SIGNATURE_HEADER: signed})
    assert_problem(moved, 403, "forbidden")
    assert db["provider_events"].count_documents({}) == 0


def test_without_settings_there_are_no_callbacks(app: Flask) -> None:
    assert_problem(report(app.test_client(), {"MessageSid": "SM1", "MessageStatus": "delivered"}), 404, "not_found")


def test_the_status_says_which_channel_rests(admin: Caller, db: Db) -> None:
    db["scheduler_state"].insert_one({"_id": "channel:sms", "reason": "Twilio: 401, error 20003: Authenticate"})
    status = admin.get("/api/admin/scheduler/status").json
    assert status["channels"][0]["channel"] == "sms"
    assert any("The channel sms rests" in each and "20003" in each for each in status["problems"])
