"""No change without If-Match: whoever changes a document says which one he has seen."""

from typing import Any

import pytest
from flask import Flask

from tests.integration.api.conftest import (
    CHANGES,
    JOBS,
    SCHEDULED,
    SWITCHES,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    job_body,
    scheduled_body,
    template_body,
)

CALENDARS = "/api/admin/scheduler/calendars"
MAINTENANCE = "/api/admin/scheduler/maintenance"
RECIPIENTS = "/api/notifications/recipients"
GROUPS = "/api/notifications/groups"
HOST_USERS = "/api/notifications/host-users"
TOKENS = "/api/admin/tokens"
SUPPRESSIONS = "/api/notifications/suppressions"
CALENDAR = {
    "name": "Days",
    "timezone": "UTC",
    "entries": [{"name": "One", "first": "2026-12-25", "last": "2026-12-25"}],
}


@pytest.fixture
def documents(admin: Caller) -> dict[str, Any]:
    """By route: the address of a document and bodies of its changes."""
    template = admin.created(TEMPLATES, template_body())
    scheduled = scheduled_body(template["id"])
    bodies: dict[str, Any] = {
        JOBS: job_body(),
        SCHEDULED: scheduled,
        TEMPLATES: template_body(),
        CALENDARS: CALENDAR,
        RECIPIENTS: {"name": "Ada", "email": "ada@example.com"},
        GROUPS: {"name": "All", "members": []},
        SUPPRESSIONS: {"email": "ada@example.com"},
        TOKENS: {"name": "crm", "role": "viewer"},
    }
    made = {path: f"{path}/{admin.created(path, body)['id']}" for path, body in bodies.items()}
    host_user = (f"{HOST_USERS}/7", {"optOuts": []})
    assert admin.put(*host_user, headers={"If-Match": None}).status_code == 200
    of_their_own = {MAINTENANCE: (MAINTENANCE, {}), HOST_USERS: host_user}
    return {**of_their_own, **{path: (made[path], bodies[path]) for path in bodies}}


def changes(app: Flask) -> list[tuple[str, str]]:
    """(method, route) of all that changes a document."""
    return [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set())
        if method in CHANGES or (method == "POST" and rule.rule.endswith(SWITCHES))
    ]


def test_no_change_is_made_without_if_match_or_with_that_of_another_revision(
    app: Flask, admin: Caller, documents: dict[str, Any], db: Db
) -> None:
    before = {name: list(db[name].find()) for name in db.list_collection_names() if name != "api_tokens"}
    for method, rule in changes(app):
        path, body = documents[rule.split("/<id>")[0]]
        path += rule.partition("<id>")[2]
        given = {"DELETE": None, "PATCH": {"name": "New"}, "POST": None}.get(method, body)
        problem = assert_problem(
            admin.call(method, path, given, headers={"If-Match": None}), 428, "precondition_required", "If-Match"
        )
        assert "ETag" in problem["detail"]
        stale = admin.call(method, path, given, headers={"If-Match": '"99"'})
        assert_problem(stale, 412, "revision_mismatch")
        assert stale.headers["ETag"] in ('"1"', '"0"')
    assert {name: list(db[name].find()) for name in before} == before


def test_the_revision_that_was_read_or_a_star_is_accepted(admin: Caller, documents: dict[str, Any]) -> None:
    for path, body in (documents[JOBS], documents[SCHEDULED], documents[TEMPLATES], documents[CALENDARS]):
        read = admin.get(path).headers["ETag"]
        changed = admin.put(path, body, headers={"If-Match": read})
        assert changed.status_code == 200, changed.text
        assert_problem(admin.put(path, body, headers={"If-Match": read}), 412, "revision_mismatch")
        assert admin.put(path, body, headers={"If-Match": "*"}).status_code == 200
