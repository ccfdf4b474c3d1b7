"""The log of a run, page by page and while it is written."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.queries import run_logs as queries
from tests.integration.api.conftest import RUNS, Caller, Db, assert_problem

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
RUN = "job-1:1"


def insert_run(db: Db, state: str = "succeeded", attempt: int = 1) -> None:
    db.job_runs.replace_one({"_id": RUN}, {"state": state, "attempt": attempt, "jobId": "job-1"}, upsert=True)


def store_page(db: Db, attempt: int, page: int, *events: str) -> None:
    lines = [{"at": NOW, "level": "info", "event": event, "fields": {"n": 1}} for event in events]
    criteria, update = queries.page(RUN, attempt, page, lines, NOW)
    db.job_run_logs.update_one(criteria, update, upsert=True)


def events(answer: dict[str, Any]) -> list[str]:
    return [line["event"] for line in answer["items"]]


def read(admin: Caller, **arguments: object) -> dict[str, Any]:
    response = admin.get(f"{RUNS}/{RUN}/logs?" + "&".join(f"{name}={value}" for name, value in arguments.items()))
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json
    return answer


@pytest.fixture(autouse=True)
def three_pages(catalogue: Db, db: Db) -> None:
    insert_run(db, attempt=2)
    store_page(db, 1, 0, "a", "b")
    store_page(db, 1, 1, "c")
    store_page(db, 2, 0, "d", "e")
    db.job_run_logs.insert_one({"_id": "other", "runId": "job-1:2", "attempt": 1, "page": 0, "lines": [{}]})


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_the_lines_come_in_the_order_they_were_written(admin: Caller, limit: int) -> None:
    assert [line["event"] for line in admin.all_pages(f"{RUNS}/{RUN}/logs", limit)] == ["a", "b", "c", "d", "e"]


def test_a_line_is_complete(as_role) -> None:
    answer = as_role("viewer").get(f"{RUNS}/{RUN}/logs?attempt=2").json
    line = {"at": "2026-11-23T09:00:00.000Z", "level": "info", "event": "d", "fields": {"n": 1}, "attempt": 2}
    assert answer["items"][0] == line
    assert (len(answer["items"]), answer["nextCursor"], answer["live"]) == (2, None, False)


def test_polling_with_the_last_cursor_gives_only_newer_lines(admin: Caller, db: Db) -> None:
    insert_run(db, "running", attempt=2)
    first = read(admin)
    assert (events(first), first["live"]) == (["a", "b", "c", "d", "e"], True)
    second = read(admin, cursor=first["nextCursor"])
    assert events(second) == []
    store_page(db, 2, 0, "d", "e", "f")
    third = read(admin, cursor=second["nextCursor"])
    assert events(third) == ["f"]
    store_page(db, 2, 1, "g")
    store_page(db, 3, 0, "h")
    insert_run(db, "succeeded", attempt=3)
    last = read(admin, cursor=third["nextCursor"])
    assert (events(last), last["nextCursor"], last["live"]) == (["g", "h"], None, False)


def test_a_run_that_has_logged_nothing_yet_is_polled_from_its_start(admin: Caller, db: Db) -> None:
    db.job_run_logs.delete_many({})
    insert_run(db, "pending")
    first = read(admin)
    assert (events(first), first["live"]) == ([], True)
    store_page(db, 1, 0, "x")
    assert events(read(admin, cursor=first["nextCursor"])) == ["x"]


@pytest.mark.parametrize(
    ("state", "attempt", "live"),
    [
        ("running", 1, False), ("running", 2, True), ("running", 3, True), ("retry_wait", 2, False),
        ("retry_wait", 3, True), ("failed", 2, False),
    ],
)  # fmt: skip
def test_an_attempt_is_live_until_it_has_ended(admin: Caller, db: Db, state: str, attempt: int, live: bool) -> None:
    insert_run(db, state, attempt=2)
    assert read(admin, attempt=attempt)["live"] is live


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMiwtM10", "WzEsMiwzLDRd", "WzEsMiwiMyJd", "WzEsMiwzLjVd"])
def test_a_cursor_of_another_make_is_refused(admin: Caller, cursor: str) -> None:
    assert_problem(admin.get(f"{RUNS}/{RUN}/logs?cursor={cursor}"), 400, "invalid_cursor", "cursor")


@pytest.mark.parametrize("attempt", ["0", "x", "99999999999999999999"])
def test_an_attempt_that_is_no_number_is_refused(admin: Caller, attempt: str) -> None:
    assert_problem(admin.get(f"{RUNS}/{RUN}/logs?attempt={attempt}"), 422, "invalid_fields", "attempt")


def test_the_log_of_an_unknown_run_is_not_found(admin: Caller) -> None:
    assert_problem(admin.get(f"{RUNS}/nobody/logs"), 404, "not_found")


def test_malformed_pages_and_lines_are_passed_over(admin: Caller, db: Db) -> None:
    db.job_run_logs.insert_many(
        [
            {"_id": 1, "runId": RUN, "attempt": "x", "page": 0, "lines": []},
            {"_id": 2, "runId": RUN, "attempt": 3, "page": None, "lines": [{"event": "no page"}]},
            {"_id": 3, "runId": RUN, "attempt": 3, "page": 1, "lines": "none"},
            {"_id": 4, "runId": RUN, "attempt": 3, "page": 2, "lines": [7, {"event": float("nan"), "fields": 5}]},
        ]
    )
    assert admin.all_pages(f"{RUNS}/{RUN}/logs", 2)[-1] == {
        "at": None, "level": None, "event": "nan", "fields": {}, "attempt": 3,
    }  # fmt: skip


@pytest.mark.parametrize("start", [None, queries.LogPosition(1, 1, 0)])
@pytest.mark.parametrize("attempt", [None, 1])
def test_reading_a_log_walks_its_index(db: Db, app, attempt: int | None, start: queries.LogPosition | None) -> None:
    for number in range(100):
        criteria, update = queries.page(f"other-{number}", 1, 0, [], NOW)
        db.job_run_logs.update_one(criteria, update, upsert=True)
    db.job_run_logs.create_index([("runId", 1), ("attempt", 1), ("page", 1)], name="by_run")
    found = db.job_run_logs.find(queries.of_run(RUN, attempt, start)).sort(queries.READING_ORDER).explain()
    plan = str(found["queryPlanner"]["winningPlan"])
    assert "'indexName': 'by_run'" in plan
    assert "'stage': 'SORT'" not in plan
    assert found["executionStats"]["totalKeysExamined"] <= 3 + 3
