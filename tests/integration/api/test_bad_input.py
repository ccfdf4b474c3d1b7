"""Bad input: 400, 415, 413 or 422 with a problem document that names the field, and nothing is written."""

from typing import Any

import pytest

from shared.collections import AUDIT_LOG, DYNAMIC_JOBS
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem, job_body

JSON = {"content_type": "application/json"}


def nothing_written(db: Db) -> bool:
    return db[DYNAMIC_JOBS].count_documents({}) == 0 and db[AUDIT_LOG].count_documents({}) == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not json", "invalid_json"),
        (b"[]", "invalid_json"),
        (b'"text"', "invalid_json"),
        (b"null", "invalid_json"),
        (b'{"name": NaN}', "invalid_json"),
        (b'{"name": -Infinity}', "invalid_json"),
        (b'{"name": 1e999}', "invalid_json"),
        (b'{"name": 99999999999999999999999}', "invalid_json"),
        (b'{"name": "a", "name": "b"}', "invalid_json"),
        (b'{"params": {"$where": "1"}}', "invalid_json"),
        (b'{"params": {"a\\u0000b": 1}}', "invalid_json"),
        (b'{"params": {"a": "\\ud800"}}', "invalid_json"),
        (b'{"name": "\xff"}', "invalid_json"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "body_too_deep"),
        (b"[" * 100_000, "body_too_deep"),
        (b"", "body_required"),
        (b"   ", "body_required"),
    ],
)
def test_a_body_that_is_no_json_object_is_400(admin: Caller, db: Db, body: bytes, code: str) -> None:
    assert_problem(admin.post(JOBS, data=body, **JSON), 400, code)
    assert nothing_written(db)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", None])
def test_a_body_that_is_not_declared_as_json_is_415(admin: Caller, content_type: str | None) -> None:
    assert_problem(admin.post(JOBS, data=b"{}", content_type=content_type), 415, "unsupported_media_type")


def test_a_body_that_is_too_large_is_413(admin: Caller, db: Db) -> None:
    large = job_body(name="x" * 3_000_000)
    assert_problem(admin.post(JOBS, large), 413, "body_too_large")
    assert nothing_written(db)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": 5}, "name"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"enabled": "yes"}, "enabled"),
        ({"params": []}, "params"),
        ({"surprise": 1}, "surprise"),
        ({"template": "nonesuch"}, "template"),
        ({"template": "gone"}, "template"),
        ({"params": {"count": "one"}}, "params.count"),
        ({"params": {"count": 0}}, "params.count"),
        ({"params": {"unknown": 1}}, "params.unknown"),
        ({"params": {"outcome": "perhaps"}}, "params.outcome"),
        ({"labels": {"team": 5}}, "labels.team"),
        ({"policies": {"priority": "5"}}, "policies.priority"),
        ({"policies": {"retry": {"maxAttempts": 0}}}, "policies.retry.maxAttempts"),
        ({"policies": {"retry": {"max_attempt": 1}}}, "policies.retry.max_attempt"),
        ({"schedule": {"every": "5m"}}, "schedule.kind"),
        ({"schedule": {"kind": "sometimes"}}, "schedule.kind"),
        ({"schedule": {"kind": "interval", "every": "soon"}}, "schedule.every"),
        ({"schedule": {"kind": "interval", "every": 300}}, "schedule.every"),
        ({"schedule": {"kind": "interval"}}, "schedule.every"),
        ({"schedule": {"kind": "cron", "expression": "0 0 30 2 *"}}, "schedule.expression"),
        ({"schedule": {"kind": "cron", "expression": "every day"}}, "schedule.expression"),
        ({"schedule": {"kind": "cron", "expression": "* * * * *", "timezone": "Mars/Olympus"}}, "schedule.timezone"),
        ({"schedule": {"kind": "once", "at": "2020-01-01T00:00:00"}}, "schedule.at"),
        ({"schedule": {"kind": "once", "at": "0001-01-01T00:00:00+14:00"}}, "schedule.at"),
        ({"schedule": {"kind": "once", "at": "2027-03-28T02:30:00", "timezone": "Europe/Paris", "strict": True}},
         "schedule.at"),
        ({"schedule": {"kind": "interval", "every": "1h", "endAt": "2020-01-01T00:00:00Z"}}, "schedule.endAt"),
        ({"schedule": {"kind": "interval", "every": "1h", "startAt": 1234567890}}, "schedule.startAt"),
    ],
)  # fmt: skip
def test_each_wrong_field_is_422_and_is_named(admin: Caller, db: Db, change: dict[str, Any], field: str) -> None:
    assert_problem(admin.post(JOBS, job_body(**change)), 422, "invalid_fields", field)
    assert nothing_written(db)


def test_all_wrong_fields_are_named_at_once(admin: Caller) -> None:
    problem = assert_problem(admin.post(JOBS, {"nmae": "x"}), 422, "invalid_fields")
    assert {error["field"] for error in problem["errors"]} == {"nmae", "name", "template", "schedule"}


def test_a_moment_out_of_range_is_422_and_no_crash(admin: Caller) -> None:
    schedule = {"kind": "interval", "every": "1h", "anchor": "0001-01-01T00:00:00+14:00"}
    assert_problem(admin.post(JOBS, job_body(schedule=schedule)), 422, "invalid_fields", "schedule.anchor")
    far = "/api/admin/scheduler/runs?from=0001-01-01T00:00:00%2B14:00"
    assert_problem(admin.get(far), 422, "invalid_fields", "from")


def test_the_value_of_a_wrong_field_is_never_echoed(admin: Caller) -> None:
    response = admin.post(JOBS, job_body(params={"outcome": "hunter2", "count": "hunter2", "hush": "hunter2"}))
    assert_problem(response, 422, "invalid_fields", "params.outcome")
    assert "hunter2" not in response.text


def test_an_unknown_template_says_which_there_are(admin: Caller) -> None:
    problem = assert_problem(admin.post(JOBS, job_body(template="nonesuch")), 422, "invalid_fields", "template")
    assert "noop" in problem["detail"]
    assert "gone" not in problem["detail"]


def test_a_query_with_a_wrong_or_unknown_field_is_422(admin: Caller) -> None:
    assert_problem(admin.get(f"{JOBS}?limit=0"), 422, "invalid_fields", "limit")
    assert_problem(admin.get(f"{JOBS}?limit=201"), 422, "invalid_fields", "limit")
    assert_problem(admin.get(f"{JOBS}?limit=many"), 422, "invalid_fields", "limit")
    assert_problem(admin.get(f"{JOBS}?page=2"), 422, "invalid_fields", "page")


@pytest.mark.parametrize("cursor", ["x", "W10", "eyJhIjoxfQ", "%00", "WyJhIl0", "WzEsW10sZmFsc2Vd", "é"])
def test_a_cursor_that_is_none_of_ours_is_400(admin: Caller, cursor: str) -> None:
    assert_problem(admin.get(f"{JOBS}?cursor={cursor}"), 400, "invalid_cursor", "cursor")


def test_unknown_paths_and_methods_are_problems_too(admin: Caller) -> None:
    assert_problem(admin.get("/api/nonesuch"), 404, "not_found")
    response = admin.call("DELETE", JOBS)
    assert_problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]
