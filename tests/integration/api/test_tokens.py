"""`/api/admin/tokens`: made, shown once, used, revoked; and what the log keeps of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from api.store.idempotency import GIVEN_UP_AFTER, IdempotencyStore
from shared.collections import API_TOKENS, AUDIT_LOG, IDEMPOTENCY_KEYS
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem

TOKENS = "/api/admin/tokens"
BODY = {"name": "crm", "role": "viewer"}


def get_jobs(app: Flask, secret: str) -> int:
    return app.test_client().get(JOBS, headers={"Authorization": f"Bearer {secret}"}).status_code


def test_a_token_is_made_used_and_revoked_at_once(app: Flask, admin: Caller, db: Db) -> None:
    made = admin.post(TOKENS, {**BODY, "expiresIn": "30d"})
    assert made.status_code == 201, made.text
    secret, token_id = made.json["token"], made.json["id"]
    assert (made.json["state"], made.json["permissions"]) == ("valid", ["identify", "read", "read_own_runs"])
    assert made.headers["Location"] == f"{TOKENS}/{token_id}"
    life = datetime.fromisoformat(made.json["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=29) < life <= timedelta(days=30)
    assert get_jobs(app, secret) == 200

    read = admin.get(f"{TOKENS}/{token_id}")
    assert read.json["lastUsedAt"] is not None
    assert read.headers["ETag"] == made.headers["ETag"] == '"1"'
    assert admin.delete(f"{TOKENS}/{token_id}", headers={"If-Match": '"1"'}).status_code == 204
    assert get_jobs(app, secret) == 401
    assert_problem(admin.delete(f"{TOKENS}/{token_id}", headers={"If-Match": '"1"'}), 412, "revision_mismatch")
    assert admin.delete(f"{TOKENS}/{token_id}").status_code == 204
    assert admin.get(f"{TOKENS}/{token_id}").json["state"] == "revoked"
    assert_problem(admin.delete(f"{TOKENS}/nonesuch"), 404, "not_found")


def test_the_secret_is_nowhere_but_in_the_first_answer(
    admin: Caller, db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    made = admin.post(TOKENS, BODY, headers={"Idempotency-Key": "k"})
    secret = made.json["token"]
    admin.delete(made.headers["Location"])
    shown = [admin.get(TOKENS).text, admin.get("/api/admin/audit").text, *capsys.readouterr()]
    stored = [str(list(db[name].find())) for name in db.list_collection_names()]
    assert [text for text in (*shown, *stored) if secret in text] == []
    hashes = [document["tokenHash"] for document in db[API_TOKENS].find()]
    assert [text for text in shown for each in hashes if each in text] == []


def test_a_repeat_of_a_creation_does_not_show_the_secret_again(
    admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"headers": {"Idempotency-Key": "k"}}
    made = admin.post(TOKENS, BODY, **key)
    problem = assert_problem(admin.post(TOKENS, BODY, **key), 409, "shown_once")
    assert made.json["id"] in problem["detail"]
    with monkeypatch.context() as patched:
        patched.setattr(IdempotencyStore, "answer", lambda *_: None)  # as if the process had died before it
        other = admin.post(TOKENS, BODY, headers={"Idempotency-Key": "other"})
    db[IDEMPOTENCY_KEYS].update_many({}, {"$set": {"startedAt": datetime.now(UTC) - GIVEN_UP_AFTER}})
    problem = assert_problem(admin.post(TOKENS, BODY, headers={"Idempotency-Key": "other"}), 409, "shown_once")
    assert other.json["id"] in problem["detail"]
    assert db[API_TOKENS].count_documents({"name": "crm"}) == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"role": "emperor"}, "role"), ({"name": ""}, "name"), ({"expiresIn": "0s"}, "expiresIn"),
        ({"expiresIn": "40000d"}, "expiresIn"), ({"expiresIn": "soon"}, "expiresIn"), ({"token": "us_mine"}, "token"),
    ],
)  # fmt: skip
def test_what_is_no_token_names_its_field(admin: Caller, fields: dict[str, Any], field: str) -> None:
    assert_problem(admin.post(TOKENS, {**BODY, **fields}), 422, "invalid_fields", field)


def test_tokens_are_listed_in_pages_with_the_malformed_ones(admin: Caller, db: Db) -> None:
    for number in range(3):
        admin.created(TOKENS, {**BODY, "name": f"t{number}"})
    db[API_TOKENS].insert_one({"_id": 7, "tokenHash": "x", "name": 5, "role": "emperor"})
    items = admin.all_pages(TOKENS, 2)
    assert len(items) == db[API_TOKENS].count_documents({})
    odd = next(item for item in items if item["id"] == "7")
    assert (odd["state"], odd["problem"] is None) == ("malformed", False)
    assert admin.delete(f"{TOKENS}/7").status_code == 204
    assert "tokenHash" not in json.dumps(items)


def test_who_made_and_revoked_a_token_is_in_the_audit_log(admin: Caller, db: Db) -> None:
    made = admin.post(TOKENS, BODY)
    revoked = admin.delete(f"{TOKENS}/{made.json['id']}")
    entries = list(db[AUDIT_LOG].find({"documentId": made.json["id"]}).sort("at"))
    assert [entry["action"] for entry in entries] == ["token.create", "token.revoke"]
    assert [entry["requestId"] for entry in entries] == [each.headers["X-Request-Id"] for each in (made, revoked)]
    assert {entry["byId"] for entry in entries} == {"id-of-admin-token"}
    assert (entries[0]["before"], entries[0]["after"]["role"]) == (None, "viewer")
    assert entries[0]["after"]["tokenHash"] == "***"
    assert (entries[1]["before"], entries[1]["after"]["revokedAt"] is None) == ({"revokedAt": None}, False)
