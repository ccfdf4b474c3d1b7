"""One action on many jobs."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.collections import AUDIT_LOG, COMMANDS, DYNAMIC_JOBS
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem, job_body

BULK = f"{JOBS}/bulk"
ABSENT = "no-such-job"


@pytest.fixture
def three(admin: Caller) -> list[str]:
    """Two of the shop, one of the CRM; the last one is paused."""
    ids = [
        admin.created(JOBS, job_body(name=name, labels={"team": team}))["id"]
        for name, team in (("a", "shop"), ("b", "crm"), ("c", "shop"))
    ]
    admin.post(f"{JOBS}/{ids[2]}/pause", {"reason": "before"})
    return ids


def outcomes(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    items = {item["id"]: item["outcome"] for item in answer.json["items"]}
    for outcome in ("changed", "unchanged", "refused"):
        assert answer.json[outcome] == list(items.values()).count(outcome)
    return items


def test_a_dry_run_says_what_would_happen_and_changes_nothing(admin: Caller, db: Db, three: list[str]) -> None:
    before = list(db[DYNAMIC_JOBS].find())
    audited = db[AUDIT_LOG].count_documents({})
    for action in ("pause", "resume", "enable", "disable", "run", "delete"):
        said = outcomes(admin.post(BULK, {"action": action, "ids": [*three, ABSENT], "dryRun": True}))
        assert list(db[DYNAMIC_JOBS].find()) == before
        assert db[AUDIT_LOG].count_documents({}) == audited
        assert db[COMMANDS].count_documents({}) == 0
        done = outcomes(admin.post(BULK, {"action": action, "ids": [*three, ABSENT]}))
        assert said == done, action
        db[DYNAMIC_JOBS].drop()
        db[DYNAMIC_JOBS].insert_many(before)
        db[COMMANDS].drop()
        audited = db[AUDIT_LOG].count_documents({})


def test_each_job_is_changed_as_by_its_own_request(admin: Caller, db: Db, three: list[str]) -> None:
    paused = admin.post(BULK, {"action": "pause", "ids": three, "reason": "move", "until": "2100-01-01T00:00:00Z"})
    assert set(outcomes(paused).values()) == {"changed"}
    shown = admin.get(JOBS).json["items"]
    assert {(job["state"], job["pause"]["reason"], job["pause"]["by"]) for job in shown} == {
        ("paused", "move", "the admin")
    }
    entries = list(db[AUDIT_LOG].find({"action": "job.pause"}))
    assert sorted(entry["documentId"] for entry in entries) == sorted([*three, three[2]])
    resumed = outcomes(admin.post(BULK, {"action": "resume", "filter": {}}))
    assert resumed == dict.fromkeys(three, "changed")
    assert outcomes(admin.post(BULK, {"action": "resume", "ids": three})) == dict.fromkeys(three, "unchanged")
    assert outcomes(admin.post(BULK, {"action": "disable", "ids": three[:1]})) == {three[0]: "changed"}
    assert outcomes(admin.post(BULK, {"action": "enable", "ids": three[:2]})) == {
        three[0]: "changed", three[1]: "unchanged",
    }  # fmt: skip
    assert set(outcomes(admin.post(BULK, {"action": "delete", "ids": three})).values()) == {"changed"}
    assert admin.get(JOBS).json["items"] == []


def test_a_filter_chooses_as_in_the_list(admin: Caller, three: list[str]) -> None:
    body = {"action": "pause", "filter": {"label": ["team=shop"], "state": "active"}}
    assert outcomes(admin.post(BULK, body)) == {three[0]: "changed"}


def test_a_filter_that_fits_too_many_is_refused(
    admin: Caller, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.bulk.MOST", 2)
    assert_problem(admin.post(BULK, {"action": "delete", "filter": {}}), 409, "too_many", "filter")
    assert len(admin.get(JOBS).json["items"]) == len(three)


def test_what_is_refused_says_why_and_leaves_the_others_alone(admin: Caller, db: Db, three: list[str]) -> None:
    db[DYNAMIC_JOBS].update_one({"_id": three[0]}, {"$set": {"schedule": 5}})
    db[DYNAMIC_JOBS].update_one({"_id": three[1]}, {"$set": {"managedBy": "files"}})
    answer = admin.post(BULK, {"action": "disable", "ids": [*three, ABSENT]})
    assert outcomes(answer) == {**dict.fromkeys([*three[:2], ABSENT], "refused"), three[2]: "changed"}
    codes = {item["id"]: item["code"] for item in answer.json["items"]}
    assert codes == {three[0]: "quarantined", three[1]: "managed_by_files", three[2]: None, ABSENT: "not_found"}


def test_the_same_key_runs_each_job_once(admin: Caller, db: Db, three: list[str]) -> None:
    for _ in range(2):
        run = admin.post(BULK, {"action": "run", "ids": three}, headers={"Idempotency-Key": "k"})
        assert set(outcomes(run).values()) == {"changed"}
    assert db[COMMANDS].count_documents({"kind": "run"}) == 3
    assert len(db[COMMANDS].distinct("runId")) == 3


@pytest.mark.parametrize(
    "body",
    [{"action": "pause"}, {"action": "pause", "ids": []}, {"action": "pause", "ids": ["a"], "filter": {}},
     {"action": "destroy", "ids": ["a"]}, {"action": "pause", "ids": ["a"], "until": "2020-01-01T00:00:00Z"},
     {"action": "pause", "filter": {"teams": "x"}}, {"action": "pause", "ids": ["a"] * 501}],
)  # fmt: skip
def test_bad_input_is_refused(admin: Caller, body: dict[str, Any]) -> None:
    assert_problem(admin.post(BULK, body), 422, "invalid_fields")


def test_an_operator_does_not_edit_by_it(as_role: Callable[[str], Caller], three: list[str]) -> None:
    operator = as_role("operator")
    assert set(outcomes(operator.post(BULK, {"action": "pause", "ids": three})).values()) == {"changed"}
    for action in ("enable", "disable", "delete"):
        assert_problem(operator.post(BULK, {"action": action, "ids": three}), 403, "forbidden")
