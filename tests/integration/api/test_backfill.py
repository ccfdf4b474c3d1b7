"""Backfill: a command that names a past range, counted before it is accepted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.collections import AUDIT_LOG, COMMANDS, DYNAMIC_JOBS
from shared.models.commands import Command
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem, job_body

HOURLY = {"kind": "cron", "expression": "0 * * * *", "timezone": "UTC"}
DAY = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T23:00:00Z"}
KEY = {"headers": {"Idempotency-Key": "once-only"}}


@pytest.fixture
def backfill(admin: Caller) -> str:
    """The path of a job that runs every full hour."""
    return f"{JOBS}/{admin.created(JOBS, job_body(schedule=HOURLY, params={'count': 1}))['id']}/backfill"


def test_a_backfill_is_a_command_with_its_range(admin: Caller, db: Db, backfill: str) -> None:
    body = {**DAY, "overlap": "allow:3", "again": True, "params": {"count": 2}}
    response = admin.post(backfill, body)
    assert (response.status_code, response.json["count"]) == (202, 24)
    document = db[COMMANDS].find_one({"_id": response.json["commandId"]})
    assert document is not None
    command = Command.from_document(document)
    assert (command.kind, command.job_id, command.run_id) == ("backfill", backfill.split("/")[-2], None)
    assert (command.params, command.created_by, command.handled_at) == ({"count": 2}, "the admin", None)
    assert document["range"] == {
        "from": datetime(2026, 1, 1, tzinfo=UTC), "to": datetime(2026, 1, 1, 23, tzinfo=UTC), "overlap": "allow:3",
        "again": True,
    }  # fmt: skip
    assert db[AUDIT_LOG].count_documents({"action": "command.backfill"}) == 1


def test_both_ends_are_included_and_the_defaults_are_one_after_another(admin: Caller, db: Db, backfill: str) -> None:
    one = {"from": "2026-01-01T05:00:00Z", "to": "2026-01-01T05:00:00Z"}
    assert admin.post(backfill, one).json["count"] == 1
    command = db[COMMANDS].find_one({})
    assert command is not None
    assert (command["range"]["overlap"], command["range"]["again"], command["params"]) == ("queue_all", False, None)


def test_a_dry_run_says_what_would_run_and_changes_nothing(admin: Caller, db: Db, backfill: str) -> None:
    response = admin.post(backfill, {**DAY, "dryRun": True})
    assert response.status_code == 200
    assert response.json == {
        "count": 24,
        "first": "2026-01-01T00:00:00.000Z",
        "last": "2026-01-01T23:00:00.000Z",
        "description": response.json["description"],
    }
    assert "UTC" in response.json["description"]
    nothing = {"from": "2026-01-01T00:01:00Z", "to": "2026-01-01T00:02:00Z", "dryRun": True}
    assert admin.post(backfill, nothing).json.items() >= {"count": 0, "first": None, "last": None}.items()
    assert db[COMMANDS].count_documents({}) == 0
    assert db[AUDIT_LOG].count_documents({"action": {"$regex": "^command"}}) == 0


@pytest.mark.parametrize("dry", [True, False])
def test_more_than_a_thousand_occurrences_are_refused_with_their_number(
    admin: Caller, db: Db, backfill: str, dry: bool
) -> None:
    thousand = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-11T15:00:00Z", "dryRun": dry}
    assert admin.post(backfill, thousand).json["count"] == 1000
    one_more = {**thousand, "to": "2026-02-11T16:00:00Z"}
    problem = assert_problem(admin.post(backfill, one_more), 422, "invalid_fields", "to")
    assert "1001 occurrences" in problem["detail"]
    assert "shorter ranges" in problem["detail"]
    years = {**DAY, "from": "2001-01-01T00:00:00Z", "dryRun": dry}
    assert "more than 10000 occurrences" in assert_problem(admin.post(backfill, years), 422, "invalid_fields")["detail"]
    assert db[COMMANDS].count_documents({}) == (0 if dry else 1)


def test_a_range_of_bad_form_is_refused_with_its_field(admin: Caller, db: Db, backfill: str) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    for body, field in (
        ({**DAY, "to": ahead}, "to"),
        ({**DAY, "from": "2026-01-02T00:00:00Z"}, "from"),
        ({**DAY, "from": "2026-01-01T00:00:00"}, "from"),
        ({"to": DAY["to"]}, "from"),
        ({**DAY, "to": None}, "to"),
        ({**DAY, "overlap": "skip"}, "overlap"),
        ({**DAY, "overlap": "allow:0"}, "overlap"),
        ({**DAY, "again": "yes"}, "again"),
        ({**DAY, "params": {"count": "many"}}, "params.count"),
        ({**DAY, "limit": 5}, "limit"),
        ({"from": "2026-01-01T00:01:00Z", "to": "2026-01-01T00:02:00Z"}, "from"),
        ({"from": "0001-01-01T00:00:00Z", "to": "0001-01-01T00:00:00Z"}, "from"),
    ):
        assert_problem(admin.post(backfill, body), 422, "invalid_fields", field)
    assert_problem(admin.post(backfill), 400, "body_required")
    assert db[COMMANDS].count_documents({}) == 0


def test_only_an_existing_readable_job_is_backfilled_by_an_operator(
    admin: Caller, as_role: Any, db: Db, backfill: str
) -> None:
    assert_problem(as_role("viewer").post(backfill, DAY), 403, "forbidden")
    assert as_role("operator").post(backfill, DAY).status_code == 202
    assert_problem(admin.post(f"{JOBS}/nonesuch/backfill", DAY), 404, "not_found")
    db[DYNAMIC_JOBS].update_one({}, {"$set": {"schedule": {"kind": "cron", "expression": "never"}}})
    assert_problem(admin.post(backfill, DAY), 409, "quarantined")


def test_the_same_key_is_the_same_backfill(admin: Caller, db: Db, backfill: str) -> None:
    first, again = admin.post(backfill, DAY, **KEY), admin.post(backfill, DAY, **KEY)
    assert again.json == first.json
    assert db[COMMANDS].count_documents({}) == 1
    other = {**DAY, "from": "2026-01-01T12:00:00Z"}
    assert_problem(admin.post(backfill, other, **KEY), 422, "idempotency_key_reused")


def test_an_interval_counts_from_its_anchor(admin: Caller) -> None:
    schedule = {"kind": "interval", "every": "10m", "anchor": "2026-01-01T00:05:00Z"}
    job = admin.created(JOBS, job_body(schedule=schedule))
    response = admin.post(f"{JOBS}/{job['id']}/backfill", {**DAY, "to": "2026-01-01T01:00:00Z", "dryRun": True})
    assert (response.json["count"], response.json["first"]) == (6, "2026-01-01T00:05:00.000Z")
