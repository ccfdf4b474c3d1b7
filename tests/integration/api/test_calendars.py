"""Calendars: made, changed, used by jobs and scheduled notifications, and not deleted while they are used."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.store import calendars as calendar_store
from shared.collections import AUDIT_LOG, CALENDARS, DYNAMIC_JOBS, SCHEDULED_NOTIFICATIONS
from tests.integration.api.conftest import (
    JOBS,
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    job_body,
    scheduled_body,
    template_body,
)

CALENDARS_PATH = "/api/admin/scheduler/calendars"
PREVIEW = "/api/admin/scheduler/schedules/preview"
DAILY = {"kind": "cron", "expression": "0 9 * * *", "timezone": "Europe/Paris"}
ALWAYS = [{"name": f"Year {year}", "first": f"{year}-01-01", "last": f"{year}-12-31"} for year in range(2020, 2090)]


def calendar_body(**fields: Any) -> dict[str, Any]:
    christmas = {"name": "Christmas", "first": "2026-12-25", "last": "2026-12-26"}
    return {"name": "Holidays", "timezone": "Europe/Paris", "entries": [christmas], **fields}


def closed_on(*calendars: str, **fields: Any) -> dict[str, Any]:
    return {**DAILY, "excludeCalendars": list(calendars), **fields}


def test_a_calendar_is_created_read_listed_replaced_and_deleted(admin: Caller, db: Db) -> None:
    made = admin.created(CALENDARS_PATH, calendar_body())
    path = f"{CALENDARS_PATH}/{made['id']}"
    assert (made["revision"], made["createdBy"], made["problem"]) == (1, "the admin", None)
    assert made["entries"] == [{"name": "Christmas", "first": "2026-12-25", "last": "2026-12-26"}]
    assert admin.get(path).json == made
    assert admin.get(CALENDARS_PATH).json == {"items": [made], "nextCursor": None}
    changed = admin.put(path, calendar_body(entries=[]), headers={"If-Match": '"1"'})
    assert (changed.json["revision"], changed.json["entries"], changed.headers["ETag"]) == (2, [], '"2"')
    assert_problem(admin.put(path, calendar_body(), headers={"If-Match": '"1"'}), 412, "revision_mismatch")
    assert_problem(admin.delete(path, headers={"If-Match": '"1"'}), 412, "revision_mismatch")
    assert admin.delete(path).status_code == 204
    assert_problem(admin.get(path), 404, "not_found")
    actions = [entry["action"] for entry in db[AUDIT_LOG].find({"documentId": made["id"]}).sort("at", 1)]
    assert actions == ["calendar.create", "calendar.update", "calendar.delete"]


def test_the_same_request_creates_one_calendar(admin: Caller) -> None:
    first, again = (admin.post(CALENDARS_PATH, calendar_body(), headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json == again.json
    other = admin.post(CALENDARS_PATH, calendar_body(name="x"), headers={"Idempotency-Key": "k"})
    assert_problem(other, 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"entries": [{"name": "x", "first": "2026-02-30", "last": "2026-03-01"}]}, "entries.0.first"),
        ({"entries": [{"name": "x", "first": "2026-03-01", "last": "2026-02-28"}]}, "entries.0"),
        ({"entries": [{"name": "x", "first": "2026-03-01"}]}, "entries.0.last"),
        ({"entries": 5}, "entries"),
        ({"days": []}, "days"),
    ],
)
def test_a_wrong_field_is_named(admin: Caller, fields: dict[str, Any], field: str) -> None:
    assert_problem(admin.post(CALENDARS_PATH, calendar_body(**fields)), 422, "invalid_fields", field)


def test_there_is_room_for_so_many_calendars_only(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_store, "MOST_STORED", 1)
    admin.created(CALENDARS_PATH, calendar_body())
    problem = assert_problem(admin.post(CALENDARS_PATH, calendar_body()), 409, "too_many")
    assert "delete one" in problem["detail"]


def test_a_malformed_calendar_is_shown_with_its_problem_and_mended_by_put(admin: Caller, db: Db) -> None:
    db[CALENDARS].insert_one({"_id": "odd", "entries": [{"first": datetime(2026, 1, 1, tzinfo=UTC)}], "revision": "x"})
    shown = admin.get(f"{CALENDARS_PATH}/odd").json
    assert shown["problem"]
    assert admin.get(CALENDARS_PATH).status_code == 200
    assert admin.put(f"{CALENDARS_PATH}/odd", calendar_body()).json["problem"] is None


def test_a_calendar_in_use_is_not_deleted_and_its_users_are_named(admin: Caller, db: Db) -> None:
    calendar = admin.created(CALENDARS_PATH, calendar_body())["id"]
    path = f"{CALENDARS_PATH}/{calendar}"
    job = admin.created(JOBS, job_body(name="Nightly report", schedule=closed_on(calendar)))["id"]
    template = admin.created(TEMPLATES, template_body())["id"]
    wave = admin.created(SCHEDULED, scheduled_body(template, schedule=closed_on(calendar)))["id"]
    refused = assert_problem(admin.delete(path), 409, "in_use")
    assert f"job 'Nightly report' ({job})" in refused["detail"]
    assert f"scheduled notification 'A wave' ({wave})" in refused["detail"]
    admin.delete(f"{JOBS}/{job}")
    assert "Nightly" not in assert_problem(admin.delete(path), 409, "in_use")["detail"]
    admin.patch(f"{SCHEDULED}/{wave}", {"schedule": DAILY})
    db[DYNAMIC_JOBS].insert_many(
        [{"_id": n, "name": n, "schedule": {"excludeCalendars": [calendar]}} for n in range(20)]
    )
    assert "and more" in assert_problem(admin.delete(path), 409, "in_use")["detail"]
    db[DYNAMIC_JOBS].delete_many({})
    assert admin.delete(path).status_code == 204


def test_an_unknown_calendar_is_refused_by_its_place_wherever_it_is_written(admin: Caller, db: Db) -> None:
    known = admin.created(CALENDARS_PATH, calendar_body())["id"]
    wrong, field = closed_on(known, "ghost"), "schedule.excludeCalendars.1"
    template = admin.created(TEMPLATES, template_body())["id"]
    for path, body in ((JOBS, job_body), (SCHEDULED, lambda **fields: scheduled_body(template, **fields))):
        made = admin.created(path, body())["id"]
        assert_problem(admin.post(path, body(schedule=wrong)), 422, "invalid_fields", field)
        assert_problem(admin.put(f"{path}/{made}", body(schedule=wrong)), 422, "invalid_fields", field)
        assert_problem(admin.patch(f"{path}/{made}", {"schedule": wrong}), 422, "invalid_fields", field)
        assert admin.patch(f"{path}/{made}", {"schedule": closed_on(known)}).status_code == 200
    assert_problem(admin.post(PREVIEW, {"schedule": wrong}), 422, "invalid_fields", field)


def next_run_of(admin: Caller, path: str, made: dict[str, Any]) -> Any:
    shown = admin.get(f"{path}/{made['id']}").json["nextRun"]
    (listed,) = [each["nextRun"] for each in admin.get(path).json["items"] if each["id"] == made["id"]]
    assert listed == shown
    return shown


def test_the_next_run_shown_is_the_next_that_is_not_excluded(admin: Caller, db: Db) -> None:
    start = "2096-03-01T00:00:00Z"
    spring = [{"name": "Spring", "first": "2096-03-01", "last": "2096-03-20"}]
    calendar = admin.created(CALENDARS_PATH, calendar_body(entries=spring))["id"]
    template = admin.created(TEMPLATES, template_body())["id"]
    job = admin.created(JOBS, job_body(schedule=closed_on(calendar, startAt=start)))
    wave = admin.created(SCHEDULED, scheduled_body(template, schedule=closed_on(calendar, startAt=start)))
    for path, collection, made in ((JOBS, DYNAMIC_JOBS, job), (SCHEDULED, SCHEDULED_NOTIFICATIONS, wave)):
        assert made["nextRun"] == "2096-03-21T08:00:00.000Z"
        planned = {"nextRun": datetime(2096, 3, 1, 8, 0, 5, tzinfo=UTC), "cursor": None}
        db[collection].update_one({"_id": made["id"]}, {"$set": {"plannedRevision": 1, "daemon": planned}})
        assert next_run_of(admin, path, made) == "2096-03-21T08:00:00.000Z"
    admin.put(f"{CALENDARS_PATH}/{calendar}", calendar_body(entries=[]))
    assert next_run_of(admin, JOBS, job) == "2096-03-01T08:00:05.000Z", "as planned, jitter included"
    db[CALENDARS].delete_one({"_id": calendar})
    assert next_run_of(admin, JOBS, job) == "2096-03-01T08:00:05.000Z"


def test_a_job_that_every_day_excludes_has_no_next_run(admin: Caller) -> None:
    calendar = admin.created(CALENDARS_PATH, calendar_body(entries=ALWAYS))["id"]
    made = admin.created(JOBS, job_body(schedule=closed_on(calendar, endAt="2080-01-01T00:00:00Z")))
    assert made["nextRun"] is None


def test_a_preview_marks_excluded_days_clock_changes_and_the_viewers_time(admin: Caller) -> None:
    entries = [{"name": "Spring day", "first": "2026-03-28", "last": "2026-03-28"}]
    calendar = admin.created(CALENDARS_PATH, calendar_body(entries=entries))["id"]
    schedule = closed_on(calendar, expression="30 2 * * *", jitter="5m", maxRuns=9)
    body = {"schedule": schedule, "count": 2, "after": "2026-03-27T12:00:00Z", "viewerTimezone": "Asia/Kolkata"}
    shown = admin.post(PREVIEW, body).json
    assert shown["occurrences"] == [
        {"at": "2026-03-28T01:30:00.000Z", "local": "2026-03-28T02:30:00.000+01:00", "utcOffset": "+01:00",
         "viewer": "2026-03-28T07:00:00.000+05:30", "adjusted": False, "excluded": "Spring day"},
        {"at": "2026-03-29T01:00:00.000Z", "local": "2026-03-29T03:00:00.000+02:00", "utcOffset": "+02:00",
         "viewer": "2026-03-29T06:30:00.000+05:30", "adjusted": True, "excluded": None},
        {"at": "2026-03-30T00:30:00.000Z", "local": "2026-03-30T02:30:00.000+02:00", "utcOffset": "+02:00",
         "viewer": "2026-03-30T06:00:00.000+05:30", "adjusted": False, "excluded": None},
    ]  # fmt: skip
    assert shown["complete"] is True
    assert shown["description"] == (
        "At 02:30, every day, at most 9 times, each delayed by up to 5 minutes, "
        'but not on the days of the calendar "Holidays" (Europe/Paris time)'
    )
    del body["viewerTimezone"]
    assert "viewer" not in admin.post(PREVIEW, body).json["occurrences"][0]
    assert_problem(admin.post(PREVIEW, {**body, "viewerTimezone": "Mars"}), 422, "invalid_fields", "viewerTimezone")


def test_a_preview_of_a_long_excluded_time_lists_some_and_goes_on_behind_it(admin: Caller) -> None:
    calendar = admin.created(CALENDARS_PATH, calendar_body(timezone="UTC"))["id"]
    schedule = {"kind": "interval", "every": "1s", "anchor": "2026-01-01T00:00:00Z", "excludeCalendars": [calendar]}
    shown = admin.post(PREVIEW, {"schedule": schedule, "count": 3, "after": "2026-12-24T23:59:58Z"}).json
    running = [each["at"] for each in shown["occurrences"] if each["excluded"] is None]
    assert [at[:13] for at in running] == ["2026-12-24T23", "2026-12-27T00", "2026-12-27T00"]
    assert len(shown["occurrences"]) == 103
    assert shown["complete"] is False


def test_a_preview_of_a_rule_that_never_runs_ends(admin: Caller) -> None:
    calendar = admin.created(CALENDARS_PATH, calendar_body(entries=ALWAYS))["id"]
    schedule = closed_on(calendar, expression="* * * * * *", endAt="2080-01-01T00:00:00Z")
    shown = admin.post(PREVIEW, {"schedule": schedule}).json
    assert len(shown["occurrences"]) == 100
    assert {each["excluded"] is None for each in shown["occurrences"]} == {False}
