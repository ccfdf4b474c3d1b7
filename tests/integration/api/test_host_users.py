"""Preferences of users of the host application, and filters over them."""

from collections.abc import Callable
from typing import Any

import pytest

from api import create_app
from api.context import store_of
from shared.models.recipients import HostUserPreferences
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

USERS = "/api/notifications/host-users"
NO_NEWS = [{"category": "news", "channel": None}]


@pytest.mark.parametrize("user", ["65f000000000000000000001", "7", "ada@example.com", "a user"])
def test_preferences_are_set_shown_changed_and_forgotten(admin: Caller, db: Db, user: str) -> None:
    path = f"{USERS}/{user}"
    new = {"If-Match": None}
    made = admin.put(path, {"optOuts": NO_NEWS}, headers=new).json
    assert_problem(admin.put(path, {"optOuts": []}, headers=new), 428, "precondition_required")
    assert (made["id"], made["optOuts"], made["revision"]) == (user, NO_NEWS, 1)
    HostUserPreferences.from_document(db["host_user_preferences"].find_one({"_id": user}) or {})
    assert admin.put(path, {"optOuts": []}, headers={"If-Match": '"1"'}).json["revision"] == 2
    assert_problem(admin.put(path, {"optOuts": []}, headers={"If-Match": '"1"'}), 412, "revision_mismatch")
    assert [each["id"] for each in admin.get(USERS).json["items"]] == [user]
    assert admin.get(path).json["optOuts"] == []
    assert admin.delete(path).status_code == 204
    assert_problem(admin.get(path), 404, "not_found")
    assert_problem(admin.put(path, {"optOuts": []}, headers={"If-Match": '"2"'}), 404, "not_found")


def test_a_wrong_preference_is_named(admin: Caller) -> None:
    wrong = admin.put(f"{USERS}/7", {"optOuts": [{"channel": "pigeon"}]})
    assert_problem(wrong, 422, "invalid_fields", "optOuts.0.channel")


@pytest.mark.parametrize(
    "text", ['{"password": "x"}', '{"plan": {"$where": "1"}}', "{", '{"$or": [{"plan": 1}, {"role": 2}]}']
)
def test_a_filter_asks_only_what_the_settings_allow(
    settings: Callable[..., Settings], catalogue: Db, text: str
) -> None:
    users: Any = {"collection": "users", "email": "email", "filterFields": ["plan"]}
    app = create_app(settings(host_users=users))
    admin = Caller(app, "admin")
    template = admin.created(TEMPLATES, template_body())["id"]
    made = admin.created(SCHEDULED, scheduled_body(template, recipients={"users": {"filter": '{"plan": "gold"}'}}))
    assert made["recipients"]["users"]["filter"] == '{"plan": "gold"}'
    refused = admin.post(SCHEDULED, scheduled_body(template, recipients={"users": {"filter": text}}))
    assert_problem(refused, 422, "invalid_fields", "recipients.users.filter")
    store_of(app).connection.close()
