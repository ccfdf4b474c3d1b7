"""Idempotency-Key: what a repeat gets while the first request works, after it, and after its process died."""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from pymongo.errors import AutoReconnect

from api.context import store_of
from api.store.idempotency import GIVEN_UP_AFTER, IdempotencyStore
from api.store.jobs import JobStore
from shared.collections import COMMANDS, DYNAMIC_JOBS, IDEMPOTENCY_KEYS
from shared.models.idempotency import StoredAnswer
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem, job_body

KEY = {"headers": {"Idempotency-Key": "once-only"}}
RECIPIENTS = "/api/notifications/recipients"


def let_time_pass(db: Db, by: timedelta) -> None:
    db[IDEMPOTENCY_KEYS].update_many({}, {"$set": {"startedAt": datetime.now(UTC) - by}})


def test_a_repeat_gets_the_first_answer_although_the_document_has_changed_since(admin: Caller, db: Db) -> None:
    first = admin.post(JOBS, job_body(), **KEY)
    admin.patch(f"{JOBS}/{first.json['id']}", {"name": "Changed"})
    again = admin.post(JOBS, job_body(), **KEY)
    assert (again.status_code, again.json, again.headers["ETag"]) == (201, first.json, '"1"')
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    kept = db[IDEMPOTENCY_KEYS].find_one({})
    assert kept is not None
    assert timedelta(hours=23) < kept["expireAt"] - datetime.now(UTC) <= timedelta(hours=24)


def test_a_repeat_while_the_first_is_at_work_is_told_to_ask_again(
    admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work, go_on = Event(), Event()
    insert = JobStore.insert

    def slow(*arguments: Any) -> Any:
        at_work.set()
        assert go_on.wait(20)
        return insert(*arguments)

    monkeypatch.setattr(JobStore, "insert", slow)
    answers: list[Any] = []
    first = Thread(target=lambda: answers.append(admin.post(JOBS, job_body(), **KEY)))
    first.start()
    assert at_work.wait(20)
    repeat = admin.post(JOBS, job_body(), **KEY)
    go_on.set()
    first.join(20)
    assert_problem(repeat, 409, "request_in_flight")
    assert int(repeat.headers["Retry-After"]) > 0
    assert answers[0].status_code == 201
    assert admin.post(JOBS, job_body(), **KEY).json == answers[0].json
    assert db[DYNAMIC_JOBS].count_documents({}) == 1


@pytest.mark.parametrize(
    ("path", "body", "collection"),
    [(JOBS, job_body(), DYNAMIC_JOBS), (RECIPIENTS, {"email": "ada@example.com"}, "recipients"), ("run", {}, COMMANDS)],
)
def test_a_crash_between_the_work_and_its_answer_makes_nothing_twice(
    admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any], collection: str
) -> None:
    if path == "run":
        path = f"{JOBS}/{admin.created(JOBS, job_body())['id']}/run"
    before = db[collection].count_documents({})
    with monkeypatch.context() as patched:
        patched.setattr(IdempotencyStore, "answer", lambda *_: None)  # as if the process had died before it
        first = admin.post(path, body, **KEY)
    assert first.status_code in (201, 202), first.text
    assert_problem(admin.post(path, body, **KEY), 409, "request_in_flight")
    let_time_pass(db, GIVEN_UP_AFTER)
    again = admin.post(path, body, **KEY)
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert db[collection].count_documents({}) == before + 1
    assert admin.post(path, body, **KEY).headers["Idempotency-Replayed"] == "true"


def test_a_pause_that_was_done_before_the_crash_is_not_done_again(
    admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = f"{JOBS}/{admin.created(JOBS, job_body())['id']}"
    request = {"headers": {"Idempotency-Key": "p", "If-Match": '"1"'}}
    with monkeypatch.context() as patched:
        patched.setattr(IdempotencyStore, "answer", lambda *_: None)
        assert admin.post(f"{job}/pause", **request).status_code == 200
    let_time_pass(db, GIVEN_UP_AFTER)
    assert_problem(admin.post(f"{job}/pause", **request), 412, "revision_mismatch")
    assert admin.get(job).json["revision"] == 2


def test_a_try_that_was_given_up_does_not_write_over_the_answer_of_the_next(
    app: Flask, admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[tuple[str, str]] = []
    with monkeypatch.context() as patched:
        patched.setattr(IdempotencyStore, "answer", lambda _, key_id, attempt, __: late.append((key_id, attempt)))
        admin.post(JOBS, job_body(), **KEY)
    let_time_pass(db, GIVEN_UP_AFTER)
    admin.post(JOBS, job_body(), **KEY)
    kept = db[IDEMPOTENCY_KEYS].find_one({})
    assert kept is not None
    idempotency = store_of(app).idempotency
    idempotency.answer(*late[0], StoredAnswer(status=200, headers={}, body="another"))
    idempotency.withdraw(*late[0])
    assert db[IDEMPOTENCY_KEYS].find_one({}) == kept


def test_after_a_refusal_the_key_is_free_for_the_mended_request(admin: Caller, db: Db) -> None:
    assert_problem(admin.post(JOBS, job_body(template="nonesuch"), **KEY), 422, "invalid_fields")
    assert db[IDEMPOTENCY_KEYS].count_documents({}) == 0
    assert admin.post(JOBS, job_body(), **KEY).status_code == 201


def test_after_a_fault_of_the_database_the_same_key_may_be_tried_again(
    admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("api.store.journal.write", _gone)
        assert_problem(admin.post(JOBS, job_body(), **KEY), 503, "database_unavailable")
    assert admin.post(JOBS, job_body(), **KEY).status_code == 201
    assert db[DYNAMIC_JOBS].count_documents({}) == 1


def _gone(*_: object) -> None:
    raise AutoReconnect("gone")


def test_the_same_key_with_another_query_or_body_is_refused_before_anything_is_done(admin: Caller, db: Db) -> None:
    path, options = f"{RECIPIENTS}/import", {**KEY, "data": "email\nada@example.com\n", "content_type": "text/csv"}
    assert admin.post(f"{path}?dryRun=true", **options).json["dryRun"] is True
    assert_problem(admin.post(path, **options), 422, "idempotency_key_reused")
    assert db["recipients"].count_documents({}) == 0


def test_a_preview_keeps_no_key(admin: Caller, db: Db) -> None:
    body = {"schedule": {"kind": "interval", "every": "5m"}}
    assert admin.post("/api/admin/scheduler/schedules/preview", body, **KEY).status_code == 200
    assert db[IDEMPOTENCY_KEYS].count_documents({}) == 0


def test_spaces_and_the_order_of_fields_do_not_make_another_request(admin: Caller) -> None:
    bodies = ['{"name": "Ada", "email": "ada@example.com"}', '{"email":"ada@example.com","name":"Ada"}']
    first, again = (admin.post(RECIPIENTS, data=body, content_type="application/json", **KEY) for body in bodies)
    assert (again.status_code, again.json) == (201, first.json)
