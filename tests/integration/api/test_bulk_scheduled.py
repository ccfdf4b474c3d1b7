"""One action on many scheduled notifications."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.collections import AUDIT_LOG, SCHEDULED_NOTIFICATIONS
from tests.integration.api.conftest import (
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    scheduled_body,
    template_body,
)
from tests.integration.api.test_bulk_actions import ABSENT, outcomes

BULK = f"{SCHEDULED}/bulk"
ACTIONS = ("pause", "resume", "delete")


@pytest.fixture
def template(admin: Caller) -> str:
    return str(admin.created(TEMPLATES, template_body())["id"])


@pytest.fixture
def three(admin: Caller, template: str) -> list[str]:
    """The last one is paused."""
    ids = [admin.created(SCHEDULED, scheduled_body(template, name=name))["id"] for name in ("wave a", "wave b", "c")]
    admin.post(f"{SCHEDULED}/{ids[2]}/pause", {"reason": "before"})
    return ids


def test_a_dry_run_says_what_would_happen_and_changes_nothing(admin: Caller, db: Db, three: list[str]) -> None:
    definitions = db[SCHEDULED_NOTIFICATIONS]
    definitions.update_one({"_id": three[1]}, {"$set": {"managedBy": "files"}})
    before = list(definitions.find())
    for action in ACTIONS:
        audited = db[AUDIT_LOG].count_documents({})
        said = admin.post(BULK, {"action": action, "ids": [*three, ABSENT], "dryRun": True})
        assert list(definitions.find()) == before
        assert db[AUDIT_LOG].count_documents({}) == audited
        done = admin.post(BULK, {"action": action, "ids": [*three, ABSENT]})
        assert said.json == {**done.json, "dryRun": True}
        assert outcomes(said)[three[0]] == ("unchanged" if action == "resume" else "changed")
        definitions.drop()
        definitions.insert_many(before)


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_stored_is_what_the_single_request_stores(admin: Caller, db: Db, template: str, action: str) -> None:
    """So that the daemon holds and cancels messages alike: it reads nothing else."""
    alone, together = (admin.created(SCHEDULED, scheduled_body(template, name=name))["id"] for name in ("a", "b"))
    if action == "resume":
        for each in (alone, together):
            admin.post(f"{SCHEDULED}/{each}/pause")
    db[SCHEDULED_NOTIFICATIONS].update_many({}, {"$set": {"plannedRevision": 1, "messagesHeld": "word"}})
    body = {"reason": "typo", "until": "2100-01-01T00:00:00Z"} if action == "pause" else {}
    if action == "delete":
        assert admin.delete(f"{SCHEDULED}/{alone}").status_code == 204
    else:
        assert admin.post(f"{SCHEDULED}/{alone}/{action}", body or None).status_code == 200
    assert outcomes(admin.post(BULK, {"action": action, "ids": [together], **body})) == {together: "changed"}

    def of(collection: str, query: dict[str, Any]) -> dict[str, Any]:
        [found] = db[collection].find(query)
        return {name: kind_of(value) for name, value in found.items()}

    assert of(SCHEDULED_NOTIFICATIONS, {"_id": together}) == of(SCHEDULED_NOTIFICATIONS, {"_id": alone})
    entries = [{"documentId": each, "action": f"scheduled_notification.{action}"} for each in (alone, together)]
    assert of(AUDIT_LOG, entries[1]) == of(AUDIT_LOG, entries[0])


def kind_of(value: Any) -> Any:
    """Numbers and whether there is something: the rest - names, ids, moments - differs between any two documents."""
    if isinstance(value, dict):
        return {name: kind_of(inner) for name, inner in value.items()}
    return value if isinstance(value, int) or value is None else type(value)


def test_a_filter_chooses_as_in_the_list(admin: Caller, template: str, three: list[str]) -> None:
    other = admin.created(TEMPLATES, template_body())["id"]
    admin.created(SCHEDULED, scheduled_body(other, name="wave z"))
    chosen = {"q": "WAVE", "templateId": template, "state": "active"}
    assert outcomes(admin.post(BULK, {"action": "pause", "filter": chosen})) == dict.fromkeys(three[:2], "changed")
    assert outcomes(admin.post(BULK, {"action": "pause", "filter": chosen})) == {}


def test_a_filter_that_fits_too_many_is_refused(
    admin: Caller, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.bulk.MOST", 2)
    problem = assert_problem(admin.post(BULK, {"action": "delete", "filter": {}}), 409, "too_many", "filter")
    assert "scheduled notifications" in problem["detail"]
    assert len(admin.get(SCHEDULED).json["items"]) == len(three)


def test_what_is_refused_says_why_and_leaves_the_others_alone(admin: Caller, db: Db, three: list[str]) -> None:
    db[SCHEDULED_NOTIFICATIONS].update_one({"_id": three[0]}, {"$set": {"schedule": 5}})
    db[SCHEDULED_NOTIFICATIONS].update_one({"_id": three[1]}, {"$set": {"managedBy": "files"}})
    for action, refused in (("pause", {three[0]: "quarantined"}), ("delete", {three[1]: "managed_by_files"})):
        answer = admin.post(BULK, {"action": action, "ids": [*three, ABSENT]})
        codes = {item["id"]: item["code"] for item in answer.json["items"]}
        assert codes == {**dict.fromkeys(three), **refused, ABSENT: "not_found"}, action
        assert outcomes(answer)[three[2]] == "changed"
    assert "no such scheduled notification" in answer.json["items"][-1]["detail"]


@pytest.mark.parametrize(
    "body",
    [{"action": "pause"}, {"action": "pause", "ids": ["a"], "filter": {}}, {"action": "approve", "ids": ["a"]},
     {"action": "pause", "ids": ["a"], "until": "2020-01-01T00:00:00Z"}, {"action": "run", "ids": ["a"]},
     {"action": "delete", "filter": {"state": "cancelled"}}, {"action": "pause", "filter": {"template": "x"}}],
)  # fmt: skip
def test_bad_input_is_refused(admin: Caller, body: dict[str, Any]) -> None:
    assert_problem(admin.post(BULK, body), 422, "invalid_fields")


def test_an_operator_does_not_edit_by_it(as_role: Callable[[str], Caller], three: list[str]) -> None:
    operator = as_role("operator")
    assert outcomes(operator.post(BULK, {"action": "pause", "ids": three})) == dict.fromkeys(three, "changed")
    for dry_run in (True, False):
        body = {"action": "delete", "ids": three, "dryRun": dry_run}
        assert_problem(operator.post(BULK, body), 403, "forbidden")
